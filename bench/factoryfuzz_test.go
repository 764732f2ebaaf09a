package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/bridge"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// oneList is a server that has one list, for all who ask: in one answer, or streamed to
// those who ask for that if it streams. Nothing changes in it.
type oneList struct {
	streams        bool
	list, streamed []byte
	contentType    string
}

func (s *oneList) RoundTrip(r *http.Request) (*http.Response, error) {
	query := r.URL.Query()
	answer := func(code int, contentType string, body io.ReadCloser) (*http.Response, error) {
		return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {contentType}}, Body: body, Request: r}, nil
	}
	switch streaming := query.Get("sendInitialEvents") == "true"; {
	case query.Get("watch") == "":
		return answer(http.StatusOK, s.contentType, io.NopCloser(bytes.NewReader(s.list)))
	case streaming && !s.streams:
		const invalid = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}`
		return answer(http.StatusUnprocessableEntity, jsonType, io.NopCloser(strings.NewReader(invalid)))
	case streaming:
		return answer(http.StatusOK, s.contentType+";stream=watch", &quietAfter{r.Context(), bytes.NewReader(s.streamed)})
	}
	return answer(http.StatusOK, s.contentType+";stream=watch", &quietAfter{r.Context(), bytes.NewReader(nil)})
}

// quietAfter is a body on which nothing comes after first, until ctx ends.
type quietAfter struct {
	ctx   context.Context
	first *bytes.Reader
}

func (q *quietAfter) Read(p []byte) (int, error) {
	if q.first.Len() > 0 {
		return q.first.Read(p)
	}
	<-q.ctx.Done()
	return 0, q.ctx.Err()
}

func (q *quietAfter) Close() error { return nil }

// server is one that has objects, each in the encoding that the wire is of.
func (w wire) server(tb testing.TB, protobuf bool, objects [][]byte) *oneList {
	tb.Helper()
	if !protobuf {
		s := &oneList{contentType: jsonType}
		var stream strings.Builder
		for _, raw := range objects {
			fmt.Fprintf(&stream, `{"type":"ADDED","object":{"kind":%q,"apiVersion":%q,%s}`+"\n", w.kind, w.version, bytes.TrimLeft(raw, "{ \t\r\n"))
		}
		s.streamed = fmt.Appendf(nil, `%s{"type":"BOOKMARK","object":{"kind":%q,"apiVersion":%q,%s}`+"\n", stream.String(), w.kind, w.version, listEnd[1:])
		s.list = fmt.Appendf(nil, `{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"9"},"items":[%s]}`, w.list, w.version, bytes.Join(objects, []byte(",")))
		return s
	}
	s := &oneList{contentType: protobufType}
	list := marshaled(tb, &metav1.PartialObjectMetadataList{ListMeta: metav1.ListMeta{ResourceVersion: "9"}})
	for _, raw := range objects {
		list = appendItem(list, raw)
		s.streamed = append(s.streamed, protobufEvent(tb, string(watch.Added), protobufOfVersion(tb, w.version, w.kind, raw))...)
	}
	end := metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "9", Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"}}}
	s.streamed = append(s.streamed, protobufEvent(tb, string(watch.Bookmark), protobufOfVersion(tb, w.version, w.kind, marshaled(tb, &end)))...)
	s.list = protobufOfVersion(tb, w.version, w.list, list)
	return s
}

// mutants are n objects with a name, each another, that client-go's client takes and that
// were changed at random.
func (w wire) mutants(t *testing.T, protobuf bool, n int, originals func(i int) []byte, names func(*stockClients) []string) (mutants [][]byte) {
	t.Helper()
	clients := newStockClients(t)
	seen := map[string]bool{"": true}
	random := rand.New(rand.NewPCG(3, 3))
	for i := 0; len(mutants) < n; i++ {
		raw := mutated(random, originals(i))
		if !protobuf && !(looksLikeAnObject(raw) && len(raw) > 2 && raw[0] == '{') {
			continue
		}
		s := w.server(t, protobuf, [][]byte{raw})
		clients.stage.scripted = scripted{list: s.list, contentType: s.contentType}
		if got := names(clients); len(got) == 1 && !seen[got[0]] {
			seen[got[0]] = true
			mutants = append(mutants, raw)
		}
	}
	return mutants
}

// kept is what an informer of a factory keeps of what a server has, by key.
func kept(t *testing.T, server *oneList, wrap wrapping, informerOf func(informers.SharedInformerFactory) cache.SharedIndexInformer, wires ...bridge.Wire) map[string]any {
	t.Helper()
	config := &rest.Config{Host: "http://api", QPS: -1, Transport: server}
	config.ContentType, config.AcceptContentTypes = server.contentType, server.contentType
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	factory := wrap(t, informers.NewSharedInformerFactory(client, 0), config)
	informer := informerOf(factory)
	ctx, cancel := context.WithCancel(context.Background())
	defer factory.Shutdown()
	defer cancel()
	factory.StartWithContext(ctx)
	if result := factory.WaitForCacheSyncWithContext(ctx); result.Err != nil {
		t.Fatal(result.AsError())
	}
	if len(wires) > 0 && bridge.WireOf(informer) != wires[0] {
		t.Fatalf("the informer reads by %s, want %s", bridge.WireOf(informer), wires[0])
	}
	objects := map[string]any{}
	for _, key := range informer.GetStore().ListKeys() {
		objects[key], _, _ = informer.GetStore().GetByKey(key)
	}
	return objects
}

// Objects that were changed at random are in the store of a factory WithConfig as they are
// in that of client-go's factory, listed and streamed, in JSON and in protobuf:
// -bench.mutations says how many. It is what W2 says, through all that is between a
// generated factory and httpsource.
func TestMutatedObjectsOfAFactoryAreThoseOfClientGo(t *testing.T) {
	engines := map[string]wrapping{}
	for _, engine := range factoryEngines {
		engines[engine.Name] = engine.New(t)
	}
	for _, kind := range []struct {
		wire     wire
		original func(i int) runtime.Object
		names    func(*stockClients) []string
		informer func(informers.SharedInformerFactory) cache.SharedIndexInformer
	}{
		{
			wire{kind: "Pod", list: "PodList", version: "v1"},
			func(i int) runtime.Object { return fullPod(i) },
			func(c *stockClients) []string { return namesOf(podSubject.list(c)) },
			func(f informers.SharedInformerFactory) cache.SharedIndexInformer {
				return f.Core().V1().Pods().Informer()
			},
		},
		{
			wire{kind: "ConfigMap", list: "ConfigMapList", version: "v1"},
			func(i int) runtime.Object { return fullConfig(i) },
			func(c *stockClients) []string { return namesOf(configSubject.list(c)) },
			func(f informers.SharedInformerFactory) cache.SharedIndexInformer {
				return f.Core().V1().ConfigMaps().Informer()
			},
		},
	} {
		for _, protobuf := range []bool{false, true} {
			encoding, reads, encode := "JSON", bridge.WireJSON, inJSON(t)
			if protobuf {
				encoding, reads, encode = "protobuf", bridge.WireProtobuf, inProtobuf(t)
			}
			original := func(i int) []byte { return encode(kind.original(i)) }
			t.Run(kind.wire.kind+"/"+encoding, func(t *testing.T) {
				server := kind.wire.server(t, protobuf, kind.wire.mutants(t, protobuf, *mutations, original, kind.names))
				for _, server.streams = range []bool{false, true} {
					want, got := kept(t, server, engines[ClientGo], kind.informer), kept(t, server, engines[Informant], kind.informer, reads)
					if diff := cmp.Diff(want, got); diff != "" || len(got) != *mutations {
						t.Errorf("streamed %t: %d objects of %d (-client-go +informant):\n%s", server.streams, len(got), *mutations, diff)
					}
				}
			})
		}
	}
}

// namesOf are the keys of objects that have a name and were read without an error.
func namesOf[T metav1.Object](objects []T, err error) (names []string) {
	if err != nil {
		return nil
	}
	for _, obj := range objects {
		if obj.GetName() != "" {
			names = append(names, obj.GetNamespace()+"/"+obj.GetName())
		}
	}
	return names
}
