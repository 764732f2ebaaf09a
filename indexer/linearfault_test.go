package indexer

import (
	"runtime"
	"sync"
	"testing"

	"github.com/anishathalye/porcupine"
)

// linearFaults are stores that do one thing otherwise than in one step, or not
// at all. Each step lets others run.
var linearFaults = map[string]func(c *Cache[*thing]) func(linearOp) any{
	"a batch is written key by key": func(c *Cache[*thing]) func(linearOp) any {
		return func(op linearOp) any {
			if op.kind != "apply" {
				return doLinear(c, op)
			}
			for i := range op.keys {
				doLinear(c, linearOp{"apply", op.keys[i : i+1], op.values[i : i+1]})
				runtime.Gosched()
			}
			return nil
		}
	},
	"a replace empties the store first": func(c *Cache[*thing]) func(linearOp) any {
		return func(op linearOp) any {
			if op.kind == "replace" {
				doLinear(c, linearOp{kind: "replace"})
				runtime.Gosched()
			}
			return doLinear(c, op)
		}
	},
	"a snapshot reads what is there now": func(c *Cache[*thing]) func(linearOp) any {
		return func(op linearOp) any {
			if op.kind != "snapshot" {
				return doLinear(c, op)
			}
			var s linearState
			for key := range s {
				s[key] = doLinear(c, linearOp{kind: "get", keys: []int{key}}).(int)
				runtime.Gosched()
			}
			return s
		}
	},
	"a get answers what the one before it saw": func(c *Cache[*thing]) func(linearOp) any {
		var mu sync.Mutex
		var before linearState
		return func(op linearOp) any {
			output := doLinear(c, op)
			if op.kind == "get" {
				mu.Lock()
				defer mu.Unlock()
				key := op.keys[0]
				output, before[key] = before[key], output.(int)
			}
			return output
		}
	},
	"the index follows a write behind": func(c *Cache[*thing]) func(linearOp) any {
		var mu sync.Mutex
		var before linearState
		return func(op linearOp) any {
			var listed any
			if op.kind == "apply" || op.kind == "replace" {
				listed = doLinear(c, linearOp{kind: "index"})
			}
			output := doLinear(c, op)
			mu.Lock()
			defer mu.Unlock()
			if listed != nil {
				before = listed.(linearState)
			}
			if op.kind == "index" {
				return before
			}
			return output
		}
	},
	"a write is lost": func(c *Cache[*thing]) func(linearOp) any {
		return func(op linearOp) any {
			if op.kind == "apply" && op.values[0]%5 == 1 {
				return nil
			}
			return doLinear(c, op)
		}
	},
}

// TestLinearFaultsAreFound shows that TestLinearizable can fail: it finds what
// contradicts S1 in a few rounds.
func TestLinearFaultsAreFound(t *testing.T) {
	for name, fault := range linearFaults {
		t.Run(name, func(t *testing.T) {
			for round := range 200 {
				c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
				if !porcupine.CheckOperations(linearModel, recordLinear(round, fault(c))) {
					t.Logf("found in round %d", round)
					return
				}
			}
			t.Error("no round finds the fault")
		})
	}
}
