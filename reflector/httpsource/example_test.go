package httpsource_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
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

// A Source lists and watches a resource of an API server for a Reflector, which
// keeps a Sink in step with it. It needs nothing but an *http.Client.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(serveWidgets))
	defer server.Close()

	source, err := httpsource.New(httpsource.Config[*Widget]{
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
	r, err := reflector.New(source, reflector.Options{Name: "widgets"})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = r.Run(ctx, sink)

	fmt.Println(sink.sizes, r.LastSyncResourceVersion(), err)
	// Output:
	// list 9
	// event 10
	// map[a:3 b:2] 10 context canceled
}
