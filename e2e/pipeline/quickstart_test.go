package pipeline

import (
	"bytes"
	"context"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/informant-go/informant/e2e/realserver"
)

// R1: the quickstart, as its user runs it against a cluster behind kubectl
// proxy or with a kubeconfig, says that cache and server agree and exits with
// 0.
func TestTheQuickstartAgreesWithARealServer(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, 2*patience)
	program := buildQuickstart(ctx, t)
	for name, how := range map[string][]string{
		"behind a proxy":    {"-server", newProxy(t, s).URL},
		"with a kubeconfig": {"-kubeconfig", s.Kubeconfig()},
	} {
		t.Run(name, func(t *testing.T) { agrees(ctx, t, s, program, how) })
	}
}

// agrees runs program while ConfigMaps come, change and go.
func agrees(ctx context.Context, t *testing.T, s *realserver.Server, program string, how []string) {
	ns := s.Namespace(t)
	client := configMaps(t, s, ns)
	fill(ctx, t, client, 0, 100, asIs)

	var out lines
	out.first = make(chan struct{})
	cmd := exec.CommandContext(ctx, program, append(how, "-namespace", ns, "-for", "2s")...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-out.first:
	case <-ctx.Done():
	}
	change(ctx, t, client, numbered(0).Name, "1", nil)
	remove(ctx, t, client, numbered(3).Name)
	fill(ctx, t, client, 100, 50, asIs)
	if err := cmd.Wait(); err != nil {
		t.Errorf("quickstart: %v", err)
	}
	if text := out.String(); !strings.Contains(text, "cache and server agree") || t.Failed() {
		t.Errorf("it says:\n%s", text)
	}
}

// newProxy is what kubectl proxy is: plain HTTP on loopback, with the
// credentials added on the way.
func newProxy(t *testing.T, s *realserver.Server) *httptest.Server {
	t.Helper()
	target, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     s.Client().Transport,
		FlushInterval: -1,
	})
	t.Cleanup(proxy.Close)
	return proxy
}

// buildQuickstart builds the program from the root module, as a user does.
func buildQuickstart(ctx context.Context, t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "quickstart")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./examples/quickstart")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the quickstart: %v\n%s", err, out)
	}
	return program
}

// lines collects the output of a process, and tells when the first came.
type lines struct {
	first chan struct{}

	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Len() == 0 {
		close(l.first)
	}
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
