package bench

import (
	"context"
	"encoding/binary"
	"flag"
	"runtime"
	"testing"

	"github.com/informant-go/informant/bench/objects"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// syncing is how a reflector gets its first list.
type syncing struct {
	protobuf, streamed bool
	size               objects.Size
	oneCore            bool
}

// name is as in json/listed/10KB, with what is said of the processors behind it.
func (s syncing) name() string {
	name := "json"
	if s.protobuf {
		name = "protobuf"
	}
	name += map[bool]string{false: "/listed/", true: "/streamed/"}[s.streamed] + s.size.String()
	if s.oneCore {
		name += "/one-core"
	}
	return name
}

func (s syncing) contentType() string {
	if s.protobuf {
		return protobufType
	}
	return jsonType
}

// source is ours for how.
func source[T httpsource.Object](url string, how syncing) *httpsource.Source[T] {
	made, err := httpsource.New(httpsource.Config[T]{BaseURL: url, Version: "v1", Resource: "pods", JSONOnly: !how.protobuf})
	if err != nil {
		panic(err)
	}
	return made
}

// listerWatcher is client-go's for how.
func listerWatcher(url string, how syncing) cache.ListerWatcher {
	config := &rest.Config{Host: url, QPS: -1}
	config.ContentType, config.AcceptContentTypes = how.contentType(), how.contentType()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		panic(err)
	}
	lw := cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "pods", "", fields.Everything())
	if how.streamed {
		return lw
	}
	return inPages{lw}
}

func (o ourReflector) sync(url string, how syncing) int { return o.syncInto(url, how, true) }

// syncInto is sync into a sink that keeps the pods, or does not.
func (o ourReflector) syncInto(url string, how syncing, keep bool) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	from := source[*corev1.Pod](url, how)
	r, err := reflector.New(from, reflector.Options{DisableStreaming: !how.streamed})
	if err != nil {
		panic(err)
	}
	n := 0
	_ = r.Run(ctx, o.sink(reflected{keep: keep, synced: func(listed int) { n = listed; cancel() }}))
	from.CloseIdleConnections()
	return n
}

func (theirReflector) sync(url string, how syncing) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	c := &theirStore{reflected{synced: func(listed int) { n = listed; cancel() }}}
	cache.NewReflectorWithOptions(listerWatcher(url, how), &corev1.Pod{}, c, cache.ReflectorOptions{}).RunWithContext(ctx)
	return n
}

// marshaled is the protobuf of m.
func marshaled(tb testing.TB, m interface{ Marshal() ([]byte, error) }) []byte {
	raw, err := m.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// protobufOf is an object of v1 in protobuf as a server sends it.
func protobufOf(tb testing.TB, kind string, object []byte) []byte {
	return protobufOfVersion(tb, "v1", kind, object)
}

func protobufOfVersion(tb testing.TB, version, kind string, object []byte) []byte {
	unknown := apiruntime.Unknown{TypeMeta: apiruntime.TypeMeta{APIVersion: version, Kind: kind}, Raw: object}
	return append([]byte("k8s\x00"), marshaled(tb, &unknown)...)
}

// protobufEvent is an event of a watch in protobuf.
func protobufEvent(tb testing.TB, kind string, object []byte) []byte {
	raw := marshaled(tb, &metav1.WatchEvent{Type: kind, Object: apiruntime.RawExtension{Raw: object}})
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(raw))), raw...)
}

// listObjects is how many objects the lists of the benchmarks have.
var listObjects = flag.Int("bench.objects", 3000, "how many objects the lists over HTTP have")

// syncCases are the first lists over HTTP: of each size that the table has.
func syncCases() (cases []Case[reflecting]) {
	all := []syncing{{size: objects.Small, oneCore: true}, {protobuf: true, size: objects.Small, oneCore: true}}
	for _, size := range []objects.Size{objects.Medium, objects.Large} {
		for _, protobuf := range []bool{false, true} {
			for _, streamed := range []bool{false, true} {
				for _, oneCore := range []bool{true, false} {
					all = append(all, syncing{protobuf, streamed, size, oneCore})
				}
			}
		}
	}
	for _, how := range all {
		cases = append(cases, Case[reflecting]{Name: "sync-" + how.name(), Run: func(b *testing.B, r reflecting) {
			n := atMost(*listObjects)
			server := startRemote(b, served{Objects: n, Size: how.size})
			if how.oneCore {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			}
			used, known := processorTime()
			for b.Loop() {
				if got := r.sync(server.url, how); got != n {
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
	return cases
}
