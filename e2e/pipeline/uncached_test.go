package pipeline

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
)

// A server without a watch cache answers from etcd, so that it pages the first
// list and forgets what is compacted at once. The tests take turns, since a
// compaction concerns all.
func TestOnAServerWithoutWatchCache(t *testing.T) {
	t.Parallel()
	s := realserver.Start(t, realserver.Options{NoWatchCache: true})
	t.Run("a list comes in pages", func(t *testing.T) { pages(t, s) })
	t.Run("a list that expires half way is made again", func(t *testing.T) { expiresBetweenPages(t, s) })
	for name, o := range map[string]settings[*corev1.ConfigMap]{
		"streamed":              {},
		"paged":                 {reflector: reflector.Options{DisableStreaming: true, PageSize: 7}},
		"streamed to DeltaFIFO": {queue: deltaFIFO[*corev1.ConfigMap]},
	} {
		t.Run("after a compaction there is a full list, "+name, func(t *testing.T) { relists(t, s, o) })
	}
}

// pages: R1, R2, R4.
func pages(t *testing.T, s *realserver.Server) {
	ctx := within(t, patience)
	ns := s.Namespace(t)
	client := configMaps(t, s, ns)
	fill(ctx, t, client, 0, 95, asIs)
	w := newWire(s)
	p := start(t, s, settings[*corev1.ConfigMap]{
		namespace: ns, client: w.client(),
		reflector: reflector.Options{DisableStreaming: true, PageSize: 10},
	})
	p.sync(ctx, t)

	lists := w.requests(asked.list)
	if len(lists) != 10 {
		t.Errorf("%d pages, want 10 of 10 objects at most: %v", len(lists), lists)
	}
	for i, page := range lists {
		if token := page.query.Get("continue"); page.query.Get("limit") != "10" || (token != "") != (i > 0) {
			t.Errorf("page %d: %v, want a limit of 10 and, but for the first, a continue token", i, page.query)
		}
	}
	if n := len(w.requests(asked.streamed)); n > 0 {
		t.Errorf("%d streamed lists although they are switched off", n)
	}
	change(ctx, t, client, numbered(0).Name, "1", nil)
	p.settle(ctx, t, client, nil)
	p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
	if stats := p.reflector.Stats(); stats.Pages != 10 || stats.Lists != 1 || stats.RelistCount() != 0 || stats.Refused != 0 {
		t.Errorf("stats: %+v", stats)
	}
}

// expiresBetweenPages: R1, F2: the pages of a version that is gone are dropped,
// and nobody hears of them.
func expiresBetweenPages(t *testing.T, s *realserver.Server) {
	ctx := within(t, patience)
	ns := s.Namespace(t)
	client := configMaps(t, s, ns)
	fill(ctx, t, client, 0, 30, asIs)
	w := newWire(s)
	second, goOn := make(chan struct{}), make(chan struct{})
	reached, proceed := sync.OnceFunc(func() { close(second) }), sync.OnceFunc(func() { close(goOn) })
	defer proceed()
	w.fault = func(a asked) (*http.Response, error) {
		if a.query.Get("continue") != "" {
			reached()
			<-goOn
		}
		return nil, nil
	}
	p := start(t, s, settings[*corev1.ConfigMap]{
		namespace: ns, client: w.client(),
		reflector: reflector.Options{DisableStreaming: true, PageSize: 10},
	})
	select {
	case <-second:
	case <-ctx.Done():
		t.Fatal("a second page was not asked for")
	}
	remove(ctx, t, client, numbered(0).Name) // it was on the first page
	create(ctx, t, client, configMap("aaa", nil))
	create(ctx, t, client, configMap("aab", nil))
	compact(t, s)
	proceed()
	p.sync(ctx, t)
	p.settle(ctx, t, client, nil)
	p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
	stats := p.reflector.Stats()
	if stats.Expired == 0 || stats.Lists != 2 || stats.Synced != 1 {
		t.Errorf("stats: %+v, want a list that expired and one that is complete", stats)
	}
	if p.oracle.has(ns + "/" + numbered(0).Name) {
		t.Error("F2: the handler was told of an object of the list that expired")
	}
}

// relists: R1, R2, F2, I1: the version where the watch was cut is compacted, so
// there is one full list, of which the handler hears the differences.
func relists(t *testing.T, s *realserver.Server, o settings[*corev1.ConfigMap]) {
	ctx := within(t, patience)
	ns := s.Namespace(t)
	client := configMaps(t, s, ns)
	fill(ctx, t, client, 0, 40, asIs)
	w := newWire(s)
	o.namespace, o.client = ns, w.client()
	p := start(t, s, o)
	p.sync(ctx, t)
	p.settle(ctx, t, client, nil)
	before, stats := p.oracle.told(), p.reflector.Stats()

	w.hold()
	if n := w.cut(); n != 1 {
		t.Errorf("%d streams were open, want 1", n)
	}
	change(ctx, t, client, numbered(0).Name, "1", nil)
	change(ctx, t, client, numbered(0).Name, "2", nil)
	remove(ctx, t, client, numbered(3).Name)
	remove(ctx, t, client, numbered(6).Name)
	create(ctx, t, client, configMap(numbered(6).Name, nil)) // another object of that name
	create(ctx, t, client, configMap("new", nil))
	create(ctx, t, client, configMap("short-lived", nil))
	remove(ctx, t, client, "short-lived")
	compact(t, s)
	w.release()
	p.settle(ctx, t, client, nil)

	p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
	checkRelistEvents(t, p.oracle.since(before))
	now := p.reflector.Stats()
	if now.Expired != stats.Expired+1 || now.RelistCount() != stats.RelistCount()+1 || now.Relists[reflector.RelistExpired] == 0 {
		t.Errorf("R2: stats were %+v and are %+v, want one 410 and one full list because of it", stats, now)
	}
	if now.Synced != stats.Synced+1 {
		t.Errorf("R2: %d full lists, want %d", now.Synced, stats.Synced+1)
	}
}

// checkRelistEvents wants the differences of relists, and nothing else.
func checkRelistEvents(t *testing.T, events []informer.Event[*corev1.ConfigMap]) {
	t.Helper()
	var got []string
	for _, e := range events {
		if isMarker(e.Key) {
			continue
		}
		if e.Reason != informer.ReasonRelist || e.FinalStateUnknown != (e.Type == informer.EventDelete) {
			t.Errorf("%s: reason %v, final state unknown %v", word(e), e.Reason, e.FinalStateUnknown)
		}
		got = append(got, word(e))
	}
	slices.Sort(got)
	want := []string{
		"Add new", "Add " + numbered(6).Name,
		"Delete " + numbered(3).Name, "Delete " + numbered(6).Name,
		"Update " + numbered(0).Name,
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("I1, F2: differences (-) and events (+):\n%s", diff)
	}
}

// compact makes the server forget all that was before the last write but one.
func compact(t *testing.T, s *realserver.Server) {
	t.Helper()
	revision, err := s.Compact(t.Context())
	if err != nil {
		t.Errorf("compact: %v", err)
	}
	t.Log("compacted at " + strconv.FormatInt(revision, 10))
}
