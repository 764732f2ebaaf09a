package bench

import (
	"context"
	"testing"

	"github.com/informant-go/informant/bench/objects"
	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/informerfactory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// wrapping puts an engine under a generated factory, or leaves client-go's.
type wrapping func(tb testing.TB, factory informers.SharedInformerFactory, config *rest.Config) informers.SharedInformerFactory

func wrapped(tb testing.TB, factory informers.SharedInformerFactory, opts ...informerfactory.Option) informers.SharedInformerFactory {
	made, err := informerfactory.Wrap(factory, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return made
}

// factoryEngines are a factory with WithConfig, one that is wrapped alone, and client-go's.
var factoryEngines = []Engine[wrapping]{
	{Name: Informant, New: func(testing.TB) wrapping {
		return func(tb testing.TB, factory informers.SharedInformerFactory, config *rest.Config) informers.SharedInformerFactory {
			over, err := informerfactory.WithConfig(config)
			if err != nil {
				tb.Fatal(err)
			}
			return wrapped(tb, factory, over)
		}
	}},
	{Name: dropIn, New: func(testing.TB) wrapping {
		return func(tb testing.TB, factory informers.SharedInformerFactory, _ *rest.Config) informers.SharedInformerFactory {
			return wrapped(tb, factory)
		}
	}},
	{Name: ClientGo, New: func(testing.TB) wrapping {
		return func(_ testing.TB, factory informers.SharedInformerFactory, _ *rest.Config) informers.SharedInformerFactory {
			return factory
		}
	}},
}

// BenchmarkFactory measures the first sync of the pods of a generated factory, from a
// server in another process: with WithConfig, wrapped without it, and client-go's.
func BenchmarkFactory(b *testing.B) {
	var cases []Case[wrapping]
	for _, protobuf := range []bool{false, true} {
		how := syncing{protobuf: protobuf, streamed: true, size: objects.Large}
		cases = append(cases, Case[wrapping]{Name: "sync-" + how.name(), Run: func(b *testing.B, wrap wrapping) {
			n := atMost(*listObjects)
			server := startRemote(b, served{Objects: n, Size: how.size})
			used, known := processorTime()
			for b.Loop() {
				if got := syncFactory(b, server.url, how, wrap); got != n {
					b.Fatalf("%d pods were synced, want %d", got, n)
				}
			}
			now, _ := processorTime()
			perObject(b, n)
			if known {
				b.ReportMetric(float64(now-used)/float64(b.N)/float64(n), "cpu-ns/object")
			}
		}})
	}
	Run(b, factoryEngines, cases)
}

// syncFactory runs a factory until its pods have synced, and returns how many there are.
func syncFactory(b *testing.B, url string, how syncing, wrap wrapping) int {
	config := &rest.Config{Host: url, QPS: -1}
	config.ContentType, config.AcceptContentTypes = how.contentType(), how.contentType()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		b.Fatal(err)
	}
	factory := wrap(b, informers.NewSharedInformerFactory(client, 0), config)
	informer := factory.Core().V1().Pods().Informer()
	ctx, cancel := context.WithCancel(context.Background())
	defer factory.Shutdown()
	defer cancel()
	factory.StartWithContext(ctx)
	if result := factory.WaitForCacheSyncWithContext(ctx); result.Err != nil {
		b.Fatal(result.AsError())
	}
	if wire := bridge.WireOf(informer); wire == bridge.WireUnknown {
		b.Fatal("the informer has no wire")
	}
	n := len(informer.GetStore().ListKeys())
	return n
}
