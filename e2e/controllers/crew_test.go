package controllers

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/informerfactory"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	eitherfactory "k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/endpointslice"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/job"
	"k8s.io/kubernetes/pkg/controller/replicaset"

	"github.com/informant-go/informant/e2e/realserver"
)

// workers is how many workers each controller has.
const workers = 3

// discoveryPeriod is how often the garbage collector looks for new resources, and how
// long it waits for its informers before it begins.
const discoveryPeriod = 30 * time.Second

// crew is the controllers, and what they work with.
type crew struct {
	config   *rest.Config
	http     *http.Client
	client   kubernetes.Interface
	typed    informers.SharedInformerFactory
	metadata metadatainformer.SharedInformerFactory
	started  chan struct{} // closed when the informers are
	running  sync.WaitGroup
}

// startCrew runs the controllers until the end of the test.
func startCrew(t *testing.T, s *realserver.Server, on bridge.Engine) {
	t.Helper()
	ctx, cancel := context.WithCancel(klog.NewContext(t.Context(), logr.Discard()))
	c := &crew{config: s.RESTConfig(), http: s.NewClient(), started: make(chan struct{})}
	c.config.WarningHandler = rest.NoWarnings{}
	var err error
	if c.client, err = kubernetes.NewForConfigAndClient(c.config, c.http); err != nil {
		t.Fatal(err)
	}
	metadataClient, err := metadata.NewForConfigAndClient(metadata.ConfigFor(c.config), c.http)
	if err != nil {
		t.Fatal(err)
	}
	c.useFactories(t, on, metadataClient)
	run := append(c.workloads(t, ctx), c.garbageCollector(t, ctx, metadataClient)...)
	t.Cleanup(func() {
		cancel()
		c.running.Wait()
		c.typed.Shutdown()
		c.metadata.Shutdown()
		c.http.CloseIdleConnections()
	})
	for _, f := range run {
		c.running.Go(func() { f(ctx) })
	}
	c.typed.StartWithContext(ctx)
	c.metadata.Start(ctx.Done())
	close(c.started)
	if got := bridge.EngineOf(c.typed.Core().V1().Pods().Informer()); got != on {
		t.Fatalf("the controllers run on the engine %s, not %s", got, on)
	}
}

// useFactories makes the factories of informers.
func (c *crew) useFactories(t *testing.T, on bridge.Engine, metadataClient metadata.Interface) {
	t.Helper()
	c.typed = informers.NewSharedInformerFactory(c.client, 0)
	c.metadata = metadatainformer.NewSharedInformerFactory(metadataClient, 0)
	if on != bridge.EngineInformant {
		return
	}
	var err error
	if c.typed, err = informerfactory.Wrap(c.typed); err != nil {
		t.Fatal(err)
	}
	c.metadata = informerfactory.NewMetadataSharedInformerFactory(metadataClient, 0)
}

// workloads makes the controllers of single kinds, as kube-controller-manager does.
func (c *crew) workloads(t *testing.T, ctx context.Context) []func(context.Context) {
	t.Helper()
	pods, apps := c.typed.Core().V1().Pods(), c.typed.Apps().V1()
	deployments, err := deployment.NewDeploymentController(ctx, apps.Deployments(), apps.ReplicaSets(), pods, c.client)
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := job.NewController(ctx, c.client, pods, c.typed.Batch().V1().Jobs(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	replicaSets := replicaset.NewReplicaSetController(ctx, apps.ReplicaSets(), pods, c.client, replicaset.BurstReplicas)
	slices := endpointslice.NewController(ctx, pods, c.typed.Core().V1().Services(), c.typed.Core().V1().Nodes(),
		c.typed.Discovery().V1().EndpointSlices(), 100, c.client, 0)
	return []func(context.Context){
		func(ctx context.Context) { deployments.Run(ctx, workers) },
		func(ctx context.Context) { replicaSets.Run(ctx, workers) },
		func(ctx context.Context) { jobs.Run(ctx, workers) },
		func(ctx context.Context) { slices.Run(ctx, workers) },
	}
}

// garbageCollector makes the controller of all kinds that can be deleted.
func (c *crew) garbageCollector(t *testing.T, ctx context.Context, metadataClient metadata.Interface) []func(context.Context) {
	t.Helper()
	resources, err := discovery.NewDiscoveryClientForConfigAndClient(c.config, c.http)
	if err != nil {
		t.Fatal(err)
	}
	collector, err := garbagecollector.NewGarbageCollector(ctx, c.client, metadataClient,
		restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(resources)),
		garbagecollector.DefaultIgnoredResources(), eitherfactory.NewInformerFactory(c.typed, c.metadata), c.started)
	if err != nil {
		t.Fatal(err)
	}
	return []func(context.Context){
		func(ctx context.Context) { collector.Run(ctx, workers, discoveryPeriod) },
		func(ctx context.Context) { collector.Sync(ctx, resources, discoveryPeriod) },
	}
}
