package swap

import (
	"maps"

	"github.com/informant-go/informant/indexer"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
)

// reader is a store as workers and the test read it.
type reader interface {
	get(key string) (pod *corev1.Pod, exists bool)
	keys() []string
	onNode(name string) (keys []string, err error) // by the index
	version() string
}

// nodeIndex is the index that every store has.
const nodeIndex = "node"

func nodeOf(pod *corev1.Pod) ([]string, error) { return []string{pod.Spec.NodeName}, nil }

// typedReader reads a store of our interface.
type typedReader struct{ store indexer.Indexer[*corev1.Pod] }

func (r typedReader) get(key string) (*corev1.Pod, bool) {
	pod, exists, _ := r.store.GetByKey(key)
	return pod, exists
}

func (r typedReader) keys() []string                       { return r.store.ListKeys() }
func (r typedReader) onNode(name string) ([]string, error) { return r.store.IndexKeys(nodeIndex, name) }
func (r typedReader) version() string                      { return r.store.LastStoreSyncResourceVersion() }

// untypedReader reads a store of client-go's interface.
type untypedReader struct{ store upstream.Indexer }

func (r untypedReader) get(key string) (*corev1.Pod, bool) {
	obj, exists, _ := r.store.GetByKey(key)
	pod, _ := obj.(*corev1.Pod)
	return pod, exists
}

func (r untypedReader) keys() []string { return r.store.ListKeys() }
func (r untypedReader) onNode(name string) ([]string, error) {
	return r.store.IndexKeys(nodeIndex, name)
}
func (r untypedReader) version() string { return r.store.LastStoreSyncResourceVersion() }

// versionsOf is all that a store has.
func versionsOf(r reader) map[string]string {
	all := map[string]string{}
	for _, key := range r.keys() {
		if pod, exists := r.get(key); exists {
			all[key] = pod.ResourceVersion
		}
	}
	return all
}

func copied(m map[string]string) map[string]string { return maps.Clone(m) }
