package swap

import (
	"context"

	"github.com/informant-go/informant/reflector"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
)

// onto is a queue of client-go's interface, whoever made it, as our reflector writes to
// it.
type onto struct {
	queue upstream.Queue
	list  []any // of the open list
}

var _ reflector.Sink[*corev1.Pod] = (*onto)(nil)

func (o *onto) Begin(context.Context) error {
	o.list = []any{}
	return nil
}

func (o *onto) Page(_ context.Context, items []*corev1.Pod) error {
	for _, item := range items {
		o.list = append(o.list, item)
	}
	return nil
}

func (o *onto) Commit(_ context.Context, resourceVersion string) error {
	list := o.list
	o.list = nil
	return o.queue.Replace(list, resourceVersion)
}

func (o *onto) Abort() { o.list = nil }

func (o *onto) Add(_ context.Context, pod *corev1.Pod) error    { return o.queue.Add(pod) }
func (o *onto) Update(_ context.Context, pod *corev1.Pod) error { return o.queue.Update(pod) }
func (o *onto) Delete(_ context.Context, pod *corev1.Pod) error { return o.queue.Delete(pod) }

func (o *onto) Bookmark(_ context.Context, resourceVersion string) error {
	if q, takes := o.queue.(upstream.ReflectorBookmarkStore); takes {
		return q.Bookmark(resourceVersion)
	}
	return nil
}
