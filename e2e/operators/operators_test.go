package operators

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/memcached"
	"github.com/informant-go/informant/examples/operators/operator"
	"github.com/informant-go/informant/examples/operators/operatorstest"
)

// cluster is a namespace of s.
func cluster(t *testing.T, s *realserver.Server) operatorstest.Cluster {
	return operatorstest.Cluster{Config: s.RESTConfig(), Namespace: s.Namespace(t), Real: true}
}

func TestMemcached(t *testing.T) {
	t.Parallel()
	s := server.Server(t)
	c, err := client.New(operatorstest.NewLine(t, s.RESTConfig()).Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := operator.InstallDefinition(t.Context(), c, memcached.Definition, nil); err != nil {
		t.Fatal(err)
	}
	for _, e := range engine.All {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			operatorstest.Memcached(t, cluster(t, s), e)
		})
	}
}

func TestKubelet(t *testing.T) {
	t.Parallel()
	s := server.Server(t)
	for _, e := range engine.All {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			operatorstest.Kubelet(t, cluster(t, s), e)
		})
	}
}

func TestApplication(t *testing.T) {
	t.Parallel()
	for _, e := range engine.All {
		t.Run(string(e), func(t *testing.T) {
			operatorstest.Application(t, cluster(t, realserver.Start(t, realserver.Options{})), e)
		})
	}
}
