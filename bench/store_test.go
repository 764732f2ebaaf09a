package bench

import (
	"fmt"
	"testing"

	"github.com/informant-go/informant/bench/trieindex"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
)

// control is the engine of read-stall and readers that shows what the machine
// does without the store in question: its reads and lists go to a store that
// nobody writes.
const control = "control"

// podStore is a store of pods as the benchmarks use it.
type podStore interface {
	update(pod *corev1.Pod) error
	remove(pod *corev1.Pod) error
	replace(pods []*corev1.Pod, resourceVersion string) error
	get(key string) (found bool)
	// list and byIndex return how many objects they copied.
	list() int
	byIndex(index, value string) int
	// iterate returns how many objects it saw, without a copy.
	iterate() int
	// snapshot takes one and drops it.
	snapshot()
}

// ourStore is the Cache of this library.
type ourStore struct{ *indexer.Cache[*corev1.Pod] }

func newOurStore() ourStore {
	return ourStore{indexer.New(indexer.Options[*corev1.Pod]{
		Indexers: indexer.Indexers[*corev1.Pod]{"namespace": ByNamespace, "node": ByNode, "app": ByApp},
	})}
}

func (s ourStore) update(pod *corev1.Pod) error                     { return s.Update(pod) }
func (s ourStore) remove(pod *corev1.Pod) error                     { return s.Delete(pod) }
func (s ourStore) replace(pods []*corev1.Pod, version string) error { return s.Replace(pods, version) }
func (s ourStore) list() int                                        { return len(s.List()) }

func (s ourStore) get(key string) bool {
	_, found, _ := s.GetByKey(key)
	return found
}

func (s ourStore) byIndex(index, value string) int {
	pods, _ := s.ByIndex(index, value)
	return len(pods)
}

func (s ourStore) iterate() (n int) {
	for _, pod := range s.All() {
		if pod != nil {
			n++
		}
	}
	return n
}

func (s ourStore) snapshot() { s.Snapshot().Release() }

// clientGoStore is client-go's indexer.
type clientGoStore struct{ cache.Indexer }

func newClientGoStore() clientGoStore {
	untyped := func(f func(*corev1.Pod) ([]string, error)) cache.IndexFunc {
		return func(obj any) ([]string, error) { return f(obj.(*corev1.Pod)) }
	}
	return clientGoStore{cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{
		"namespace": untyped(ByNamespace), "node": untyped(ByNode), "app": untyped(ByApp),
	})}
}

func (s clientGoStore) update(pod *corev1.Pod) error { return s.Update(pod) }
func (s clientGoStore) remove(pod *corev1.Pod) error { return s.Delete(pod) }
func (s clientGoStore) list() int                    { return len(s.List()) }

func (s clientGoStore) replace(pods []*corev1.Pod, version string) error {
	items := make([]any, len(pods))
	for i, pod := range pods {
		items[i] = pod
	}
	return s.Replace(items, version)
}

func (s clientGoStore) get(key string) bool {
	_, found, _ := s.GetByKey(key)
	return found
}

func (s clientGoStore) byIndex(index, value string) int {
	pods, _ := s.ByIndex(index, value)
	return len(pods)
}

// iterate has to copy, client-go has nothing else.
func (s clientGoStore) iterate() (n int) {
	for _, obj := range s.List() {
		if obj.(*corev1.Pod) != nil {
			n++
		}
	}
	return n
}

// snapshot has to copy too, and has no indexes then.
func (s clientGoStore) snapshot() { s.List() }

// trieStore is the other design that was built for this library.
type trieStore struct {
	*trieindex.Index[*corev1.Pod]
}

func newTrieStore(tb testing.TB) trieStore {
	index, err := trieindex.New(object.Meta[*corev1.Pod](),
		indexer.Indexers[*corev1.Pod]{"namespace": ByNamespace, "node": ByNode, "app": ByApp})
	if err != nil {
		tb.Fatal(err)
	}
	return trieStore{index}
}

func (s trieStore) update(pod *corev1.Pod) error                     { return s.Update(pod) }
func (s trieStore) remove(pod *corev1.Pod) error                     { return s.Delete(pod) }
func (s trieStore) replace(pods []*corev1.Pod, version string) error { return s.Replace(pods, version) }
func (s trieStore) list() int                                        { return len(s.List()) }
func (s trieStore) snapshot()                                        { s.Snapshot().Release() }

func (s trieStore) get(key string) bool {
	_, found, _ := s.GetByKey(key)
	return found
}

func (s trieStore) byIndex(index, value string) int {
	pods, _ := s.ByIndex(index, value)
	return len(pods)
}

func (s trieStore) iterate() (n int) {
	snapshot := s.Snapshot()
	defer snapshot.Release()
	for _, pod := range snapshot.All() {
		if pod != nil {
			n++
		}
	}
	return n
}

// controlStore writes to one store and reads from another.
type controlStore struct {
	ourStore
	still ourStore
}

func newControlStore() controlStore {
	return controlStore{newOurStore(), newOurStore()}
}

// fill gives the store that is read what every case begins with.
func (s controlStore) fill(pods []*corev1.Pod) error {
	if err := s.still.replace(pods, "1"); err != nil {
		return err
	}
	return s.ourStore.replace(pods, "1")
}

func (s controlStore) get(key string) bool { return s.still.get(key) }
func (s controlStore) list() int           { return s.still.list() }

func storeEngines() []Engine[podStore] {
	return []Engine[podStore]{
		{Informant, func(testing.TB) podStore { return newOurStore() }},
		{ClientGo, func(testing.TB) podStore { return newClientGoStore() }},
		{control, func(testing.TB) podStore { return newControlStore() }},
	}
}

var noControl = map[string]string{control: "the case has no control"}

// onlyOurs is for what client-go does not offer.
var onlyOurs = map[string]string{control: "the case has no control", ClientGo: "client-go has no snapshots"}

func storeCases() []Case[podStore] {
	const objects = 100_000
	cases := []Case[podStore]{
		{"get-parallel", noControl, getParallel(objects)},
		{"update", noControl, updateSame(objects)},
		{"update-moving", noControl, updateMoving(objects)},
		{"replace", noControl, replaceChanged(objects)},
		{"replace-unchanged", noControl, replaceUnchanged(objects)},
		{"read-stall", nil, readStall(objects)},
		{"list", noControl, listAll(objects)},
		{"iterate", noControl, iterateAll(objects)},
		{"by-index", noControl, byIndex(objects)},
		{"snapshot", onlyOurs, snapshotAndDrop(objects)},
		{"bytes", noControl, bytesPerObject(objects)},
	}
	for _, readers := range []int{0, 1, 10, 40, 80} {
		cases = append(cases, Case[podStore]{fmt.Sprintf("readers=%d", readers), nil, writesWithReaders(10_000, readers)})
	}
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		name := fmt.Sprintf("scale/objects=%d/", n)
		cases = append(cases,
			Case[podStore]{name + "load", noControl, load(n)},
			Case[podStore]{name + "get", noControl, getOne(n)},
			Case[podStore]{name + "update", noControl, updateSame(n)},
			Case[podStore]{name + "update-moving", noControl, updateMoving(n)},
			Case[podStore]{name + "delete-add", noControl, deleteAndAdd(n)},
		)
	}
	return cases
}

func BenchmarkStore(b *testing.B) { Run(b, storeEngines(), storeCases()) }

// BenchmarkStoreDesign compares the design of package indexer with the other
// one that was built for it, see indexer/DESIGN.md.
func BenchmarkStoreDesign(b *testing.B) {
	engines := []Engine[podStore]{
		storeEngines()[0],
		{"trie", func(tb testing.TB) podStore { return newTrieStore(tb) }},
	}
	Run(b, engines, storeCases())
}
