package operatorstest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/kubeletlike"
	"github.com/informant-go/informant/examples/operators/operator"
	"github.com/informant-go/informant/examples/operators/stage"
)

// patience is for a test on a machine that does much else.
const patience = 3 * time.Minute

// Cluster is a server for tests.
type Cluster struct {
	// Config is how it is reached.
	Config *rest.Config
	// Namespace is the test's own.
	Namespace string
	// Real says that the server checks definitions, asks webhooks and converts
	// versions. A program's definition is installed by the test.
	Real bool
}

// world is a cluster with a test in it.
type world struct {
	*testing.T
	Cluster
	ctx    context.Context
	client client.WithWatch // reads and writes the server itself
}

func newWorld(t *testing.T, c Cluster, scheme *runtime.Scheme) *world {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errors.New("not within the patience of the test"))
	t.Cleanup(cancel)
	w := &world{T: t, Cluster: c, ctx: logr.NewContext(ctx, logr.Discard())}
	cl, err := client.NewWithWatch(NewLine(t, c.Config).Config, client.Options{Scheme: scheme})
	w.must(err)
	w.client = cl
	return w
}

// populate plays the controllers and the node, on an engine.
func (w *world) populate(e engine.Engine) {
	cfg := NewLine(w.T, w.Config).Config
	k, err := kubeletlike.New(cfg, kubeletlike.Options{Engine: e, Node: stage.NodeName, Namespace: w.Namespace})
	w.must(err)
	w.start(k.Run)
	w.start(func(ctx context.Context) error { return stage.Play(ctx, cfg, w.Namespace) })
}

// start runs a program until stop is called, or the test ends, which then fails if the
// program has failed. ended has the program's error.
func (w *world) start(run func(context.Context) error) (stop func(), ended <-chan error) {
	ctx, cancel := context.WithCancel(w.ctx)
	result, gone := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(gone)
		result <- run(ctx)
	}()
	stop = func() {
		cancel()
		<-gone
	}
	w.Cleanup(func() {
		stop()
		select {
		case err := <-result:
			if err != nil {
				w.Errorf("a program ended with %v", err)
			}
		default: // the test has taken it
		}
	})
	return stop, result
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) await(obj client.Object, done func() bool) {
	w.Helper()
	w.must(operator.Await(w.ctx, w.client, obj, done))
}

func (w *world) awaitGone(obj client.Object) {
	w.Helper()
	w.must(operator.AwaitGone(w.ctx, w.client, obj))
}

// eventually returns when done says so.
func (w *world) eventually(what string, done func() bool) {
	w.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-w.ctx.Done():
			w.Fatalf("%s: %v", what, context.Cause(w.ctx))
		}
	}
}

// change writes a change of obj, whatever else is written to it meanwhile.
func (w *world) change(obj client.Object, change func()) error {
	before := obj.DeepCopyObject().(client.Object)
	change()
	return w.client.Patch(w.ctx, obj, client.MergeFrom(before))
}
