package reflector_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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

// No more than two lists are in flight in the whole process, whoever asks for them:
// Reflectors, informers (informer.Options.Reflector) and Groups, which may have a limit
// of their own besides (informer.GroupOptions).
func ExampleOptions_turn() {
	places := make(chan struct{}, 2)
	turn := func(ctx context.Context) (done func(), err error) {
		select {
		case places <- struct{}{}:
			return func() { <-places }, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}

	var inFlight, tooMany atomic.Int64
	source := &reflector.ListWatch[*Widget]{
		ListFunc: func(context.Context, metav1.ListOptions) (reflector.List[*Widget], error) {
			defer inFlight.Add(-1)
			if inFlight.Add(1) > 2 {
				tooMany.Add(1)
			}
			return reflector.ListOf(metav1.ListMeta{ResourceVersion: "1"}, []Widget{}), nil
		},
		WatchFunc: func(ctx context.Context, _ metav1.ListOptions) (reflector.Stream[*Widget], error) {
			return &changes{ctx: ctx}, nil
		},
		NoStreamedLists: true,
	}

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var listed, ended sync.WaitGroup
	listed.Add(10)
	for range 10 {
		r, err := reflector.New(source, reflector.Options{Turn: turn})
		if err != nil {
			fmt.Println(err)
			return
		}
		ended.Go(func() { _ = r.Run(ctx, &table{then: func(string) { listed.Done() }}) })
	}
	listed.Wait()
	cancel()
	ended.Wait()
	fmt.Println("lists that were one too many:", tooMany.Load())
	// Output:
	// lists that were one too many: 0
}

// Three replicas of a program share a collection: each is told by its number which part
// is its own. A server that knows shards sends no more than that; from any other, what
// is sent besides is left out.
func ExampleShard() {
	objects := []types.UID{"0b0f4a46", "35c2b1d8", "8f6d3a20", "c1e7d954", "e94b70f3", "f2a8865c"}
	for replica := range 3 {
		mine := &reflector.Shard{Index: replica, Count: 3}
		held := 0
		for _, uid := range objects {
			if mine.Holds(uid, "") {
				held++
			}
		}
		fmt.Println("replica", replica, "has", held)
	}
	fmt.Println((&reflector.Shard{Index: 3, Count: 3}).Check())
	// Output:
	// replica 0 has 2
	// replica 1 has 2
	// replica 2 has 2
	// Shard.Index is 3 of 3: set it to one of 0 to 2
}
