package bench

import (
	"github.com/cilium/statedb"
	"github.com/cilium/statedb/index"
	"github.com/informant-go/informant/object"
	"github.com/puzpuzpuz/xsync/v4"
	corev1 "k8s.io/api/core/v1"
)

// The stores of other libraries, in the cases where they do the same work.
const (
	// stateDB is a table of github.com/cilium/statedb: transactions,
	// snapshots and indexes over persistent radix trees.
	stateDB = "statedb"
	// xsyncMap is the Map of github.com/puzpuzpuz/xsync: keys and values,
	// without indexes or snapshots.
	xsyncMap = "xsync"
)

// tableStore is a table of statedb with the indexes of the other stores. It
// remembers neither versions nor deletions. Its DB is not started: that would
// start a goroutine for those who ask for deletions.
type tableStore struct {
	db      *statedb.DB
	pods    statedb.RWTable[*corev1.Pod]
	byKey   podIndex
	indexes map[string]podIndex
}

type podIndex = statedb.Index[*corev1.Pod, string]

func newTableStore() podStore {
	s := &tableStore{db: statedb.New(), indexes: map[string]podIndex{}}
	access := object.Meta[*corev1.Pod]()
	s.byKey = podIndex{Name: "key", Unique: true, FromKey: index.String, FromObject: func(pod *corev1.Pod) index.KeySet {
		key, err := access.Key(pod)
		if err != nil {
			panic(err)
		}
		return index.NewKeySet(index.String(key))
	}}
	var secondary []statedb.Indexer[*corev1.Pod]
	for name, fn := range podIndexers {
		s.indexes[name] = podIndex{Name: name, FromKey: index.String, FromObject: func(pod *corev1.Pod) index.KeySet {
			values, err := fn(pod)
			if err != nil {
				panic(err)
			}
			return index.NewKeySet(index.String(values[0]))
		}}
		secondary = append(secondary, s.indexes[name])
	}
	pods, err := statedb.NewTableAny[*corev1.Pod](s.db, "pods",
		func() []string { return []string{"name"} },
		func(pod *corev1.Pod) []string { return []string{pod.Name} },
		s.byKey, secondary...)
	if err != nil {
		panic(err)
	}
	s.pods = pods
	return s
}

func (s *tableStore) update(pod *corev1.Pod) error { return s.updateAll([]*corev1.Pod{pod}) }

func (s *tableStore) updateAll(pods []*corev1.Pod) error {
	txn := s.db.WriteTxn(s.pods)
	defer txn.Abort() // does nothing after Commit
	if err := s.insert(txn, pods); err != nil {
		return err
	}
	txn.Commit()
	return nil
}

func (s *tableStore) insert(txn statedb.WriteTxn, pods []*corev1.Pod) error {
	for _, pod := range pods {
		if _, _, err := s.pods.Insert(txn, pod); err != nil {
			return err
		}
	}
	return nil
}

func (s *tableStore) remove(pod *corev1.Pod) error {
	txn := s.db.WriteTxn(s.pods)
	defer txn.Abort()
	if _, _, err := s.pods.Delete(txn, pod); err != nil {
		return err
	}
	txn.Commit()
	return nil
}

func (s *tableStore) replace(pods []*corev1.Pod, _ string) error {
	txn := s.db.WriteTxn(s.pods)
	defer txn.Abort()
	if err := s.pods.DeleteAll(txn); err != nil {
		return err
	}
	if err := s.insert(txn, pods); err != nil {
		return err
	}
	txn.Commit()
	return nil
}

func (s *tableStore) get(key string) bool {
	_, _, found := s.pods.Get(s.db.ReadTxn(), s.byKey.Query(key))
	return found
}

func (s *tableStore) list() int {
	txn := s.db.ReadTxn()
	all := make([]*corev1.Pod, 0, s.pods.NumObjects(txn))
	for pod := range s.pods.All(txn) {
		all = append(all, pod)
	}
	return len(all)
}

func (s *tableStore) byIndex(index, value string) int {
	return len(statedb.Collect(s.pods.List(s.db.ReadTxn(), s.indexes[index].Query(value))))
}

func (s *tableStore) iterate() (n int) {
	for pod := range s.pods.All(s.db.ReadTxn()) {
		if pod != nil {
			n++
		}
	}
	return n
}

func (s *tableStore) snapshot() int { return s.pods.NumObjects(s.db.ReadTxn()) }

func (s *tableStore) hold() (end func() (n int)) {
	txn := s.db.ReadTxn()
	return func() int { return s.pods.NumObjects(txn) }
}

// mapStore is a Map of xsync. A case that asks it for what no map has panics.
type mapStore struct {
	pods   *xsync.Map[string, *corev1.Pod]
	access object.Access[*corev1.Pod]
}

func newMapStore() podStore {
	return &mapStore{xsync.NewMap[string, *corev1.Pod](), object.Meta[*corev1.Pod]()}
}

func (s *mapStore) update(pod *corev1.Pod) error {
	key, err := s.access.Key(pod)
	if err == nil {
		s.pods.Store(key, pod)
	}
	return err
}

func (s *mapStore) updateAll(pods []*corev1.Pod) error {
	for _, pod := range pods {
		if err := s.update(pod); err != nil {
			return err
		}
	}
	return nil
}

func (s *mapStore) remove(pod *corev1.Pod) error {
	key, err := s.access.Key(pod)
	if err == nil {
		s.pods.Delete(key)
	}
	return err
}

func (s *mapStore) replace(pods []*corev1.Pod, _ string) error {
	s.pods.Clear()
	return s.updateAll(pods)
}

func (s *mapStore) get(key string) bool {
	_, found := s.pods.Load(key)
	return found
}

// iterate takes the faster one of the Map's two ways, which, as the other,
// shows no state of one moment.
func (s *mapStore) iterate() (n int) {
	for _, pod := range s.pods.AllRelaxed() {
		if pod != nil {
			n++
		}
	}
	return n
}

func (s *mapStore) list() int {
	all := make([]*corev1.Pod, 0, s.pods.Size())
	for _, pod := range s.pods.AllRelaxed() {
		all = append(all, pod)
	}
	return len(all)
}

func (s *mapStore) byIndex(string, string) int { panic("a map has no indexes") }
func (s *mapStore) snapshot() int              { panic("a map has no snapshots") }
func (s *mapStore) hold() func() int           { panic("a map has no snapshots") }
