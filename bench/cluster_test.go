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

func (c cluster) size() int              { return c.namespaces * c.podsEach }
func (c cluster) namespace(i int) string { return numbered("ns-", 3, i%c.namespaces) }
func (c cluster) node(i int) string      { return numbered("node-", 4, i%c.nodes) }

// pods are those of the cluster. The pods of a node are of many namespaces.
func (c cluster) pods() []*corev1.Pod {
	all := pods(c.size(), 1)
	for i, at := range order(len(all)) {
		all[i].Namespace, all[i].Spec.NodeName = c.namespace(i), c.node(at)
	}
	return all
}

// BenchmarkCluster reads the pods of a large cluster: all, those of a namespace
// and those of a node.
func BenchmarkCluster(b *testing.B) {
	c := theCluster()
	Run(b, clusterEngines(c), []Case[podStore]{
		{"list", nil, func(b *testing.B, s podStore) {
			for b.Loop() {
				if got := s.list(); got != c.size() {
					b.Fatalf("%d pods, want %d", got, c.size())
				}
			}
			perObject(b, c.size())
		}},
		{"by-namespace", nil, readsByIndex("namespace", c.namespaces, c.namespace, c.podsEach)},
		{"by-node", nil, readsByIndex("node", c.nodes, c.node, c.size()/c.nodes)},
	})
}

// readsByIndex reads one of so many values of an index after the other. Each has
// n pods.
func readsByIndex(index string, values int, value func(i int) string, n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		all, i := make([]string, values), 0
		for i := range all {
			all[i] = value(i)
		}
		for b.Loop() {
			if got := s.byIndex(index, all[i]); got != n {
				b.Fatalf("%s has %d pods, want %d", all[i], got, n)
			}
			if i++; i == values {
				i = 0
			}
		}
		perObject(b, n)
	}
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
