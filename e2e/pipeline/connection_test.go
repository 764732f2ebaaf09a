package pipeline

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/informant-go/informant/reflector"
)

// R1, R2, I1: connections that are cut under load, in the midst of frames, cost
// nothing: the watch resumes where it was, there is no further list, and each
// write is one event, not lost and not told twice.
func TestCutConnectionsLoseNothingAndRepeatNothing(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, patience)
	ns := s.Namespace(t)
	r := newRelay(t, s)
	p := start(t, s, settings[*corev1.ConfigMap]{namespace: ns, base: r.url(), client: r.newClient(t, s)})
	p.sync(ctx, t)

	const cuts = 10
	done := make(chan struct{})
	go func() { defer close(done); disturb(ctx, t, p, r, cuts) }()
	journal := writeUntil(ctx, t, configMaps(t, s, ns), 4, 150, done)
	p.settle(ctx, t, configMaps(t, s, ns), nil)

	told := p.oracle.history(func(key string) bool { return !isMarker(key) })
	if diff := cmp.Diff(journal, told); diff != "" {
		t.Errorf("I1: what was written (-) and what the handler was told (+):\n%s", diff)
	}
	p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
	stats := p.reflector.Stats()
	if stats.Restarts < cuts || stats.RelistCount() != 0 || stats.Synced != 1 || stats.Duplicates != 0 {
		t.Errorf("R2: stats: %+v, want at least %d restarts and one list", stats, cuts)
	}
}

// disturb cuts every connection, n times, and delays more or less in between. A
// watch has brought something before it is cut: several that bring nothing would
// call for a list.
func disturb(ctx context.Context, t *testing.T, p *pipeline[*corev1.ConfigMap], r *relay, n int) {
	defer r.delay(0)
	for i := range n {
		r.delay(time.Duration(i%3) * time.Millisecond)
		before := p.reflector.Stats()
		err := p.oracle.bell.until(ctx, func() bool { return p.reflector.Stats().Events >= before.Events+30 })
		if err == nil {
			err = r.bell.until(ctx, func() bool { return r.cut() > 0 })
		}
		// What has arrived of the old watch is read on for a while: it is none that the
		// next watch has brought.
		if err == nil {
			err = p.oracle.bell.until(ctx, func() bool { return p.reflector.Stats().Restarts > before.Restarts })
		}
		if err != nil {
			t.Errorf("cut %d: %v", i, err)
			return
		}
	}
}

// R1, R2: a connection that goes silent without an end is cut by our side, 30
// seconds past the timeout of the watch, and nothing is lost.
func TestASilentConnectionIsCut(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, patience)
	ns := s.Namespace(t)
	client := configMaps(t, s, ns)
	fill(ctx, t, client, 0, 20, asIs)
	r := newRelay(t, s)
	p := start(t, s, settings[*corev1.ConfigMap]{
		namespace: ns, base: r.url(), client: r.newClient(t, s),
		reflector: reflector.Options{MinWatchTimeout: 2 * time.Second},
	})
	p.sync(ctx, t)
	p.settle(ctx, t, client, nil)

	stalled := time.Now()
	if n := r.stall(); n == 0 {
		t.Fatal("no connection was open")
	}
	change(ctx, t, client, numbered(0).Name, "1", nil)
	remove(ctx, t, client, numbered(3).Name)
	p.settle(ctx, t, client, nil)

	if took := time.Since(stalled); took < 29*time.Second {
		t.Errorf("R2: the stream was cut after %v, want 30 s past its timeout", took)
	}
	p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
	if stats := p.reflector.Stats(); stats.Cut != 1 {
		t.Errorf("R2: %d streams were cut by our side, want 1", stats.Cut)
	}
	if err := p.firstError(reflector.ErrSilent); err != nil {
		t.Error(err)
	}
}

// R1, R2: over HTTP/2 a dead connection is noticed by the pings of the client,
// long before the watch is cut. Without them a watch that was cut would be
// tried again on the same dead connection.
func TestADeadHTTP2ConnectionIsNoticedByPings(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, patience)
	ns := s.Namespace(t)
	client := configMaps(t, s, ns)
	fill(ctx, t, client, 0, 20, asIs)
	r := newRelay(t, s)
	p := start(t, s, settings[*corev1.ConfigMap]{namespace: ns, base: r.url(), client: r.newPingingClient(t, s)})
	p.sync(ctx, t)
	p.settle(ctx, t, client, nil)

	before := p.oracle.told()
	if n := r.stall(); n == 0 {
		t.Fatal("no connection was open")
	}
	change(ctx, t, client, numbered(0).Name, "1", nil)
	remove(ctx, t, client, numbered(3).Name)
	p.settle(ctx, t, client, nil)
	p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
	p.wantChanges(t, before, "Update "+numbered(0).Name, "Delete "+numbered(3).Name)
	if stats := p.reflector.Stats(); stats.Cut != 0 || stats.RelistCount() != 0 || stats.Restarts == 0 {
		t.Errorf("R2: stats: %+v, want a watch that went on from where it was", stats)
	}
}

// firstError looks for an error among those that the reflector reported, and
// returns an error if it is not there.
func (p *pipeline[T]) firstError(want error) error {
	all := errors.Join(p.reported()...)
	if errors.Is(all, want) {
		return nil
	}
	return fmt.Errorf("not reported: %v; but %w", want, all)
}
