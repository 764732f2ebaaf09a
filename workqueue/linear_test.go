package workqueue_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/informant-go/informant/workqueue"
	"github.com/informant-go/informant/workqueue/internal/broken"
)

// call is one call of a recorded history.
type call struct {
	op   string // add, get, try, done, shutdown
	item string // argument
}

// answer is what the call returned.
type answer struct {
	item     string
	ok       bool // of try
	shutdown bool // of get
}

// queueState is the queue as one caller after the other would see it.
type queueState struct {
	waiting []string
	held    map[string]bool // true when added again
	down    bool
}

func (s queueState) clone() queueState {
	return queueState{waiting: slices.Clone(s.waiting), held: maps.Clone(s.held), down: s.down}
}

// step applies a call to the state, and reports whether the answer fits.
func step(s queueState, c call, a answer) (bool, queueState) {
	s = s.clone()
	again, held := s.held[c.item]
	switch c.op {
	case "add":
		switch {
		case s.down || again:
		case held:
			s.held[c.item] = true
		case !slices.Contains(s.waiting, c.item):
			s.waiting = append(s.waiting, c.item)
		}
	case "get", "try":
		if a.shutdown || c.op == "try" && !a.ok {
			return len(s.waiting) == 0 && (s.down || c.op == "try"), s
		}
		if len(s.waiting) == 0 || s.waiting[0] != a.item {
			return false, s
		}
		s.waiting = s.waiting[1:]
		s.held[a.item] = false
	case "done":
		if !held {
			return false, s // Q1: somebody else had it as well
		}
		delete(s.held, c.item)
		if again {
			s.waiting = append(s.waiting, c.item)
		}
	case "shutdown":
		s.down = true
	}
	return true, s
}

var linearModel = porcupine.Model{
	Init: func() any { return queueState{held: map[string]bool{}} },
	Step: func(state, input, output any) (bool, any) {
		return step(state.(queueState), input.(call), output.(answer))
	},
	Equal: func(a, b any) bool {
		x, y := a.(queueState), b.(queueState)
		return x.down == y.down && slices.Equal(x.waiting, y.waiting) && maps.Equal(x.held, y.held)
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprint(input, output) },
}

// recorded is what the histories are of.
type recorded interface {
	Add(item string)
	Get() (item string, shutdown bool)
	TryGet() (item string, ok bool)
	Done(item string)
	ShutDown()
}

// recorder writes down the calls of one goroutine.
type recorder struct {
	client int
	q      recorded
	start  time.Time
	random *rand.Rand
	ops    []porcupine.Operation
}

func (r *recorder) do(c call, f func() answer) answer {
	if r.random.IntN(2) == 0 {
		runtime.Gosched() // so that few processors interleave the goroutines too
	}
	from := time.Since(r.start)
	a := f()
	r.ops = append(r.ops, porcupine.Operation{
		ClientId: r.client, Input: c, Output: a,
		Call: int64(from), Return: int64(time.Since(r.start)),
	})
	return a
}

func (r *recorder) produce(n int) {
	for range n {
		item := string(rune('a' + r.random.IntN(4)))
		r.do(call{op: "add", item: item}, func() answer { r.q.Add(item); return answer{} })
	}
}

// work makes so many calls at most: a faulty queue may never end.
func (r *recorder) work(calls int) {
	for len(r.ops) < calls {
		var a answer
		if r.random.IntN(2) == 0 {
			a = r.do(call{op: "get"}, func() answer {
				item, shutdown := r.q.Get()
				return answer{item: item, ok: !shutdown, shutdown: shutdown}
			})
		} else {
			a = r.do(call{op: "try"}, func() answer {
				item, ok := r.q.TryGet()
				return answer{item: item, ok: ok}
			})
		}
		if a.shutdown {
			return
		}
		if a.ok {
			r.do(call{op: "done", item: a.item}, func() answer { r.q.Done(a.item); return answer{} })
		}
	}
}

// record returns the history of two producers, three workers, and one who
// shuts the queue down when the first producer has ended.
func record(seed uint64, q recorded, adds int) (history []porcupine.Operation) {
	begin := time.Now()
	recorders := make([]*recorder, 6)
	for i := range recorders {
		recorders[i] = &recorder{client: i, q: q, start: begin, random: rand.New(rand.NewPCG(seed, uint64(i)))}
	}
	var all sync.WaitGroup
	first := make(chan struct{})
	for i, r := range recorders {
		all.Go(func() {
			switch i {
			case 0:
				r.produce(adds)
				close(first)
			case 1:
				r.produce(adds)
			case 2, 3, 4:
				r.work(10 * adds)
			case 5:
				<-first
				r.do(call{op: "shutdown"}, func() answer { r.q.ShutDown(); return answer{} })
			}
		})
	}
	all.Wait()
	for _, r := range recorders {
		history = append(history, r.ops...)
	}
	return history
}

// Q1, Q2, Q3 and Q5 hold between goroutines as well: recorded histories of add,
// get, done and shutdown are those of some order of the calls. The queues
// differ in the ways that the calls take inside.
func TestConcurrentHistoriesAreLinearizable(t *testing.T) {
	for name, o := range map[string]func() workqueue.Options[string]{
		"plain":         func() workqueue.Options[string] { return workqueue.Options[string]{} },
		"no idle entry": func() workqueue.Options[string] { return workqueue.Options[string]{IdleEntries: -1} },
		"storage":       func() workqueue.Options[string] { return workqueue.Options[string]{Storage: new(fifo)} },
		"metrics": func() workqueue.Options[string] {
			return workqueue.Options[string]{Name: "q", Metrics: newCollector()}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(50) {
				o := o()
				o.OnMisuse = quiet
				history := record(seed, workqueue.New(o), 40)
				// What takes time is to try a lot of calls that found
				// nothing; they are few here, because a worker soon comes to
				// a Get.
				if result := porcupine.CheckOperationsTimeout(linearModel, history, time.Minute); result != porcupine.Ok {
					t.Fatalf("seed %d: history of %d calls: %s", seed, len(history), result)
				}
			}
		})
	}
}

// The check of the histories notices each fault that add, get, done and
// shutdown can show, and finds none in a queue of which nothing is known but
// that it is sound.
func TestTheHistoryCheckNoticesFaults(t *testing.T) {
	for _, fault := range []broken.Fault{
		broken.None, broken.HandsOutTwice, broken.MergesNothing, broken.LosesDirty, broken.GoesBackTwice,
		broken.AlwaysGoesBack, broken.LosesItems, broken.LastFirst, broken.GoesBackFirst,
		broken.AddsWhenDown, broken.DropsWhatWaits, broken.LosesDirtyWhenDown, broken.SaysShutDownTooSoon,
	} {
		t.Run(string(fault), func(t *testing.T) {
			illegal, unknown := 0, 0
			for seed := uint64(0); seed < 200 && illegal == 0; seed++ {
				switch porcupine.CheckOperationsTimeout(linearModel, record(seed, broken.New(fault, nil), 20), time.Second) {
				case porcupine.Illegal:
					illegal++
				case porcupine.Unknown:
					unknown++
				}
				if fault == broken.None && seed == 20 {
					break
				}
			}
			if (illegal > 0) != (fault != broken.None) {
				t.Errorf("%d histories were found wrong, %d took too long", illegal, unknown)
			}
		})
	}
}
