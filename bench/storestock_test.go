package bench

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// corpus has the pods that all engines of a comparison are given, of the size in
// use. Nobody changes them.
type corpus struct {
	pods, changed, equal []*corev1.Pod
	// keys are those of the pods, in an order that is not theirs.
	keys []string
}

// of makes the pods 0 to n-1 unless they are there.
func (c *corpus) of(n int) *corpus {
	if len(c.pods) != n {
		*c = corpus{pods: pods(n, 1), keys: make([]string, n)}
		for i, from := range order(n) {
			c.keys[i] = c.pods[from].Namespace + "/" + c.pods[from].Name
		}
	}
	return c
}

// pods is Pods without the collections of garbage, of which there is none: of a
// million pods they take as long as to make them.
func pods(n int, version uint64) []*corev1.Pod {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	return Pods(n, version)
}

// later has each pod with another version and nothing else that differs.
func (c *corpus) later() []*corev1.Pod {
	if c.changed == nil {
		c.changed = pods(len(c.pods), uint64(len(c.pods))+1)
	}
	return c.changed
}

// again has each pod once more, equal and not the same.
func (c *corpus) again() []*corev1.Pod {
	if c.equal == nil {
		c.equal = pods(len(c.pods), 1)
	}
	return c.equal
}

// order is a permutation of the numbers below n, always the same.
func order(n int) []int { return rand.New(rand.NewPCG(uint64(n), 1)).Perm(n) }

// stock makes stores of one engine. It keeps the one that it filled last, which
// the runs of a benchmark share, and the benchmarks after it of the same size:
// filling a store takes longer than to measure it.
type stock struct {
	empty func() podStore
	*corpus
	kept *stocked
}

// stocked is a store of all pods of a corpus.
type stocked struct {
	podStore
	*corpus
	n      int
	states states
}

// filled is a store with n pods. It may have later states of them.
func (s *stock) filled(b *testing.B, n int) *stocked {
	b.Helper()
	s.of(n)
	if s.kept != nil && s.kept.n == n {
		return s.kept
	}
	s.kept = nil
	s.kept = &stocked{podStore: s.fresh(b, n), corpus: s.corpus, n: n}
	runtime.GC()
	return s.kept
}

// fresh is a store with n pods that nobody else uses.
func (s *stock) fresh(b *testing.B, n int) podStore {
	b.Helper()
	store := s.empty()
	if err := store.replace(s.of(n).pods, "1"); err != nil {
		b.Fatal(err)
	}
	return store
}

// reset gives the store the states that it was filled with.
func (s *stocked) reset(b *testing.B) {
	b.Helper()
	if err := s.replace(s.pods, "1"); err != nil {
		b.Fatal(err)
	}
	s.states.reset()
}

// pass updates pod after pod until each one that changes has changed twice, and
// calls now, unless nil, between some of the updates.
func (s *stocked) pass(b *testing.B, now func()) {
	b.Helper()
	s.states.make(s.n)
	for i := range 2 * s.states.rounds() {
		if i%8 == 0 && now != nil {
			now()
		}
		each(b, s.states.next(s.n, false), s.update)
	}
}

// check makes sure that the store has all its pods and has them in its indexes.
func (s *stocked) check(b *testing.B) {
	b.Helper()
	checkStore(b, s.podStore, s.n)
}

func checkStore(b *testing.B, s podStore, n int) {
	b.Helper()
	if got := s.list(); got != n {
		b.Fatalf("the store has %d objects, want %d", got, n)
	}
	for index, values := range map[string]int{"namespace": Namespaces, "node": Nodes, "app": Apps} {
		sum := 0
		for i := range values {
			sum += s.byIndex(index, indexValue(index, i))
		}
		if sum != n {
			b.Fatalf("index %q has %d objects, want %d", index, sum, n)
		}
	}
}

// indexValue is the i-th value of one of the three indexes.
func indexValue(index string, i int) string {
	switch index {
	case "namespace":
		return fmt.Sprintf("ns-%03d", i)
	case "node":
		return fmt.Sprintf("node-%03d", i)
	default:
		return fmt.Sprintf("app-%02d", i)
	}
}

const (
	// changing is how many pods have later states at most. It is more than
	// the processor's caches hold.
	changing = 1 << 16
	// ahead is how many states are made at a time, while the clock stands.
	ahead = 1 << 10
)

// states hands out later states of some pods, in an order that is not that of
// memory, without garbage that would be collected at the store's expense: each
// pod has two spare states, one of which is not in the store. A state is warm
// in the processor's cache, as one is that comes from a decoder, and shares
// nothing with the one that it replaces, which is not warm.
type states struct {
	pods    []int
	nodes   []int
	spare   [2][]*corev1.Pod
	at      int
	version int
	round   []*corev1.Pod
}

func (s *states) make(n int) {
	if s.round != nil {
		return
	}
	s.pods, s.version = order(n)[:min(n, changing)], 3*n
	s.round = make([]*corev1.Pod, min(n, ahead))
	s.nodes = make([]int, len(s.pods))
	s.reset()
	for _, pod := range s.pods {
		for half := range s.spare {
			s.spare[half] = append(s.spare[half], Pod(pod, 0))
		}
	}
}

// rounds is how many rounds there are until each pod that changes has changed.
func (s *states) rounds() int { return (len(s.pods) + len(s.round) - 1) / len(s.round) }

// reset is for a store that has been given back what it was filled with.
func (s *states) reset() {
	for i, pod := range s.pods {
		s.nodes[i] = pod % Nodes
	}
}

// next makes the next round of states. Of each round all must be stored before
// the next one is made. A pod that moves goes to another node.
func (s *states) next(n int, move bool) []*corev1.Pod {
	s.make(n)
	for i := range s.round {
		at := s.at % len(s.pods)
		if move {
			s.nodes[at] = (s.nodes[at] + 1) % Nodes
		}
		s.round[i] = s.renew(s.at/len(s.pods)%2, at)
		s.at++
	}
	for _, pod := range s.round {
		for _, fn := range podIndexers {
			if values, err := fn(pod); err != nil || values[0] == "" {
				panic("a pod without its index values")
			}
		}
	}
	return s.round
}

func (s *states) renew(half, at int) *corev1.Pod {
	s.version++
	pod := s.spare[half][at]
	pod.ResourceVersion = strconv.Itoa(s.version)
	pod.Spec.NodeName = indexValue("node", s.nodes[at])
	return pod
}

// both makes two later states of all pods that change. It is for a store that
// was reset, and that is reset before there is a next round.
func (s *states) both(n int) [2][]*corev1.Pod {
	s.make(n)
	for half := range s.spare {
		for at := range s.pods {
			s.renew(half, at)
		}
	}
	return s.spare
}
