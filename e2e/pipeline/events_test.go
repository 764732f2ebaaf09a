package pipeline

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
)

func deltaFIFO[T any](a object.Access[T], o deltafifo.Options[T]) (deltafifo.Queue[T], error) {
	return deltafifo.NewDeltaFIFOWithAccess(a, o)
}

// F1, I1, I2, I3, I4, Q1, Q2: each write of several writers is one event, in order,
// and never ahead of the store; what the handlers know in the end is what the
// server holds.
func TestEachWriteIsOneEventInOrder(t *testing.T) {
	t.Parallel()
	queues := map[string]newQueue[*corev1.ConfigMap]{"in-order queue": nil, "DeltaFIFO": deltaFIFO[*corev1.ConfigMap]}
	for name, queue := range queues {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ctx := server.Server(t), within(t, patience)
			ns := s.Namespace(t)
			p := start(t, s, settings[*corev1.ConfigMap]{namespace: ns, queue: queue})
			p.sync(ctx, t)

			late := make(chan *oracle[*corev1.ConfigMap], 1)
			go func() { late <- joinAfter(ctx, t, p, 100) }()
			journal := write(ctx, t, configMaps(t, s, ns), 6, 120)
			marker := p.settle(ctx, t, configMaps(t, s, ns), nil)

			told := p.oracle.history(func(key string) bool { return !isMarker(key) })
			if diff := cmp.Diff(journal, told); diff != "" {
				t.Errorf("I1: what was written (-) and what the handler was told (+):\n%s", diff)
			}
			listed := typedList(ctx, t, s, ns, metav1.ListOptions{})
			p.agree(t, listed)
			checkLate(ctx, t, p, <-late, marker, listed)
			for _, e := range p.oracle.since(0) {
				if e.Reason != informer.ReasonWatch {
					t.Errorf("%s of %s has reason %v: there was nothing at first, and one list", e.Type, e.Key, e.Reason)
				}
			}
			if stats := p.reflector.Stats(); stats.RelistCount() > 0 {
				t.Errorf("R2: full lists without need: %v, %v", stats.Relists, p.reported())
			}
			t.Logf("%d writes", entries(journal))
		})
	}
}

// joinAfter adds a second handler in the middle of the load.
func joinAfter(ctx context.Context, t *testing.T, p *pipeline[*corev1.ConfigMap], events int) *oracle[*corev1.ConfigMap] {
	late := newOracle(p.informer.Indexer())
	if err := p.oracle.bell.until(ctx, func() bool { return p.oracle.told() >= events }); err != nil {
		t.Error(err)
	}
	if _, err := p.informer.AddHandler(late, informer.HandlerOptions{Name: "late"}); err != nil {
		t.Error(err)
	}
	return late
}

// checkLate is I4: Adds for one snapshot, then exactly what follows.
func checkLate(ctx context.Context, t *testing.T, p *pipeline[*corev1.ConfigMap], late *oracle[*corev1.ConfigMap], marker *corev1.ConfigMap, listed []*corev1.ConfigMap) {
	t.Helper()
	key := marker.Namespace + "/" + marker.Name
	// If it came late, the marker is in its snapshot, which comes in any order.
	if err := late.bell.until(ctx, func() bool { return late.has(key) && late.knowsAll() }); err != nil {
		t.Fatal(err)
	}
	sameObjects(t, "I4: client-go (-) and what a late handler was told (+)", byKey(t, listed), late.rebuilt())
	for _, fault := range late.broken() {
		t.Error("late handler: " + fault)
	}
	all := p.oracle.history(func(string) bool { return true })
	for key, told := range late.history(func(string) bool { return true }) {
		// Its first word is an Add of the state of then; the rest is the end of
		// what the other handler was told.
		rest := told[1:]
		if n := len(all[key]) - len(rest); n < 0 || !slices.Equal(rest, all[key][n:]) {
			t.Errorf("I4: %s: the late handler was told %v, the first one %v", key, told, all[key])
		}
	}
}
