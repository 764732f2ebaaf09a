package bench

import (
	"context"
	"testing"

	"github.com/informant-go/informant/object"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// noEvent is for cases that are not about an event on its way to handlers.
var noEvent = skipped{floor: "the floor is that of an event on its way to handlers"}

// floorInformer does what no informer can do without: one goroutine receives from
// the watch, keeps the pods by their keys, and tells the handlers of those that are
// newer than what it has. There is no queue, no index, no lock, and a handler that
// takes its time holds up everything.
type floorInformer struct {
	pods     map[object.Name]*corev1.Pod
	handlers chan *floorHandler
}

func newFloorInformer(testing.TB) sharedInformer {
	return &floorInformer{pods: map[object.Name]*corev1.Pod{}, handlers: make(chan *floorHandler)}
}

type floorHandler struct {
	told   func(*corev1.Pod)
	synced chan struct{}
}

func (h *floorHandler) HasSynced() bool {
	select {
	case <-h.synced:
		return true
	default:
		return false
	}
}

func (h *floorHandler) remove() { panic("the floor keeps its handlers") }

func (in *floorInformer) start(tb testing.TB, f *feed, _ ...string) {
	list, err := f.list(context.Background(), metav1.ListOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	for i := range list.Items {
		pod := &list.Items[i]
		in.pods[podAccess.Name(pod)] = pod
	}
	startRun(tb, func(ctx context.Context) { in.run(ctx, f) })
}

func (in *floorInformer) run(ctx context.Context, f *feed) {
	var handlers []*floorHandler
	for {
		select {
		case e := <-f.events:
			pod := e.Object.(*corev1.Pod)
			key := podAccess.Name(pod)
			if old := in.pods[key]; old != nil && old.ResourceVersion == pod.ResourceVersion {
				continue
			}
			in.pods[key] = pod
			for _, h := range handlers {
				h.told(pod)
			}
		case h := <-in.handlers:
			for _, pod := range in.pods {
				h.told(pod)
			}
			handlers = append(handlers, h)
			close(h.synced)
		case <-ctx.Done():
			return
		}
	}
}

func (in *floorInformer) handle(_ testing.TB, told func(*corev1.Pod)) handler {
	h := &floorHandler{told: told, synced: make(chan struct{})}
	in.handlers <- h
	return h
}

func (in *floorInformer) inNamespace(testing.TB, string) int { panic("nobody reads the floor") }

func (in *floorInformer) handleSlow(testing.TB, func(*corev1.Pod)) handler {
	panic("a slow handler holds up the floor")
}

func (in *floorInformer) handleBatches(testing.TB, func([]*corev1.Pod)) handler {
	panic("the floor has no batches")
}

func (in *floorInformer) handleInLanes(testing.TB, int, func(*corev1.Pod)) handler {
	panic("the floor has one goroutine")
}
