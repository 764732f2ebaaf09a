package properties

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/internal/watchcheck"
)

// truth is all that is written to the ConfigMaps of a namespace, as etcd has it.
type truth struct {
	server watchcheck.Server
	states *watchcheck.Log // makes states of objects
	prefix string

	mu      sync.Mutex
	version int64         // of the last write; guarded by mu
	moved   chan struct{} // closed by the next, nil when nobody waits; guarded by mu
	wrong   []string      // what could not be understood; guarded by mu
}

// follow begins to note what is written from now on, until the end of the test.
func follow(ctx context.Context, t *testing.T, s *realserver.Server, namespace string) *truth {
	t.Helper()
	url, err := s.Etcd(ctx)
	if err != nil {
		t.Fatal(err)
	}
	etcd, err := clientv3.New(clientv3.Config{Endpoints: []string{url}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	it := &truth{states: watchcheck.NewLog("etcd", nil, nil), prefix: "/registry/configmaps/" + namespace + "/"}
	now, err := etcd.Get(ctx, it.prefix, clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	if len(now.Kvs) > 0 {
		t.Fatalf("there are %d objects before the beginning", len(now.Kvs))
	}
	it.server.Begin(0, nil) // nothing of it is older
	ctx, cancel := context.WithCancel(context.Background())
	writes := etcd.Watch(ctx, it.prefix, clientv3.WithPrefix(), clientv3.WithRev(now.Header.Revision+1))
	var group sync.WaitGroup
	group.Go(func() {
		for answer := range writes {
			it.note(answer)
		}
	})
	t.Cleanup(func() {
		cancel()
		group.Wait()
		_ = etcd.Close() // its context has ended, which it reports
		for _, what := range it.wrong {
			t.Error(what)
		}
	})
	return it
}

func (it *truth) note(answer clientv3.WatchResponse) {
	it.mu.Lock()
	defer it.mu.Unlock()
	if err := answer.Err(); err != nil {
		it.wrong = append(it.wrong, "the watch of etcd: "+err.Error())
	}
	for _, e := range answer.Events {
		key := strings.TrimPrefix(string(e.Kv.Key), "/registry/configmaps/")
		it.version = e.Kv.ModRevision
		if e.Type == clientv3.EventTypeDelete {
			it.server.Deleted(key, uint64(e.Kv.ModRevision))
			continue
		}
		obj, _, err := scheme.Codecs.UniversalDeserializer().Decode(e.Kv.Value, nil, nil)
		c, ok := obj.(*corev1.ConfigMap)
		if err != nil || !ok {
			it.wrong = append(it.wrong, key+" cannot be decoded")
			continue
		}
		c.ResourceVersion = strconv.FormatInt(e.Kv.ModRevision, 10)
		it.server.Wrote(it.states.StateOf(c))
	}
	if it.moved != nil {
		close(it.moved)
		it.moved = nil
	}
}

// await waits until the write of a version is known.
func (it *truth) await(ctx context.Context, t *testing.T, version string) {
	t.Helper()
	want, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	for {
		it.mu.Lock()
		have, moved := it.version, it.moved
		if moved == nil {
			moved = make(chan struct{})
			it.moved = moved
		}
		it.mu.Unlock()
		if have >= want {
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			t.Fatalf("etcd has told of %d, and not of %d: %v", have, want, context.Cause(ctx))
		}
	}
}
