package reflector_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Widget is an API type, as small as they come.
type Widget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Size              int `json:"size"`
}

// table is a Sink that holds the newest state of each object.
type table struct {
	sizes map[string]int
	list  map[string]int
	then  func(string)
}

func (t *table) Begin(context.Context) error { t.list = map[string]int{}; return nil }
func (t *table) Abort()                      { t.list = nil }

func (t *table) Page(_ context.Context, items []*Widget) error {
	for _, w := range items {
		t.list[w.Name] = w.Size
	}
	return nil
}

func (t *table) Commit(_ context.Context, version string) error {
	t.sizes, t.list = t.list, nil
	t.then("list " + version)
	return nil
}

func (t *table) Add(ctx context.Context, w *Widget) error { return t.Update(ctx, w) }

func (t *table) Update(_ context.Context, w *Widget) error {
	t.sizes[w.Name] = w.Size
	t.then("event " + w.ResourceVersion)
	return nil
}

func (t *table) Delete(_ context.Context, w *Widget) error {
	delete(t.sizes, w.Name)
	t.then("event " + w.ResourceVersion)
	return nil
}

func (t *table) Bookmark(_ context.Context, version string) error {
	t.then("bookmark " + version)
	return nil
}

// serveWidgets answers a streamed list of two widgets and one change.
func serveWidgets(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintln(w, `{"type":"ADDED","object":{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"a","resourceVersion":"7"},"size":1}}`)
	fmt.Fprintln(w, `{"type":"ADDED","object":{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"b","resourceVersion":"9"},"size":2}}`)
	fmt.Fprintln(w, `{"type":"BOOKMARK","object":{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}`)
	fmt.Fprintln(w, `{"type":"MODIFIED","object":{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"a","resourceVersion":"10"},"size":3}}`)
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// A Reflector keeps a Sink in step with an API server. It needs nothing but an
// *http.Client.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(serveWidgets))
	defer server.Close()

	source, err := reflector.NewHTTP(reflector.HTTPConfig[*Widget]{
		Client:   server.Client(),
		BaseURL:  server.URL,
		Group:    "example.org",
		Version:  "v1",
		Resource: "widgets",
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, cancel := context.WithCancel(context.Background())
	sink := &table{then: func(what string) {
		fmt.Println(what)
		if what == "event 10" {
			cancel()
		}
	}}
	r := reflector.New(source, reflector.Options{Name: "widgets"})
	err = r.Run(ctx, sink)

	fmt.Println(sink.sizes, r.LastSyncResourceVersion(), err)
	// Output:
	// list 9
	// event 10
	// map[a:3 b:2] 10 context canceled
}

// A ListWatch makes a source of two functions, such as those of a client or of
// something that has never seen an API server.
func ExampleListWatch() {
	source := &reflector.ListWatch[*Widget]{
		ListFunc: func(context.Context, metav1.ListOptions) (reflector.List[*Widget], error) {
			return reflector.ListOf(metav1.ListMeta{ResourceVersion: "1"}, []Widget{
				{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Size: 1},
			}), nil
		},
		WatchFunc: func(ctx context.Context, _ metav1.ListOptions) (reflector.Stream[*Widget], error) {
			return &silence{ctx: ctx}, nil
		},
		NoStreamedLists: true,
	}

	ctx, cancel := context.WithCancel(context.Background())
	sink := &table{then: func(what string) {
		fmt.Println(what)
		cancel()
	}}
	_ = reflector.New(source, reflector.Options{}).Run(ctx, sink)
	fmt.Println(sink.sizes)
	// Output:
	// list 1
	// map[a:1]
}

// silence is a Stream on which nothing happens.
type silence struct{ ctx context.Context }

func (s *silence) Next() (reflector.Event[*Widget], error) {
	<-s.ctx.Done()
	return reflector.Event[*Widget]{}, s.ctx.Err()
}

func (s *silence) Close() {}
