package swap

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var seeds = flag.Uint64("swap.seeds", 1, "how many histories of changes each combination goes through, from seed 1 on")

// orders are both kinds of queues of deltas, one with a server that streams lists, one
// with a server that does not.
var orders = []order{inOrder, byKey}

// TestCombinations takes every combination through the history, and compares the table of
// clientgo/README.md with what came of it.
func TestCombinations(t *testing.T) {
	results := map[combination]bool{}
	for _, c := range combinations() {
		t.Run(c.String(), func(t *testing.T) {
			for seed := uint64(1); seed <= *seeds; seed++ {
				for _, o := range orders {
					p := plan{combination: c, assembly: assemblyOf(c), order: o, lossy: stages}
					synctest.Test(t, func(t *testing.T) {
						for _, what := range follow(t, p, seed) {
							t.Errorf("%s, seed %d: %s", o, seed, what)
						}
					})
				}
			}
			results[c] = !t.Failed()
		})
	}
	if len(results) == len(combinations()) { // not with -run of a single one
		compareTable(t, results)
	}
}

// follow lets a pipeline follow a server through the history, and returns what does not
// agree with the server in the end.
func follow(t *testing.T, p plan, seed uint64) (wrong []string) {
	w := newWorld(t, seed, p.order == byKey)
	defer w.server.Close()
	made := assemble(t, p, w.source)
	workers := startCrew(made.queue, made.store)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { made.run(ctx) })
	views := map[string]*view{"handler": made.view}

	pass(time.Minute)
	if !made.hasSynced() {
		t.Errorf("not synced after a minute")
	}
	w.play(made, p.order, func() {
		if made.join != nil {
			views["late handler"] = newView(nil, p.lostAt(stageInformer))
			w.must(made.join(views["late handler"]))
		}
	})
	w.settle()

	wrong = w.differences(made, views, workers)
	if reached, want := made.reached(), w.server.ResourceVersion(); p.assembly == bypassed && reached != "" {
		wrong = append(wrong, fmt.Sprintf("a Controller whose reflector has no source says that it has reached %q", reached))
	} else if p.assembly != bypassed && reached != want && p.order == inOrder {
		wrong = append(wrong, fmt.Sprintf("the informer says that it has reached %q, the server is at %s", reached, want))
	}
	cancel()
	group.Wait()
	made.queue.ShutDown()
	workers.group.Wait()
	for s := range stages {
		if got := engineOf(made.parts[s]); got != p.combination[s] {
			wrong = append(wrong, fmt.Sprintf("the %v is a %T, of %s", s, made.parts[s], got))
		}
	}
	return wrong
}

// differences are where the store, its index, the handlers and the workers differ from the
// server. Each begins with whose it is.
func (w *world) differences(p *pipeline, views map[string]*view, workers *crew) (wrong []string) {
	versions, onNode := w.truth()
	differ := func(who string, got map[string]string, broken []string) {
		if diff := cmp.Diff(versions, got); diff != "" {
			wrong = append(wrong, fmt.Sprintf("%s: differs from the server (-server +%s):\n%s", who, who, diff))
		}
		for _, promise := range broken {
			wrong = append(wrong, fmt.Sprintf("%s: %s", who, promise))
		}
	}
	differ("store", versionsOf(p.store), nil)
	for who, v := range views {
		got, broken := v.shown()
		differ(who, got, broken)
	}
	seen, broken := workers.shown()
	differ("worker", seen, broken)
	for node, want := range onNode {
		got, err := p.store.onNode(node)
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			wrong = append(wrong, fmt.Sprintf("store: the index has %q for %s, want %q (%v)", got, node, want, err))
		}
	}
	return wrong
}
