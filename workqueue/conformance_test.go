package workqueue_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/workqueue"
	"github.com/informant-go/informant/workqueue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet(*workqueue.MisuseError) {}

// Q1 to Q7, on our own queues.
func TestConformance(t *testing.T) {
	queuetest.Run(t, queuetest.Factory{
		Queue: func() workqueue.Interface[string] {
			return workqueue.New(workqueue.Options[string]{OnMisuse: quiet})
		},
		Delaying: func() workqueue.DelayingInterface[string] {
			return workqueue.NewDelaying(workqueue.Options[string]{OnMisuse: quiet})
		},
		RateLimiting: func(l workqueue.RateLimiter[string]) workqueue.RateLimitingInterface[string] {
			return workqueue.NewRateLimiting(workqueue.Options[string]{Limiter: l})
		},
	}, nil)
}

// The zero values are queues as good as any.
func TestConformanceOfZeroValues(t *testing.T) {
	queuetest.Run(t, queuetest.Factory{
		Queue:    func() workqueue.Interface[string] { return new(workqueue.Queue[string]) },
		Delaying: func() workqueue.DelayingInterface[string] { return new(workqueue.DelayingQueue[string]) },
	}, nil)
}

// The upper layers keep the guarantees over a queue of which they know nothing
// but the interface.
func TestConformanceOfLayersOverAForeignQueue(t *testing.T) {
	over := func() *workqueue.Delayer[string] {
		below := workqueue.New(workqueue.Options[string]{OnMisuse: quiet})
		return workqueue.NewDelayingOver[string](below, workqueue.Options[string]{OnMisuse: quiet})
	}
	queuetest.Run(t, queuetest.Factory{
		Queue:    func() workqueue.Interface[string] { return over() },
		Delaying: func() workqueue.DelayingInterface[string] { return over() },
		RateLimiting: func(l workqueue.RateLimiter[string]) workqueue.RateLimitingInterface[string] {
			return workqueue.NewRateLimitingOver[string](over(), l)
		},
	}, nil)
}

// fifo is the simplest Storage.
type fifo []string

func (f *fifo) Touch(string)     {}
func (f *fifo) Push(item string) { *f = append(*f, item) }
func (f *fifo) Len() int         { return len(*f) }
func (f *fifo) Pop() string {
	item := (*f)[0]
	*f = (*f)[1:]
	return item
}

// Every option that changes no guarantee of a plain queue.
func TestConformanceWithOptions(t *testing.T) {
	for name, o := range map[string]workqueue.Options[string]{
		"storage":         {Storage: new(fifo)},
		"one group":       {Group: func(string) string { return "" }},
		"no idle entries": {IdleEntries: -1},
		"one idle entry":  {IdleEntries: 1},
		"metrics":         {Name: "q", Metrics: newCollector()},
	} {
		t.Run(name, func(t *testing.T) {
			o.OnMisuse = quiet
			make := func() *workqueue.DelayingQueue[string] {
				o := o
				if o.Storage != nil {
					o.Storage = new(fifo)
				}
				return workqueue.NewDelaying(o)
			}
			queuetest.Run(t, queuetest.Factory{
				Queue:    func() workqueue.Interface[string] { return make() },
				Delaying: func() workqueue.DelayingInterface[string] { return make() },
			}, nil)
		})
	}
}

// Tolerant gives up what it says, and nothing else.
func TestConformanceOfTolerant(t *testing.T) {
	queuetest.Run(t, queuetest.Factory{
		Queue: func() workqueue.Interface[string] {
			return workqueue.New(workqueue.Options[string]{Tolerant: true})
		},
	}, queuetest.Known{
		"Q5 ShutDownWithDrain waits for what is queued",
		"Q5 ShutDownWithDrain waits for an item that goes back",
	})
}
