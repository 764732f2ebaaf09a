package informer_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type partial = *metav1.PartialObjectMetadata

// rebuilt is a handler that rebuilds the objects from its events.
type rebuilt struct {
	mu       sync.Mutex
	versions map[string]string
	faults   []string
}

func (r *rebuilt) OnEvent(_ context.Context, e informer.Event[partial]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, exists := r.versions[e.Key]
	if exists == (e.Type == informer.EventAdd) || exists && known != e.Old.ResourceVersion {
		r.faults = append(r.faults, fmt.Sprintf("%v %s, known: %q", e.Type, e.Key, known))
	}
	if e.Type == informer.EventDelete {
		delete(r.versions, e.Key)
	} else {
		r.versions[e.Key] = e.Object.ResourceVersion
	}
}

// compare finds fault with what was rebuilt, and where it differs from want.
func (r *rebuilt) compare(t *testing.T, who string, want map[string]string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, fault := range r.faults {
		t.Errorf("%s was told of %s", who, fault)
	}
	if !maps.Equal(r.versions, want) {
		t.Errorf("%s has %v, the server %v", who, r.versions, want)
	}
}

// I1, I2, I4: over HTTP, with a server that cuts, expires, duplicates, refuses
// and delays, store, index and handlers, early and late, end in the server's
// state.
func TestPipelineOverHTTPThroughFaults(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) { throughFaults(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func throughFaults(t *testing.T, r *rand.Rand) {
	server := must(apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{widgets}}))
	defer server.Close()
	objects := apitest.Of[partial](server, widgets)
	for i := range 20 {
		must(objects.Create(widget(fmt.Sprintf("w-%d", i), "small")))
	}
	in := must(informer.New(must(httpsource.New(httpsource.Config[partial]{
		Client: server.Client(), BaseURL: server.URL,
		Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
	})), informer.Options[partial]{
		Indexers:     indexer.Indexers[partial]{"size": func(w partial) ([]string, error) { return []string{w.Labels["size"]}, nil }},
		ResyncPeriod: 20 * time.Second,
		Reflector:    reflector.Options{OnError: func(context.Context, error) {}},
	}))
	handlers := map[string]*rebuilt{}
	join := func(name string) {
		handlers[name] = &rebuilt{versions: map[string]string{}}
		must(in.AddHandler(handlers[name], informer.HandlerOptions{Name: name}))
	}
	join("early")
	ended := make(chan error, 1)
	go func() { ended <- in.Run(context.Background()) }()
	if err := informer.WaitForSync(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	watches := apitest.Match{Verb: apitest.VerbWatch}
	for i := range 120 {
		change(objects, r)
		switch r.IntN(12) {
		case 0:
			server.Cut(watches, apitest.MidFrame)
		case 1:
			server.Expire()
			server.Cut(watches, apitest.Cleanly)
		case 2:
			server.Inject(apitest.Fault{Match: watches, Times: 1, Do: apitest.Duplicate(2)})
			server.Cut(watches, apitest.Abruptly)
		case 3:
			server.Inject(apitest.Fault{Match: apitest.Match{}, Times: 1, Do: apitest.Fail(500)})
		case 4:
			<-time.After(time.Duration(r.IntN(60)) * time.Second)
		case 5:
			join(fmt.Sprintf("late %d", i))
		}
	}
	<-time.After(5 * time.Minute)
	synctest.Wait() // every handler was told of everything

	want := must(objects.Versions())
	stored := map[string]string{}
	for _, obj := range in.Indexer().List() {
		stored[obj.Namespace+"/"+obj.Name] = obj.ResourceVersion
	}
	if !maps.Equal(stored, want) {
		t.Errorf("the store has %v, the server %v", stored, want)
	}
	for name, h := range handlers {
		h.compare(t, name, want)
	}
	indexed := 0
	for _, size := range []string{"small", "large"} {
		indexed += len(must(in.Indexer().ByIndex("size", size)))
	}
	if indexed != len(want) {
		t.Errorf("the index has %d objects, the server %d", indexed, len(want))
	}
	if n := server.Count(apitest.VerbWatch, "widgets"); n < 10 {
		t.Errorf("only %d watches: the faults have not struck", n)
	}
	if err := in.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
}

// change creates, changes or deletes an object.
func change(objects apitest.Collection[partial], r *rand.Rand) {
	name := fmt.Sprintf("w-%d", r.IntN(30))
	_, err := objects.Get("default", name)
	switch {
	case err != nil:
		must(objects.Create(widget(name, "small")))
	case r.IntN(3) == 0:
		must(objects.Delete("default", name))
	default:
		must(objects.Modify("default", name, func(w partial) partial {
			w.Labels["size"] = []string{"small", "large"}[r.IntN(2)]
			w.Annotations = map[string]string{"n": fmt.Sprint(r.Uint64())}
			return w
		}))
	}
}
