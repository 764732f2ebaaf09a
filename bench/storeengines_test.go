package bench

import (
	dropincache "github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// podStore is a store of pods as the benchmarks use it. All engines have the
// same index functions; client-go's see an any, as they do everywhere.
type podStore interface {
	update(pod *corev1.Pod) error
	// updateAll updates all the pods in one transaction.
	updateAll(pods []*corev1.Pod) error
	remove(pod *corev1.Pod) error
	replace(pods []*corev1.Pod, resourceVersion string) error
	get(key string) (found bool)
	// list and byIndex return how many objects they copied.
	list() int
	byIndex(index, value string) int
	// iterate returns how many objects it saw, without a copy.
	iterate() int
	// snapshot takes one, drops it, and returns how many objects it had.
	snapshot() int
	// hold takes a snapshot. The function that it returns gives the snapshot
	// up and returns how many objects it had.
	hold() (end func() (n int))
}

var podIndexers = indexer.Indexers[*corev1.Pod]{"namespace": ByNamespace, "node": ByNode, "app": ByApp}

// ourStore is the Cache of this library.
type ourStore struct {
	*indexer.Cache[*corev1.Pod]
}

func newOurStore() podStore {
	return ourStore{newCache(indexer.Options[*corev1.Pod]{Indexers: podIndexers})}
}

// newCache returns a Cache of options that are right.
func newCache[T metav1.Object](opts indexer.Options[T]) *indexer.Cache[T] {
	c, err := indexer.New(opts)
	if err != nil {
		panic(err)
	}
	return c
}

func (s ourStore) update(pod *corev1.Pod) error                     { return s.Update(pod) }
func (s ourStore) remove(pod *corev1.Pod) error                     { return s.Delete(pod) }
func (s ourStore) replace(pods []*corev1.Pod, version string) error { return s.Replace(pods, version) }
func (s ourStore) list() int                                        { return len(s.List()) }

func (s ourStore) updateAll(pods []*corev1.Pod) error {
	writes := make([]indexer.Transaction[*corev1.Pod], len(pods))
	for i, pod := range pods {
		writes[i] = indexer.Transaction[*corev1.Pod]{Object: pod, Type: indexer.TransactionUpdate}
	}
	if err := s.Transaction(writes...); err != nil {
		return err
	}
	return nil
}

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

func (s ourStore) snapshot() int {
	snapshot := s.Snapshot()
	n := snapshot.Len()
	return n
}

func (s ourStore) hold() (end func() (n int)) {
	snapshot := s.Snapshot()
	return func() int {
		n := len(snapshot.List())
		return n
	}
}

// untypedStore is a store of client-go's interface: client-go's own, or the one
// that clientgo/cache has under its name.
type untypedStore struct{ cache.Indexer }

var untypedPodIndexers = cache.Indexers{
	"namespace": func(obj any) ([]string, error) {
		if pod, isPod := obj.(*corev1.Pod); isPod {
			return []string{pod.Namespace}, nil
		}
		return cache.MetaNamespaceIndexFunc(obj) // a lister asks with an ObjectMeta
	},
	"node": func(obj any) ([]string, error) { return []string{obj.(*corev1.Pod).Spec.NodeName}, nil },
	"app":  func(obj any) ([]string, error) { return []string{obj.(*corev1.Pod).Labels["app"]}, nil },
}

func newClientGoStore() podStore {
	return untypedStore{cache.NewIndexer(cache.MetaNamespaceKeyFunc, untypedPodIndexers)}
}

func newDropInStore() podStore {
	return untypedStore{dropincache.NewIndexer(dropincache.MetaNamespaceKeyFunc, untypedPodIndexers)}
}

func (s untypedStore) update(pod *corev1.Pod) error { return s.Update(pod) }
func (s untypedStore) remove(pod *corev1.Pod) error { return s.Delete(pod) }
func (s untypedStore) list() int                    { return len(s.List()) }

func (s untypedStore) updateAll(pods []*corev1.Pod) error {
	writes := make([]cache.Transaction, len(pods))
	for i, pod := range pods {
		writes[i] = cache.Transaction{Object: pod, Type: cache.TransactionTypeUpdate}
	}
	if err := s.Indexer.(cache.TransactionStore).Transaction(writes...); err != nil {
		return err
	}
	return nil
}

// replace has to make a list of any first, as client-go's reflector does.
func (s untypedStore) replace(pods []*corev1.Pod, version string) error {
	items := make([]any, len(pods))
	for i, pod := range pods {
		items[i] = pod
	}
	return s.Replace(items, version)
}

func (s untypedStore) get(key string) bool {
	_, found, _ := s.GetByKey(key)
	return found
}

func (s untypedStore) byIndex(index, value string) int {
	pods, _ := s.ByIndex(index, value)
	return len(pods)
}

// iterate has to copy, client-go has nothing else.
func (s untypedStore) iterate() (n int) {
	for _, obj := range s.List() {
		if obj != nil {
			n++
		}
	}
	return n
}

// snapshot has to copy too, and has no indexes then.
func (s untypedStore) snapshot() int { return len(s.List()) }

func (s untypedStore) hold() (end func() (n int)) {
	list := s.List()
	return func() int { return len(list) }
}

// floorStore does what no store can do without: it calls the functions of key,
// version and indexes once for a write, and copies as many pointers as are asked
// for. It remembers nothing but the content of the first replace.
type floorStore struct {
	access  object.Access[*corev1.Pod]
	pods    []*corev1.Pod
	indexes []floorIndex
}

type floorIndex struct {
	name string
	fn   indexer.IndexFunc[*corev1.Pod]
	pods map[string][]*corev1.Pod
}

func newFloorStore() podStore {
	s := &floorStore{access: object.Meta[*corev1.Pod]()}
	for name, fn := range podIndexers {
		s.indexes = append(s.indexes, floorIndex{name, fn, map[string][]*corev1.Pod{}})
	}
	return s
}

func (s *floorStore) update(pod *corev1.Pod) error {
	if _, err := s.access.Key(pod); err != nil {
		return err
	}
	s.access.Version(pod)
	for i := range s.indexes {
		if _, err := s.indexes[i].fn(pod); err != nil {
			return err
		}
	}
	return nil
}

func (s *floorStore) updateAll(pods []*corev1.Pod) error {
	for _, pod := range pods {
		if err := s.update(pod); err != nil {
			return err
		}
	}
	return nil
}

func (s *floorStore) remove(pod *corev1.Pod) error {
	_, err := s.access.Key(pod)
	return err
}

func (s *floorStore) replace(pods []*corev1.Pod, _ string) error {
	if err := s.updateAll(pods); err != nil {
		return err
	}
	if s.pods != nil {
		return nil
	}
	s.pods = pods
	for _, ix := range s.indexes {
		for _, pod := range pods {
			values, _ := ix.fn(pod)
			ix.pods[values[0]] = append(ix.pods[values[0]], pod)
		}
	}
	return nil
}

func (s *floorStore) get(key string) bool { return key != "" }
func (s *floorStore) list() int           { return len(copied(s.pods)) }
func (s *floorStore) snapshot() int       { return len(s.pods) }
func (s *floorStore) hold() func() int    { return s.snapshot }

func (s *floorStore) byIndex(index, value string) int {
	for _, ix := range s.indexes {
		if ix.name == index {
			return len(copied(ix.pods[value]))
		}
	}
	return 0
}

func (s *floorStore) iterate() (n int) {
	for _, pod := range s.pods {
		if pod != nil {
			n++
		}
	}
	return n
}

// copied is kept from being optimised away: what it makes is on the heap.
//
//go:noinline
func copied(pods []*corev1.Pod) []*corev1.Pod { return append([]*corev1.Pod(nil), pods...) }

// controlStore writes to one store. Its keyed reads go to none, and its lists to
// a store that nobody writes.
type controlStore struct {
	podStore
	still podStore
}

func newControlStore() podStore { return &controlStore{newOurStore(), nil} }

func (s *controlStore) replace(pods []*corev1.Pod, version string) error {
	if s.still == nil {
		s.still = newOurStore()
		if err := s.still.replace(pods, version); err != nil {
			return err
		}
	}
	return s.podStore.replace(pods, version)
}

func (s *controlStore) get(key string) bool { return key != "" }
func (s *controlStore) list() int           { return s.still.list() }
