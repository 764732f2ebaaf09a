package pipeline

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
)

// The size of what is shared, and among how many. A part is large beside the half
// megabyte that a stream keeps for itself.
const (
	shardedObjects = 2000
	shardedBytes   = 20_000 // of an object
	replicas       = 4
)

// R9: the shards of several replicas are together what the server has, and no object is
// in two; by streams and by pages, with the feature gate and without, by UID and by
// namespace. With the gate a replica gets no more than its part, and in either case it
// holds no more. It runs by itself: it measures memory.
func TestShards(t *testing.T) {
	realserver.Needs(t, "v1.36.0", "sharded lists and watches")
	for _, known := range []bool{true, false} {
		t.Run(fmt.Sprintf("gate=%v", known), func(t *testing.T) {
			s := realserver.Start(t, realserver.Options{FeatureGates: map[string]bool{"ShardedListAndWatch": known}})
			ctx := within(t, 4*patience)
			ns := s.Namespace(t)
			client := configMaps(t, s, ns)
			fill(ctx, t, client, 0, shardedObjects, func(c *corev1.ConfigMap) {
				c.Immutable, c.Finalizers = nil, nil
				c.BinaryData = map[string][]byte{"noise": noise()}
			})
			for name, o := range map[string]reflector.Options{
				"streamed": {},
				"paged":    {DisableStreaming: true},
			} {
				t.Run(name, func(t *testing.T) { sharesByUID(ctx, t, s, ns, known, o) })
			}
			t.Run("by namespace", func(t *testing.T) { sharesByNamespace(ctx, t, s, known) })
		})
	}
}

// noise is data that no transport makes smaller.
func noise() []byte {
	b := make([]byte, shardedBytes)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

// sharesByUID compares each replica with one that has everything.
func sharesByUID(ctx context.Context, t *testing.T, s *realserver.Server, ns string, known bool, o reflector.Options) {
	whole := share(ctx, t, s, ns, o)
	wholeBytes, wholeHeap := whole.bytes.Load(), whole.heap
	n := len(whole.in.Indexer().List())
	whole.stop(t)
	var shares []*replica
	for i := range replicas {
		o.Shard = &reflector.Shard{Index: i, Count: replicas}
		r := share(ctx, t, s, ns, o)
		shares = append(shares, r)
		part := float64(len(r.in.Indexer().List())) / float64(n)
		onWire, onHeap := float64(r.bytes.Load())/float64(wholeBytes)/part, float64(r.heap)/float64(wholeHeap)/part
		t.Logf("replica %d has %.3f of the objects; of its part it got %.3f of the bytes and holds %.3f of the heap", i, part, onWire, onHeap)
		if onHeap > 1.1 || known && onWire > 1.1 {
			t.Errorf("replica %d got %.3f of the bytes of its part, and holds %.3f of the heap", i, onWire, onHeap)
		}
		outside, status := r.reflector.Stats().Outside, r.reflector.Status()
		if known != (outside == 0) || status.ServerShards != (known && o.DisableStreaming) {
			t.Errorf("replica %d: %d objects from outside, the server knows shards: %v", i, outside, status.ServerShards)
		}
	}
	arePartition(ctx, t, s, ns, shares)
	client := configMaps(t, s, ns)
	for i := range 30 {
		change(ctx, t, client, numbered(i).Name, "1", nil)
	}
	for i := range 10 {
		remove(ctx, t, client, numbered(i).Name)
		again := numbered(i)
		again.Immutable, again.Finalizers = nil, nil
		create(ctx, t, client, again)
	}
	settleShares(ctx, t, s, ns, shares)
	arePartition(ctx, t, s, ns, shares)
	for _, r := range shares {
		if stats := r.reflector.Stats(); stats.RelistCount() != 0 || stats.Refused != 0 {
			t.Errorf("stats: %+v", stats)
		}
		r.stop(t)
	}
}

// sharesByNamespace is for all namespaces: each is in one shard as a whole.
func sharesByNamespace(ctx context.Context, t *testing.T, s *realserver.Server, known bool) {
	var shares []*replica
	for range 6 {
		create(ctx, t, configMaps(t, s, s.Namespace(t)), configMap("one", nil))
	}
	for i := range 2 {
		r := share(ctx, t, s, "", reflector.Options{Shard: &reflector.Shard{Index: i, Count: 2, Key: reflector.ShardByNamespace}})
		if outside := r.reflector.Stats().Outside; known && outside != 0 {
			t.Errorf("replica %d: %d objects from outside", i, outside)
		}
		shares = append(shares, r)
	}
	arePartition(ctx, t, s, "", shares)
	for _, r := range shares {
		r.stop(t)
	}
}

// replica is an informer with a measure of what it costs.
type replica struct {
	shard     *reflector.Shard
	reflector *reflector.Reflector[*corev1.ConfigMap]
	in        *informer.SharedIndexInformer[*corev1.ConfigMap]
	ended     chan error
	bytes     *atomic.Int64 // that came
	heap      int64         // that is in use once it has synced
}

// share runs an informer until it has synced.
func share(ctx context.Context, t *testing.T, s *realserver.Server, ns string, o reflector.Options) *replica {
	t.Helper()
	before := heap()
	w := &weighed{base: s.Client().Transport}
	source, err := httpsource.New(httpsource.Config[*corev1.ConfigMap]{
		Client: &http.Client{Transport: w}, BaseURL: s.URL(), Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespace: ns,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{shard: o.Shard, ended: make(chan error, 1), bytes: &w.bytes}
	if r.reflector, err = reflector.New(source, o); err != nil {
		t.Fatal(err)
	}
	r.in, err = informer.NewFromRunner(object.Meta[*corev1.ConfigMap](), r.reflector, informer.Options[*corev1.ConfigMap]{})
	if err != nil {
		t.Fatal(err)
	}
	go func() { r.ended <- r.in.Run(context.Background()) }()
	if err := informer.WaitForSync(ctx, r.in); err != nil {
		t.Fatalf("%v: %+v", err, r.reflector.Stats())
	}
	r.heap = heap() - before
	return r
}

func (r *replica) stop(t *testing.T) {
	t.Helper()
	if err := r.in.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// heap is what is in use.
func heap() int64 {
	var m runtime.MemStats
	for range 3 { // pools let go at the second
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// arePartition compares what the shares have with what client-go lists.
func arePartition(ctx context.Context, t *testing.T, s *realserver.Server, ns string, shares []*replica) {
	t.Helper()
	got := map[string]*corev1.ConfigMap{}
	for i, r := range shares {
		for key, obj := range r.in.Indexer().Snapshot().All() {
			if got[key] != nil {
				t.Errorf("%s is in two shards, one of them %d", key, i)
			}
			if got[key] = obj; !r.shard.Holds(obj.UID, obj.Namespace) {
				t.Errorf("%s is in shard %d", key, i)
			}
		}
	}
	want := byKey(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
	if !maps.Equal(versions(want), versions(got)) {
		t.Errorf("the shards have %d objects, the server %d, or of other versions", len(got), len(want))
	}
}

// settleShares waits until each share has everything up to now: a new object in each.
func settleShares(ctx context.Context, t *testing.T, s *realserver.Server, ns string, shares []*replica) {
	t.Helper()
	waiting := len(shares)
	last := make([]string, len(shares))
	for waiting > 0 {
		marker := configMap("", nil)
		marker.GenerateName = markerPrefix
		marker = create(ctx, t, configMaps(t, s, ns), marker)
		for n, r := range shares {
			if r.shard.Holds(marker.UID, ns) {
				if last[n] == "" {
					waiting--
				}
				last[n] = marker.ResourceVersion
			}
		}
	}
	for n, r := range shares {
		if err := r.in.Indexer().WaitFor(ctx, last[n]); err != nil {
			t.Fatalf("share %d: %v", n, err)
		}
	}
}

// weighed counts the bytes of all answers.
type weighed struct {
	base  http.RoundTripper
	bytes atomic.Int64
}

func (w *weighed) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.base.RoundTrip(req)
	if err == nil {
		resp.Body = &weighedBody{ReadCloser: resp.Body, bytes: &w.bytes}
	}
	return resp, err
}

type weighedBody struct {
	io.ReadCloser
	bytes *atomic.Int64
}

func (b *weighedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.bytes.Add(int64(n))
	return n, err
}
