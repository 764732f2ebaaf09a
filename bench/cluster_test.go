package bench

import (
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// cluster says how many pods there are and how they are spread.
type cluster struct{ namespaces, podsEach, nodes int }

// theCluster is the yardstick that Kubernetes has for its caches: as many pods
// as a large cluster runs, thirty on a node.
func theCluster() cluster {
	if testing.Short() {
		return cluster{namespaces: 5, podsEach: 60, nodes: 10}
	}
	return cluster{namespaces: 50, podsEach: 3_000, nodes: 5_000}
}

func (c cluster) size() int               { return c.namespaces * c.podsEach }
func (c cluster) namespace(i int) string  { return numbered("ns-", 3, i%c.namespaces) }
func (c cluster) node(i int) string       { return numbered("node-", 4, i%c.nodes) }
func (c cluster) podsOnNode() (share int) { return c.size() / c.nodes }

// pods are those of the cluster. The pods of a node are of many namespaces.
func (c cluster) pods() []*corev1.Pod {
	all := pods(c.size(), 1)
	for i, at := range order(len(all)) {
		all[i].Namespace, all[i].Spec.NodeName = c.namespace(i), c.node(at)
	}
	return all
}

// BenchmarkCluster reads the pods of a large cluster: of all, of a namespace and
// of a node.
func BenchmarkCluster(b *testing.B) {
	c := theCluster()
	Run(b, clusterEngines(c), []Case[podStore]{
		{"list", nil, func(b *testing.B, s podStore) {
			readsOf(b, c.size(), func(int) int { return s.list() })
		}},
		{"by-namespace", nil, func(b *testing.B, s podStore) {
			readsOf(b, c.podsEach, func(i int) int { return s.byIndex("namespace", c.namespace(i)) })
		}},
		{"by-node", nil, func(b *testing.B, s podStore) {
			readsOf(b, c.podsOnNode(), func(i int) int { return s.byIndex("node", c.node(i)) })
		}},
	})
}

// clusterEngines have one store each, which is filled when it is first asked for.
func clusterEngines(c cluster) []Engine[podStore] {
	pods := sync.OnceValue(c.pods)
	filled := func(name string, empty func() podStore) Engine[podStore] {
		store := sync.OnceValue(func() podStore {
			s := empty()
			if err := s.replace(pods(), "1"); err != nil {
				panic(err)
			}
			return s
		})
		return Engine[podStore]{name, func(testing.TB) podStore { return store() }}
	}
	return []Engine[podStore]{
		filled(Informant, newOurStore),
		filled(dropIn, newDropInStore),
		filled(ClientGo, newClientGoStore),
		filled(stateDB, newTableStore),
	}
}

// readsOf measures reads of which each has n objects.
func readsOf(b *testing.B, n int, read func(i int) int) {
	i := 0
	for b.Loop() {
		if got := read(i); got != n {
			b.Fatalf("a read has %d objects, want %d", got, n)
		}
		i++
	}
	perObject(b, n)
}
