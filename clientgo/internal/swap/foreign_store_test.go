package swap

import (
	"sync"

	"github.com/informant-go/informant/indexer"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
)

// foreignStore is client-go's store under our informer, its one writer. It has what the
// informer calls, and no more: the nil Indexer panics for the rest. A snapshot is a copy
// of everything, since client-go's store has none.
type foreignStore struct {
	indexer.Indexer[*corev1.Pod]
	inner upstream.Indexer

	batch sync.Mutex // held while several keys are written or read
}

func (s *foreignStore) GetByKey(key string) (*corev1.Pod, bool, error) {
	obj, exists, err := s.inner.GetByKey(key)
	pod, _ := obj.(*corev1.Pod)
	return pod, exists, err
}

func (s *foreignStore) ListKeys() []string              { return s.inner.ListKeys() }
func (s *foreignStore) Bookmark(resourceVersion string) { s.inner.Bookmark(resourceVersion) }

func (s *foreignStore) LastStoreSyncResourceVersion() string {
	return s.inner.LastStoreSyncResourceVersion()
}

// Apply makes one change after the other.
func (s *foreignStore) Apply(changes []indexer.Change[*corev1.Pod], resourceVersion string) {
	s.batch.Lock()
	defer s.batch.Unlock()
	for i := range changes {
		s.apply(&changes[i])
	}
	if resourceVersion != "" {
		s.inner.Bookmark(resourceVersion)
	}
}

func (s *foreignStore) apply(c *indexer.Change[*corev1.Pod]) {
	c.Old, c.Existed, _ = s.GetByKey(c.Key)
	var err error
	switch c.Type {
	case indexer.ChangePut:
		err = s.inner.Update(c.Object)
	case indexer.ChangeRemove:
		err = s.inner.Delete(upstream.DeletedFinalStateUnknown{Key: c.Key, Obj: c.Old})
	}
	if err != nil {
		panic(err) // a pod has a key
	}
	c.Done = true
}

// ReplaceAll replaces the content and tells what that changes, from what was there
// before.
func (s *foreignStore) ReplaceAll(keys []string, items []*corev1.Pod, resourceVersion string, diff func(indexer.Change[*corev1.Pod])) {
	s.batch.Lock()
	defer s.batch.Unlock()
	var changes []indexer.Change[*corev1.Pod]
	listed := map[string]bool{}
	for i, key := range keys {
		listed[key] = true
		changes = append(changes, s.difference(key, items[i]))
	}
	for _, key := range s.inner.ListKeys() {
		if !listed[key] {
			old, _, _ := s.GetByKey(key)
			changes = append(changes, indexer.Change[*corev1.Pod]{Key: key, Old: old, Existed: true, Type: indexer.ChangeRemove})
		}
	}
	if err := s.inner.Replace(contentOf(changes), resourceVersion); err != nil {
		panic(err) // a pod has a key
	}
	for _, c := range changes {
		if diff != nil {
			diff(c)
		}
	}
}

// difference is what a listed object changes.
func (s *foreignStore) difference(key string, pod *corev1.Pod) indexer.Change[*corev1.Pod] {
	c := indexer.Change[*corev1.Pod]{Key: key, Object: pod, Type: indexer.ChangePut}
	c.Old, c.Existed, _ = s.GetByKey(key)
	if c.Existed && c.Old.ResourceVersion == pod.ResourceVersion {
		c.Object, c.Type = c.Old, indexer.ChangeUnchanged
	}
	return c
}

// contentOf is what is there after the changes of a list.
func contentOf(changes []indexer.Change[*corev1.Pod]) []any {
	all := []any{}
	for _, c := range changes {
		if c.Type != indexer.ChangeRemove {
			all = append(all, c.Object)
		}
	}
	return all
}

func (s *foreignStore) Snapshot() indexer.Snapshot[*corev1.Pod] {
	s.batch.Lock()
	defer s.batch.Unlock()
	var pods []*corev1.Pod
	for _, obj := range s.inner.List() {
		pods = append(pods, obj.(*corev1.Pod))
	}
	copied, err := indexer.New[*corev1.Pod](indexer.Options[*corev1.Pod]{})
	if err == nil {
		err = copied.Replace(pods, s.inner.LastStoreSyncResourceVersion())
	}
	if err != nil {
		panic(err) // a pod has a key
	}
	return copied.Snapshot()
}
