package docs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/informant-go/informant/deltafifo"
	naiveinformer "github.com/informant-go/informant/docs/naive/informer"
	naivequeue "github.com/informant-go/informant/docs/naive/queue"
	naivestore "github.com/informant-go/informant/docs/naive/store"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/workqueue"
)

// Page 1.
func Example_naiveMachine() {
	server := openShop()
	defer server.Close()
	queue := naivequeue.New[string]()
	in := naiveinformer.New(server.source())
	in.AddHandler(informer.HandlerFunc[*Pod](func(_ context.Context, e informer.Event[*Pod]) {
		queue.Add(e.Key)
	}))
	defer run(in)()

	server.create("web")
	key, _ := queue.Get()
	pod, exists := in.Get(key)
	fmt.Println(key, exists, pod.ResourceVersion)
	queue.Done(key)
	// Output: shop/web true 2
}

func Example_machine() {
	server := openShop()
	defer server.Close()
	queue := workqueue.New(workqueue.Options[string]{Name: "pods"})
	in := must(informer.New(server.source(), informer.Options[*Pod]{Name: "pods"}))
	must(in.AddHandler(informer.HandlerFunc[*Pod](func(_ context.Context, e informer.Event[*Pod]) {
		queue.Add(e.Key)
	}), informer.HandlerOptions{}))
	defer run(in)()

	server.create("web")
	key, _ := queue.Get()
	pod, exists, _ := in.Indexer().GetByKey(key)
	fmt.Println(key, exists, pod.ResourceVersion)
	queue.Done(key)
	// Output: shop/web true 2
}

// Page 2.
func Example_wire() {
	server := openShop("web", "db")
	defer server.Close()
	server.get("", 1) // a list

	server.move("web", "n2")
	server.delete("db")
	server.get("watch=true&resourceVersion=3&allowWatchBookmarks=true", 3)

	server.Expire() // the server forgets its history
	server.get("watch=true&resourceVersion=3", 1)
	server.get("", 1)
	// Output:
	// PodList at 3 [db at 3] [web at 2]
	// MODIFIED Pod web at 4
	// DELETED Pod db at 5
	// BOOKMARK Pod at 5
	// ERROR Status 410 Expired
	// PodList at 6 [web at 4]
}

// Page 3.
func Example_deltas() {
	report := func(q deltafifo.Queue[*Pod]) {
		ctx := context.Background()
		_ = q.Begin(ctx)
		_ = q.Page(ctx, []*Pod{pod("db", "3", "n1"), pod("web", "2", "n1")})
		_ = q.Commit(ctx, "3")
		_ = q.Update(ctx, pod("web", "4", "n2"))
		_ = q.Delete(ctx, pod("db", "5", "n1"))
		_ = q.Update(ctx, pod("web", "6", "n3"))
	}
	inOrder := must(deltafifo.NewInOrder(deltafifo.Options[*Pod]{}))
	byKey := must(deltafifo.NewDeltaFIFO(deltafifo.Options[*Pod]{}))
	report(inOrder)
	report(byKey)

	fmt.Println("in order:")
	popAll(inOrder)
	fmt.Println("by key:")
	popAll(byKey)
	// Output:
	// in order:
	// ReplacedAll [shop/db shop/web]
	// Updated shop/web at 4, Deleted shop/db at 5
	// Updated shop/web at 6
	// by key:
	// Replaced shop/db at 3, Deleted shop/db at 5
	// Replaced shop/web at 2, Updated shop/web at 4, Updated shop/web at 6
	// Bookmark 3
}

// Page 4.
func Example_naiveStore() {
	store := naivestore.New[*Pod]()
	store.Write(func(now *naivestore.State[*Pod]) {
		now.AddIndex("node", byNode)
		now.Put("shop/web", pod("web", "2", "n1"))
	})
	before := store.Snapshot() // copies everything
	store.Write(func(now *naivestore.State[*Pod]) {
		now.Put("shop/web", pod("web", "4", "n2"))
	})
	store.Read(func(now *naivestore.State[*Pod]) {
		fmt.Println("now:", now.Indexes["node"].Keys)
	})
	fmt.Println("before:", before.Indexes["node"].Keys)
	// Output:
	// now: map[n2:map[shop/web:true]]
	// before: map[n1:map[shop/web:true]]
}

func Example_store() {
	store := must(indexer.New(indexer.Options[*Pod]{
		Indexers: indexer.Indexers[*Pod]{"node": byNode},
	}))
	_ = store.Add(pod("web", "2", "n1"))
	before := store.Snapshot() // copies nothing
	_ = store.Update(pod("web", "4", "n2"))

	fmt.Println("now:", must(store.IndexKeys("node", "n2")))
	fmt.Println("before:", must(before.IndexKeys("node", "n1")))
	fmt.Println("4 is there:", store.WaitFor(context.Background(), "4"))
	// Output:
	// now: [shop/web]
	// before: [shop/web]
	// 4 is there: <nil>
}

// Page 5.
func Example_lag() {
	server := openShop()
	defer server.Close()
	in := must(informer.New(server.source(), informer.Options[*Pod]{}))
	busy, free := make(chan string), make(chan struct{})
	must(in.AddHandler(informer.HandlerFunc[*Pod](func(_ context.Context, e informer.Event[*Pod]) {
		busy <- told(e)
		<-free
	}), informer.HandlerOptions{Name: "slow"}))
	seen := make(chan string)
	must(in.AddHandler(informer.HandlerFunc[*Pod](func(_ context.Context, e informer.Event[*Pod]) {
		seen <- told(e)
	}), informer.HandlerOptions{Name: "quick"}))
	defer run(in)()
	<-in.Synced()

	server.create("web")
	fmt.Println("slow: ", <-busy)
	fmt.Println("quick:", <-seen)
	server.move("web", "n2")
	fmt.Println("quick:", <-seen)
	server.move("web", "n3")
	fmt.Println("quick:", <-seen)
	for _, h := range in.Status().Handlers {
		fmt.Println(h.Name, "has to read", h.Lag)
	}
	close(free)
	fmt.Println("slow: ", <-busy)
	fmt.Println("slow: ", <-busy)
	// Output:
	// slow:  Add shop/web at 2, by Watch
	// quick: Add shop/web at 2, by Watch
	// quick: Update shop/web at 3, by Watch
	// quick: Update shop/web at 4, by Watch
	// slow has to read 2
	// quick has to read 0
	// slow:  Update shop/web at 3, by Watch
	// slow:  Update shop/web at 4, by Watch
}

// Page 6.
func Example_naiveQueue() {
	q := naivequeue.New[string]()
	q.Add("shop/web")
	q.Add("shop/web") // waits already
	key, _ := q.Get() // a worker processes it
	q.Add(key)        // dirty
	fmt.Println(q.Len(), "waits")
	q.Done(key)
	fmt.Println(q.Len(), "waits")
	// Output:
	// 0 waits
	// 1 waits
}

func Example_queue() {
	q := workqueue.NewRateLimiting(workqueue.Options[string]{
		Limiter: workqueue.NewExponentialLimiter[string](time.Minute, time.Hour),
	})
	q.Add("shop/web")
	q.Add("shop/web") // waits already
	key, _ := q.Get() // a worker processes it
	q.Add(key)        // dirty
	fmt.Println(q.Len(), "waits", q.Stats().Processing, "is being processed")
	q.Done(key)
	fmt.Println(q.Len(), "waits", q.Stats().Processing, "is being processed")

	key, _ = q.Get()
	q.AddRateLimited(key) // it failed: again in a minute
	q.Done(key)
	_, delayed := q.WhenReady(key)
	fmt.Println(q.Len(), "waits", q.NumRequeues(key), "failure, delayed:", delayed)
	q.ShutDown()
	// Output:
	// 0 waits 1 is being processed
	// 1 waits 0 is being processed
	// 0 waits 1 failure, delayed: true
}

// Page 7.
func Example_onePod() {
	server := openShop("db")
	defer server.Close()
	in, events := server.informer()
	defer run(in)()
	fmt.Println(told(<-events))

	server.create("web")
	fmt.Println(told(<-events))
	server.move("web", "n2")
	fmt.Println(told(<-events))

	server.Down() // nobody sees what happens now
	server.delete("web")
	server.Expire()
	_ = server.Up()
	fmt.Println(told(<-events))
	// Output:
	// Add shop/db at 2, by Initial
	// Add shop/web at 3, by Watch
	// Update shop/web at 4, by Watch
	// Delete shop/web at 4, by Relist, final state unknown
}

// Page 8, in which clientgo/columns_test.go has the other column.
func Example_newInformer() {
	server := openShop("web")
	defer server.Close()
	source := server.source()

	queue := workqueue.NewRateLimiting(workqueue.Options[string]{})
	in := must(informer.New(source, informer.Options[*Pod]{
		Indexers: indexer.Indexers[*Pod]{"node": byNode},
	}))
	handler := must(in.AddHandler(informer.HandlerFunc[*Pod](
		func(_ context.Context, e informer.Event[*Pod]) {
			queue.Add(e.Key)
		}), informer.HandlerOptions{}))

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	fmt.Println(informer.WaitForSync(ctx, handler))
	fmt.Println(queue.Len(), "key waits")
	cancel()
	<-done
	// Output:
	// <nil>
	// 1 key waits
}

// reconcile is what a controller does with a pod.
func reconcile(p *Pod) error {
	fmt.Println("reconciled", p.Name)
	return nil
}

func Example_newWorker() {
	store := must(indexer.New(indexer.Options[*Pod]{}))
	_ = store.Add(pod("web", "2", "n1"))
	queue := workqueue.NewRateLimiting(workqueue.Options[string]{})
	queue.Add("shop/web")
	queue.ShutDown()
	ctx := context.Background()

	for {
		key, err := queue.GetContext(ctx)
		if err != nil {
			return // shut down, or ctx is over
		}
		pod, exists, err := store.GetByKey(key)
		if err == nil && exists {
			err = reconcile(pod)
		}
		if err != nil {
			queue.AddRateLimited(key)
		} else {
			queue.Forget(key)
		}
		queue.Done(key)
	}
	// Output: reconciled web
}

func Example_newDelete() {
	gone := informer.Event[*Pod]{
		Type: informer.EventDelete, Key: "shop/web", Object: pod("web", "4", "n2"), FinalStateUnknown: true,
	}

	onEvent := func(_ context.Context, e informer.Event[*Pod]) {
		if e.Type != informer.EventDelete {
			return
		}
		fmt.Println(e.Key, e.Object.Name, e.FinalStateUnknown)
	}

	onEvent(context.Background(), gone)
	// Output: shop/web web true
}
