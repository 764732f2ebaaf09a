package realserver_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/informant-go/informant/e2e/realserver"
)

func TestARestartKeepsObjectsAndWithACompactionEndsOldVersions(t *testing.T) {
	s := realserver.Start(t, realserver.Options{FeatureGates: map[string]bool{"ShardedListAndWatch": true}})
	ctx := within(t, 3*time.Minute)
	ns := s.Namespace(t)
	old := create(ctx, t, s, ns, "a").ResourceVersion
	create(ctx, t, s, ns, "b")
	create(ctx, t, s, ns, "c")
	before, url := list(ctx, t, s, ns), s.URL()

	if _, err := s.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if s.URL() != url {
		t.Errorf("the URL was %s and is %s", url, s.URL())
	}
	if diff := cmp.Diff(before.Items, list(ctx, t, s, ns).Items); diff != "" {
		t.Errorf("objects before (-) and after (+) the restart:\n%s", diff)
	}
	wantGone(ctx, t, s, ns, old)

	t.Run("feature gates stay", func(t *testing.T) {
		metrics := send(ctx, t, s, "/metrics")
		defer metrics.Body.Close()
		if !bodyHas(t, metrics, `kubernetes_feature_enabled{name="ShardedListAndWatch",stage="ALPHA"} 1`) {
			t.Error("the gate is off")
		}
	})
	t.Run("down refuses connections until up", func(t *testing.T) {
		if err := s.Down(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Client().Get(url + "/readyz"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("while down: %v, want a refused connection", err)
		}
		if err := s.Down(ctx); err == nil {
			t.Error("Down of a server that is down is no error")
		}
		if err := s.Up(ctx); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before.Items, list(ctx, t, s, ns).Items); diff != "" {
			t.Errorf("objects before (-) and after (+):\n%s", diff)
		}
	})
}

func TestADirectoryIsUsedAgain(t *testing.T) {
	ctx := within(t, 3*time.Minute)
	o := realserver.Options{Dir: t.TempDir()}
	first := realserver.Start(t, o)
	ns := first.Namespace(t)
	create(ctx, t, first, ns, "a")
	before, token := list(ctx, t, first, ns), first.RESTConfig().BearerToken
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first.Kubeconfig()); err != nil {
		t.Errorf("a directory that was given is not kept: %v", err)
	}

	second := realserver.Start(t, o)
	if second.RESTConfig().BearerToken != token {
		t.Error("the token is another one")
	}
	if diff := cmp.Diff(before.Items, list(ctx, t, second, ns).Items); diff != "" {
		t.Errorf("objects of the first (-) and the second (+) server:\n%s", diff)
	}
}

func TestADirectoryHasOneServerAtATime(t *testing.T) {
	s := server.Server(t)
	dir := filepath.Dir(s.Kubeconfig())
	_, err := realserver.Launch(within(t, time.Minute), realserver.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("%v, want an error that says that the directory is in use", err)
	}
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	_, err := realserver.Launch(within(t, time.Minute), realserver.Options{Flags: []string{"--no-such-flag"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-flag") {
		t.Errorf("%v, want an error that names the flag", err)
	}
}
