package indexer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// linearOp is an operation on a store of four keys that hold small numbers.
type linearOp struct {
	kind string
	// keys and values are what a write stores; value 0 deletes the key.
	keys   []int
	values []int
}

const linearKeys = 4

// linearState is the value of each key, 0 for none.
type linearState = [linearKeys]int

func linearName(key int) string { return fmt.Sprint("k", key) }

// linearModel answers from one state (S1): a write of several keys is one step,
// and so are a list and a query of the index.
var linearModel = porcupine.Model{
	Init: func() any { return linearState{} },
	Step: func(state, input, output any) (bool, any) {
		s, op := state.(linearState), input.(linearOp)
		switch op.kind {
		case "apply":
			for i, key := range op.keys {
				s[key] = op.values[i]
			}
			return true, s
		case "replace":
			s = linearState{}
			for i, key := range op.keys {
				s[key] = op.values[i]
			}
			return true, s
		case "get":
			return output.(int) == s[op.keys[0]], s
		case "list", "snapshot":
			return output.(linearState) == s, s
		case "index":
			var odd linearState
			for key, value := range s {
				odd[key] = value % 2 * value
			}
			return output.(linearState) == odd, s
		}
		return false, s
	},
	Equal: func(a, b any) bool { return a.(linearState) == b.(linearState) },
	DescribeOperation: func(input, output any) string {
		return fmt.Sprintf("%+v = %v", input, output)
	},
}

func linearThing(key, value int) *thing {
	colors := []string{"even"}
	if value%2 == 1 {
		colors[0] = "odd"
	}
	return &thing{key: linearName(key), version: fmt.Sprint(value), colors: colors}
}

func linearResult(things []*thing) (s linearState) {
	for _, o := range things {
		var key, value int
		if _, err := fmt.Sscan(strings.TrimPrefix(o.key, "k"), &key); err != nil {
			panic(err)
		}
		if _, err := fmt.Sscan(o.version, &value); err != nil {
			panic(err)
		}
		s[key] = value
	}
	return s
}

func drawLinear(r *rand.Rand, next func() int) linearOp {
	kinds := []string{"get", "get", "get", "list", "index", "snapshot", "apply", "apply", "replace"}
	op := linearOp{kind: kinds[r.IntN(len(kinds))]}
	switch op.kind {
	case "get":
		op.keys = []int{r.IntN(linearKeys)}
	case "apply", "replace":
		op.keys = r.Perm(linearKeys)[:1+r.IntN(linearKeys)]
		for range op.keys {
			value := next()
			if op.kind == "apply" && r.IntN(3) == 0 {
				value = 0
			}
			op.values = append(op.values, value)
		}
	}
	return op
}

func doLinear(c *Cache[*thing], op linearOp) any {
	switch op.kind {
	case "apply":
		var changes []Change[*thing]
		for i, key := range op.keys {
			change := Change[*thing]{Key: linearName(key), Object: linearThing(key, op.values[i]), Type: ChangePut}
			if op.values[i] == 0 {
				change = Change[*thing]{Key: linearName(key), Type: ChangeRemove}
			}
			changes = append(changes, change)
		}
		c.Apply(changes, "")
	case "replace":
		var items []*thing
		for i, key := range op.keys {
			items = append(items, linearThing(key, op.values[i]))
		}
		if err := c.Replace(items, ""); err != nil {
			panic(err)
		}
	case "get":
		o, ok, _ := c.GetByKey(linearName(op.keys[0]))
		if !ok {
			return 0
		}
		return linearResult([]*thing{o})[op.keys[0]]
	case "list":
		return linearResult(c.List())
	case "index":
		objs, err := c.ByIndex("color", "odd")
		if err != nil {
			panic(err)
		}
		return linearResult(objs)
	case "snapshot":
		s := c.Snapshot()
		var all []*thing
		for key := range linearKeys {
			if o, ok := s.Get(linearName(key)); ok {
				all = append(all, o)
			}
		}
		return linearResult(all)
	}
	return nil
}

// recordLinear has six clients call do at the same time, and returns what they
// saw.
func recordLinear(round int, do func(linearOp) any) (history []porcupine.Operation) {
	var (
		mu      sync.Mutex
		value   int
		clients sync.WaitGroup
	)
	next := func() int {
		mu.Lock()
		defer mu.Unlock()
		value++
		return value
	}
	began := time.Now()
	for client := range 6 {
		r := rand.New(rand.NewPCG(uint64(round), uint64(client)))
		clients.Go(func() {
			for range 40 {
				op := drawLinear(r, next)
				call := time.Since(began).Nanoseconds()
				output := do(op)
				ret := time.Since(began).Nanoseconds()
				mu.Lock()
				history = append(history, porcupine.Operation{
					ClientId: client, Input: op, Call: call, Output: output, Return: ret,
				})
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	return history
}

// TestLinearizable proves S1 for readers and writers at the same time: there is
// an order of all operations, each between its begin and its end, in which each
// answer is that of one state.
func TestLinearizable(t *testing.T) {
	for round := range 60 {
		c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
		history := recordLinear(round, func(op linearOp) any { return doLinear(c, op) })
		if !porcupine.CheckOperations(linearModel, history) {
			slices.SortFunc(history, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
			for _, op := range history {
				t.Logf("%d–%d client %d: %s", op.Call, op.Return, op.ClientId, linearModel.DescribeOperation(op.Input, op.Output))
			}
			t.Fatalf("round %d: no order of the operations explains their results", round)
		}
		c.engine.mu.Lock()
		err := c.engine.validate()
		c.engine.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
	}
}
