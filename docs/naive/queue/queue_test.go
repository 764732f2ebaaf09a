package queue

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/workqueue"
	"github.com/informant-go/informant/workqueue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Q1 to Q7, as far as this queue gives them: it has no rate limits, and its
// delays know nothing of one another.
func TestConformance(t *testing.T) {
	queuetest.Run(t, queuetest.Factory{
		Queue:    func() workqueue.Interface[string] { return New[string]() },
		Delaying: func() workqueue.DelayingInterface[string] { return New[string]() },
	}, queuetest.Known{
		"Q4 the earliest delay counts",
		"Q3 delays that end together keep the order of the calls",
	})
}
