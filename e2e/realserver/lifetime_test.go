package realserver_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/informant-go/informant/e2e/realserver"
)

func TestAStoppedServerLeavesNothing(t *testing.T) {
	s := realserver.Start(t, realserver.Options{})
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(s.Kubeconfig())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its directory is left (%v)", err)
	}
	if _, err := s.Compact(t.Context()); err == nil {
		t.Error("it takes commands")
	}
	if err := s.Stop(); err != nil {
		t.Errorf("the second Stop: %v", err)
	}
}

func TestAQuestionThatIsGivenUpDoesNotDisturbTheNext(t *testing.T) {
	s, ctx := server.Server(t), within(t, time.Minute)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	for range 3 {
		// Some of them are sent before the context is looked at, some are not.
		if _, err := s.Compact(gone); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if err := s.Up(ctx); err == nil || !strings.Contains(err.Error(), "is up") {
		t.Errorf("%v, want the answer to Up", err)
	}
}

func TestAServerEndsWithATestProcessThatIsKilled(t *testing.T) {
	ctx := within(t, 3*time.Minute)
	kubeconfig := killedVictim(ctx, t)
	// The directory goes last, when both processes are done.
	poll(ctx, t, func() bool {
		_, err := os.Stat(kubeconfig)
		return errors.Is(err, fs.ErrNotExist)
	})
}

// killedVictim starts a test process with a server, kills it when the server
// answers, and returns the path of its kubeconfig.
func killedVictim(ctx context.Context, t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		_ = cmd.Wait()
		t.Fatalf("the test process says %q: %v", line, err)
	}
	kubeconfig := strings.TrimSpace(line)
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // It was killed.
	poll(ctx, t, func() bool {
		resp, err := http.Get(config.Host)
		if err == nil {
			resp.Body.Close()
		}
		return err != nil && strings.Contains(err.Error(), "refused")
	})
	return kubeconfig
}

// poll asks until the answer is yes; another process has no channel to wait on.
func poll(ctx context.Context, t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it never happened")
		}
	}
}

func bodyHas(t *testing.T, resp *http.Response, part string) bool {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(b), part)
}
