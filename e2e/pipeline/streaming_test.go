package pipeline

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
)

// R1, R2, I6: the first list comes as a stream, and the same stream is the
// watch: one request in all.
func TestTheFirstListIsAStreamAndGoesOnAsTheWatch(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, patience)
	ns := s.Namespace(t)
	client := configMaps(t, s, ns)
	fill(ctx, t, client, 0, 300, asIs)
	w := newWire(s)
	p := start(t, s, settings[*corev1.ConfigMap]{namespace: ns, client: w.client()})
	p.sync(ctx, t)

	initial := p.oracle.since(0)
	if len(initial) != 300 {
		t.Errorf("I6: synced after %d events, want 300", len(initial))
	}
	for _, e := range initial {
		if e.Type != informer.EventAdd || e.Reason != informer.ReasonInitial {
			t.Errorf("%s: %v because of %v, want an initial Add", e.Key, e.Type, e.Reason)
		}
	}
	change(ctx, t, client, numbered(0).Name, "1", nil)
	p.settle(ctx, t, client, nil)
	p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))

	all := w.requests(func(asked) bool { return true })
	if len(all) != 1 || !all[0].watch() || !all[0].streamed() || all[0].query.Get("resourceVersionMatch") != "NotOlderThan" {
		t.Errorf("requests: %v, want one streamed list", all)
	}
	if stats := p.reflector.Stats(); stats.Streamed != 1 || stats.Lists != 0 || stats.Synced != 1 || stats.RelistCount() != 0 {
		t.Errorf("stats: %+v", stats)
	}
}

// R2: a server with a watch cache gives the first list in one answer where any version
// will do.
func TestWithoutStreamingTheFirstListComesFromTheWatchCache(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, patience)
	ns := s.Namespace(t)
	fill(ctx, t, configMaps(t, s, ns), 0, 30, asIs)
	w := newWire(s)
	p := start(t, s, settings[*corev1.ConfigMap]{
		namespace: ns, client: w.client(),
		reflector: reflector.Options{DisableStreaming: true, PageSize: 10, FirstListAnyVersion: true},
	})
	p.sync(ctx, t)
	lists := w.requests(asked.list)
	if len(lists) != 1 || lists[0].query.Get("resourceVersion") != "0" || lists[0].query.Get("limit") != "10" {
		t.Errorf("lists: %v, want one from version 0 in pages of 10", lists)
	}
	p.settle(ctx, t, configMaps(t, s, ns), nil)
	p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
	if n := len(w.requests(asked.streamed)); n > 0 {
		t.Errorf("%d streamed lists although they are switched off", n)
	}
}

// R8: the first list in pages asks for the newest state, as a stream does.
func TestTheFirstListAsksForTheNewestState(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, patience)
	ns := s.Namespace(t)
	fill(ctx, t, configMaps(t, s, ns), 0, 30, asIs)
	w := newWire(s)
	p := start(t, s, settings[*corev1.ConfigMap]{
		namespace: ns, client: w.client(),
		reflector: reflector.Options{DisableStreaming: true, PageSize: 10},
	})
	p.sync(ctx, t)
	lists := w.requests(asked.list)
	if len(lists) != 3 {
		t.Errorf("lists: %v, want 3 pages", lists)
	}
	for _, page := range lists {
		if page.query.Has("resourceVersion") || page.query.Get("limit") != "10" {
			t.Errorf("a page is asked for with %v, want a limit and no version", page.query)
		}
	}
	p.settle(ctx, t, configMaps(t, s, ns), nil)
	p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
}
