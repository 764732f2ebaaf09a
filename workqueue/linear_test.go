package workqueue_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/informant-go/informant/workqueue"
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

// step applies a call to the state, and tells whether the answer fits.
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

// recorder writes down the calls of one goroutine.
type recorder struct {
	client int
	q      *workqueue.Queue[string]
	start  time.Time
	ops    []porcupine.Operation
}

func (r *recorder) do(c call, f func() answer) answer {
	from := time.Since(r.start)
	a := f()
	r.ops = append(r.ops, porcupine.Operation{
		ClientId: r.client, Input: c, Output: a,
		Call: int64(from), Return: int64(time.Since(r.start)),
	})
	return a
}

func (r *recorder) produce(random *rand.Rand, n int) {
	for range n {
		item := string(rune('a' + random.IntN(4)))
		r.do(call{op: "add", item: item}, func() answer { r.q.Add(item); return answer{} })
	}
}

func (r *recorder) work(random *rand.Rand) {
	for {
		var a answer
		if random.IntN(2) == 0 {
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

// Q1, Q2, Q3 and Q5 hold between goroutines as well: recorded histories of add,
// get, done and shutdown are those of some order of the calls.
func TestConcurrentHistoriesAreLinearizable(t *testing.T) {
	for seed := range uint64(20) {
		q := workqueue.New(workqueue.Options[string]{})
		begin := time.Now()
		var wg sync.WaitGroup
		recorders := make([]*recorder, 6)
		for i := range recorders {
			recorders[i] = &recorder{client: i, q: q, start: begin}
		}
		var producers sync.WaitGroup
		for i, r := range recorders[:5] {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			if i < 2 {
				producers.Go(func() { r.produce(random, 40) })
			} else {
				wg.Go(func() { r.work(random) })
			}
		}
		producers.Wait()
		recorders[5].do(call{op: "shutdown"}, func() answer { q.ShutDown(); return answer{} })
		wg.Wait()
		var history []porcupine.Operation
		for _, r := range recorders {
			history = append(history, r.ops...)
		}
		// Trying takes a lot of calls that found nothing; they are few here,
		// because a worker soon comes to a Get.
		if result := porcupine.CheckOperationsTimeout(linearModel, history, 5*time.Second); result != porcupine.Ok {
			t.Fatalf("seed %d: history of %d calls: %s", seed, len(history), result)
		}
	}
}

// The check of the histories notices a queue that hands an item out twice.
func TestTheHistoryCheckNoticesAnItemHeldTwice(t *testing.T) {
	history := []porcupine.Operation{
		{ClientId: 0, Input: call{op: "add", item: "a"}, Output: answer{}, Call: 0, Return: 1},
		{ClientId: 1, Input: call{op: "get"}, Output: answer{item: "a", ok: true}, Call: 2, Return: 3},
		{ClientId: 0, Input: call{op: "add", item: "a"}, Output: answer{}, Call: 4, Return: 5},
		{ClientId: 2, Input: call{op: "get"}, Output: answer{item: "a", ok: true}, Call: 6, Return: 7},
	}
	if porcupine.CheckOperations(linearModel, history) {
		t.Fatal("two workers hold an item and the history passes")
	}
}
