package realserver_test

import (
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/informant-go/informant/e2e/realserver"
)

func TestWithoutWatchCacheACompactionEndsOldVersionsAtOnce(t *testing.T) {
	s := realserver.Start(t, realserver.Options{NoWatchCache: true})
	ctx := within(t, time.Minute)
	ns := s.Namespace(t)
	old := create(ctx, t, s, ns, "a").ResourceVersion
	second := create(ctx, t, s, ns, "b").ResourceVersion
	last := create(ctx, t, s, ns, "c").ResourceVersion
	next := watch(ctx, t, s, ns, second)
	// The answer begins before the watch is etcd's: an event says that it is.
	if e := next(); e.Type != "ADDED" || decode[corev1.ConfigMap](t, e).Name != "c" {
		t.Fatalf("the watch says %s %s, want ADDED c", e.Type, e.Object.Raw)
	}

	revision, err := s.Compact(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := strconv.ParseInt(last, 10, 64); err != nil || revision < n {
		t.Errorf("compacted at %d, before the last write at %s (%v)", revision, last, err)
	}
	wantGone(ctx, t, s, ns, old)

	if n := len(list(ctx, t, s, ns).Items); n != 3 {
		t.Errorf("%d objects after the compaction, want 3", n)
	}
	create(ctx, t, s, ns, "d")
	if e := next(); e.Type != "ADDED" || decode[corev1.ConfigMap](t, e).Name != "d" {
		t.Errorf("the open watch says %s %s, want ADDED d", e.Type, e.Object.Raw)
	}
	if again, err := s.Compact(ctx); err != nil || again <= revision {
		t.Errorf("the second compaction is at %d (%v), the first at %d", again, err, revision)
	}
}
