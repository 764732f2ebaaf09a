package operators_test

import (
	"testing"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/informant-go/informant/examples/operators/application"
	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/memcached"
	"github.com/informant-go/informant/examples/operators/operatorstest"
	"github.com/informant-go/informant/examples/operators/stage"
	"github.com/informant-go/informant/reflector/apitest"
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard()) // or controller-runtime complains that nobody has
	klog.SetLogger(logr.Discard())
	goleak.VerifyTestMain(m)
}

// onEachEngine runs a test on a server in memory of its own for each engine.
func onEachEngine(t *testing.T, test func(*testing.T, operatorstest.Cluster, engine.Engine), resources ...apitest.Resource) {
	t.Parallel()
	for _, e := range engine.All {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			server, err := stage.Serve(resources...)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			test(t, operatorstest.Cluster{Config: stage.Config(server), Namespace: "test"}, e)
		})
	}
}

func TestMemcached(t *testing.T) { onEachEngine(t, operatorstest.Memcached, memcached.Resource) }

func TestApplication(t *testing.T) { onEachEngine(t, operatorstest.Application, application.Resource) }

func TestKubelet(t *testing.T) { onEachEngine(t, operatorstest.Kubelet) }
