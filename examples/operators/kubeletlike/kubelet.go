package kubeletlike

import (
	"context"
	"errors"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/informant-go/informant/examples/operators/engine"
)

// RetryAfter is the pause before what has failed is tried again.
const RetryAfter = 500 * time.Millisecond

// Options are those of a Kubelet.
type Options struct {
	// Engine is the one that it runs on; the zero value is stock.
	Engine engine.Engine

	// Node is the name of the node. It is required.
	Node string

	// Namespace restricts it to the pods of a namespace; "" is all of them.
	Namespace string

	// Runtime runs the containers; nil is Idle.
	Runtime Runtime
}

// Kubelet runs the pods of a node.
type Kubelet struct {
	options Options
	client  *http.Client
	pods    typedcorev1.PodsGetter
	feed    feed

	// states holds the latest state that the loop has not taken, one at most.
	states chan []*corev1.Pod
}

// New returns a Kubelet. The error names the option that is missing, or is one of
// cfg.
func New(cfg *rest.Config, o Options) (*Kubelet, error) {
	if o.Node == "" {
		return nil, errors.New("kubeletlike: Options have no Node: set the name of the node whose pods are to run")
	}
	if o.Runtime == nil {
		o.Runtime = Idle{}
	}
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, err
	}
	core, err := typedcorev1.NewForConfigAndClient(cfg, client)
	if err != nil {
		return nil, err
	}
	newFeed := stockFeed
	if o.Engine == engine.Ours {
		newFeed = ourFeed
	}
	f, err := newFeed(cfg, client, core, o)
	return &Kubelet{options: o, client: client, pods: core, feed: f, states: make(chan []*corev1.Pod, 1)}, err
}

// Run runs the pods until ctx ends, and returns nil. Containers that run go on, those
// that were asked to stop are killed. Run may be called again, but not twice at once.
func (k *Kubelet) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	l := newLoop(k)
	defer utilnet.CloseIdleConnectionsFor(k.client.Transport)
	defer l.group.Wait()
	defer cancel()
	select {
	case <-k.states: // of an earlier run
	default:
	}
	fed := make(chan error, 1)
	l.group.Go(func() { fed <- k.feed(ctx, k.push) })
	return l.run(ctx, fed)
}

// push puts a state in the place of one that nobody has taken. One goroutine at a time
// calls it, so that there is room after the first select.
func (k *Kubelet) push(pods []*corev1.Pod) {
	select {
	case <-k.states:
	default:
	}
	k.states <- pods
}
