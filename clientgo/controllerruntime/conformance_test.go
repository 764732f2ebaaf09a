package controllerruntime

import (
	"testing"

	informant "github.com/informant-go/informant/workqueue"
	"github.com/informant-go/informant/workqueue/queuetest"
)

// The adapter passes the suite of the queues, but for what it is there for (an
// Add takes the delay with it) and for client-go's tolerance.
func TestConformance(t *testing.T) {
	queuetest.Run(t, queuetest.Factory{
		Queue:    func() informant.Interface[string] { return New("", Options[string]{}) },
		Delaying: func() informant.DelayingInterface[string] { return New("", Options[string]{}) },
		RateLimiting: func(l informant.RateLimiter[string]) informant.RateLimitingInterface[string] {
			return New("", Options[string]{RateLimiter: l})
		},
	}, queuetest.Known{
		"Q4 an Add during the delay runs now and leaves the delay",
		"Q5 ShutDownWithDrain waits for what is queued",
		"Q5 ShutDownWithDrain waits for an item that goes back",
	})
}
