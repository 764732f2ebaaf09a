package reflector_test

import (
	"context"
	"fmt"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
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

// A Reflector keeps a Sink in step with what a source lists and watches. This
// source is a ListWatch: two functions, such as those of a client or of something
// that has never seen an API server. Package httpsource has one for API servers.
func Example() {
	source := &reflector.ListWatch[*Widget]{
		ListFunc: func(context.Context, metav1.ListOptions) (reflector.List[*Widget], error) {
			return reflector.ListOf(metav1.ListMeta{ResourceVersion: "1"}, []Widget{
				{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Size: 1},
			}), nil
		},
		WatchFunc: func(ctx context.Context, _ metav1.ListOptions) (reflector.Stream[*Widget], error) {
			change := &Widget{ObjectMeta: metav1.ObjectMeta{Name: "a", ResourceVersion: "2"}, Size: 3}
			return &changes{ctx: ctx, widgets: []*Widget{change}}, nil
		},
		NoStreamedLists: true,
	}

	ctx, cancel := context.WithCancel(context.Background())
	sink := &table{then: func(what string) {
		fmt.Println(what)
		if what == "event 2" {
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
	// list 1
	// event 2
	// map[a:3] 2 context canceled
}

// changes is a Stream of some changes, after which nothing happens.
type changes struct {
	ctx     context.Context
	widgets []*Widget
}

func (s *changes) Next() (reflector.Event[*Widget], error) {
	if len(s.widgets) == 0 {
		<-s.ctx.Done()
		return reflector.Event[*Widget]{}, s.ctx.Err()
	}
	next := s.widgets[0]
	s.widgets = s.widgets[1:]
	return reflector.Event[*Widget]{Type: watch.Modified, Object: next, ResourceVersion: next.ResourceVersion}, nil
}

func (s *changes) Close() {}
