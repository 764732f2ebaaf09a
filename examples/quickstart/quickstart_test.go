package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/informant-go/informant/reflector/apitest"
	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// on runs the program as settings and args say. What it prints has to fit, and
// the files that it names have to be there.
func on(ctx context.Context, t *testing.T, s settings, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, complaints bytes.Buffer
	code = command(ctx, s, args, &out, &complaints)
	fits(t, out.String())
	fits(t, complaints.String())
	namesFilesThatExist(t, out.String()+complaints.String())
	return code, out.String(), complaints.String()
}

func fits(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(strings.ReplaceAll(text, "    \t", "        ")) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > columns || strings.Contains(line, "\t") {
			t.Errorf("%d characters, or a tab; %d fit:\n%s", n, columns, line)
		}
	}
}

// file matches a path below the root of the repository and the name of a file.
var file = regexp.MustCompile(`\b(?:examples|e2e|reflector|informer)/\w[\w/]*\b|\b\w+\.(?:go|md)\b`)

func namesFilesThatExist(t *testing.T, text string) (names []string) {
	t.Helper()
	names = file.FindAllString(text, -1)
	for _, name := range names {
		_, here := os.Stat(name)
		_, below := os.Stat(filepath.Join("..", "..", name))
		if here != nil && below != nil {
			t.Errorf("the program names %s: %v", name, below)
		}
	}
	return names
}

// inMemory is the main job over an in-memory pipe, with fewer changes.
func inMemory(objects int) settings {
	return settings{objects: objects, pace: 20 * time.Millisecond, workers: 4, start: apitest.StartPipe}
}

func TestEachFaultIsShownWithItsEffectAndTheCacheAgreesInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		code, out, complaints := on(t.Context(), t, inMemory(300))
		if code != 0 || complaints != "" || !strings.Contains(out, "\ncache and server agree\n") {
			t.Fatalf("it exits with %d and says %s\n%s", code, complaints, out)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %v", took)
		}
		text := strings.Join(strings.Fields(out), " ")
		for _, want := range []string{
			`Fault 1 of 4: .* effect: The work queue brought each key back .* all of them [\d.]+ s later.*PUT .*/status .*Service Unavailable.* not behind`,
			`Fault 2 of 4: .* error: .*EOF.* effect: .*from the version that the cache had; no list .*behind for`,
			`Fault 3 of 4: .* error: .*EOF.* effect: .*from the version that the cache had; no list .*behind for`,
			`Fault 4 of 4: .* effect: .*from the version that the cache had, and then listed all again \(why: expired\).*behind for`,
			`keys put back after a failure 25 `,
		} {
			if !regexp.MustCompile(want).MatchString(text) {
				t.Errorf("nothing like %q in\n%s", want, out)
			}
		}
		theLagIsThatOfTheDefaults(t, text)
		theErrorsAreShown(t, out)
	})
}

// theLagIsThatOfTheDefaults: a pause is 0.8 s at least, client-go's number, and
// comes after the silence.
func theLagIsThatOfTheDefaults(t *testing.T, text string) {
	t.Helper()
	lags := regexp.MustCompile(`behind for ([\d.]+) s`).FindAllStringSubmatch(text, -1)
	least := []float64{0.8, silence.Seconds() + 0.8, 0.8}
	if len(lags) != len(least) {
		t.Fatalf("%d faults left the cache behind, not %d", len(lags), len(least))
	}
	for i, lag := range lags {
		if s, err := strconv.ParseFloat(lag[1], 64); err != nil || s < least[i] || s > 20 {
			t.Errorf("fault %d: behind for %s s, %v; by the library's defaults it takes at least %.1f s", i+2, lag[1], err, least[i])
		}
	}
}

func theErrorsAreShown(t *testing.T, out string) {
	t.Helper()
	shown := strings.Count(out, "\n  error: ")
	if counted := regexp.MustCompile(fmt.Sprintf(`all shown above +%d\n`, shown)); shown < 2 || !counted.MatchString(out) {
		t.Errorf("%d errors are shown; the report counts others:\n%s", shown, out)
	}
}

func TestItFailsWhenCacheAndServerDoNotAgree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, s := configMaps(t, apitest.StartPipe)
		defer server.Close()
		s.client = server.Client()
		objects := apitest.Of[*unstructured.Unstructured](server, configs)
		watch := apitest.Match{Verb: apitest.VerbWatch}
		time.AfterFunc(3*time.Second, func() {
			server.Stall(watch)
			_, err := objects.Delete("shop", "a")
			if err == nil {
				_, err = objects.Create(configMap("d"))
			}
			if err == nil {
				_, err = objects.Modify("shop", "b", func(u *unstructured.Unstructured) *unstructured.Unstructured {
					u.SetLabels(map[string]string{"app": "web"})
					return u
				})
			}
			if err != nil {
				t.Error(err)
			}
		})
		code, out, complaints := on(t.Context(), t, s, "-server", server.URL)
		if code != 1 || !strings.Contains(complaints, "do not agree") || strings.Contains(out, "server agree") {
			t.Errorf("it exits with %d and says %s\n%s", code, complaints, out)
		}
		for _, want := range []string{"missing: shop/d\n", "only in the cache: shop/a\n", "different: shop/b\n"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
	})
}

func TestItSaysWhenTheCacheStaysBehindAfterAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(50)
		s.start = func(o apitest.Options) (*apitest.Server, error) {
			server, err := apitest.StartPipe(o)
			if err == nil { // the first watch is good, no other and no list is
				var opened atomic.Bool
				again := func() bool { return opened.Swap(true) }
				server.Inject(apitest.Fault{Match: apitest.Match{Verb: apitest.VerbWatch}, While: again, Do: apitest.Refuse()})
				server.Inject(apitest.Fault{Match: apitest.Match{Verb: apitest.VerbList}, Do: apitest.Refuse()})
			}
			return server, err
		}
		code, out, complaints := on(t.Context(), t, s)
		complaints = strings.Join(strings.Fields(complaints), " ")
		if code != 1 || !strings.Contains(complaints, "Fault 2 of 4: the cache is still behind after 20s") {
			t.Errorf("it exits with %d and says %s\n%s", code, complaints, out)
		}
	})
}

func TestALongOutageIsLoggedOnTheScreenAndOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, s := configMaps(t, apitest.StartPipe)
		defer server.Close()
		s.client = server.Client()
		time.AfterFunc(10*time.Second, server.Down)
		time.AfterFunc(2*time.Minute, func() {
			if err := server.Up(); err != nil {
				t.Error(err)
			}
		})
		code, out, complaints := on(t.Context(), t, s, "-server", server.URL, "-for", "5m")
		if code != 0 || complaints != "" || !strings.Contains(out, "\n  error: ") || !strings.Contains(out, "\n  log: ") {
			t.Errorf("it exits with %d and says %s\n%s", code, complaints, out)
		}
	})
}

var configs = apitest.Resource{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true}

func configMap(name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}
	u.SetNamespace("shop")
	u.SetName(name)
	return u
}

// configMaps is a cluster with three of them.
func configMaps(t *testing.T, start func(apitest.Options) (*apitest.Server, error)) (*apitest.Server, settings) {
	t.Helper()
	server, err := start(apitest.Options{Resources: []apitest.Resource{configs}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		if _, err := apitest.Of[*unstructured.Unstructured](server, configs).Create(configMap(name)); err != nil {
			t.Fatal(err)
		}
	}
	return server, settings{workers: 2}
}

func TestItReadsAClusterWithoutWriting(t *testing.T) {
	server, s := configMaps(t, apitest.Start)
	defer server.Close()
	before := server.ResourceVersion()
	code, out, complaints := on(t.Context(), t, s, "-server", server.URL, "-for", "300ms")
	if code != 0 || complaints != "" || !strings.Contains(out, "cache and server agree") {
		t.Errorf("it exits with %d and says %s\n%s", code, complaints, out)
	}
	if after := server.ResourceVersion(); after != before {
		t.Errorf("the server's version went from %s to %s: something was written", before, after)
	}
}

// kubeconfigOf writes a file for a server, with lines for its cluster and user.
func kubeconfigOf(t *testing.T, server, cluster, user string) (file string) {
	t.Helper()
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: here
contexts: [{name: away, context: {cluster: c2, user: u2}}, {name: here, context: {cluster: c, user: u}}]
clusters: [{name: c2, cluster: {server: "http://127.0.0.1:1"}}, {name: c, cluster: {server: %q, %s}}]
users: [{name: u2, user: {}}, {name: u, user: {%s}}]
`, server, cluster, user)
	file = filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAKubeconfigIsEnoughToReadACluster(t *testing.T) {
	server, s := configMaps(t, apitest.Start)
	defer server.Close()
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Transport:     server.Client().Transport,
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		FlushInterval: -1,
	}
	front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, req)
	}))
	defer front.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
	file := kubeconfigOf(t, front.URL, "certificate-authority-data: "+base64.StdEncoding.EncodeToString(ca), "token: secret")

	code, out, complaints := on(t.Context(), t, s, "-kubeconfig", file, "-for", "300ms")
	if code != 0 || !strings.Contains(out, "cache and server agree") {
		t.Errorf("it exits with %d and says %s\n%s", code, complaints, out)
	}
}

func TestAKubeconfigThatNeedsKubectlIsRefused(t *testing.T) {
	const addr = "https://127.0.0.1:1"
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, want string }{
		{"nowhere", "no such file"},
		{"main.go", "no kubeconfig"},
		{empty, "leads to no server"},
		{kubeconfigOf(t, "", "", "token: x"), "leads to no server"},
		{kubeconfigOf(t, addr, "", "exec: {command: login}"), "kubectl proxy"},
		{kubeconfigOf(t, addr, "certificate-authority: ca.crt", "token: x"), "--flatten"},
		{kubeconfigOf(t, addr, "certificate-authority-data: eA==", "token: x"), "no certificate"},
		{kubeconfigOf(t, addr, "", "client-certificate-data: eA=="), "client certificate"},
	} {
		code, _, complaints := on(t.Context(), t, settings{workers: 1}, "-kubeconfig", c.file)
		if complaints = strings.Join(strings.Fields(complaints), " "); code != 1 || !strings.Contains(complaints, c.want) {
			t.Errorf("%s: it exits with %d and says %s; want something about %q", c.file, code, complaints, c.want)
		}
	}
}

func TestBadInputIsNamed(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-server", "http://127.0.0.1:1", "-resource", "pods"}, "expected version/plural"},
		{[]string{"-server", "somewhere"}, "BaseURL"},
	} {
		code, _, complaints := on(t.Context(), t, settings{workers: 1}, c.args...)
		if code != 1 || !strings.Contains(complaints, c.want) {
			t.Errorf("%q: it exits with %d and says %s; want something about %q", c.args, code, complaints, c.want)
		}
	}
}

func TestAServerThatIsAwayIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, s := configMaps(t, apitest.StartPipe)
		defer server.Close()
		server.Down()
		s.client = server.Client()
		code, _, complaints := on(t.Context(), t, s, "-server", server.URL)
		if code != 1 || !strings.Contains(complaints, server.URL) {
			t.Errorf("it exits with %d and says %s", code, complaints)
		}
	})
}

func TestACommandLineThatMisleadsIsRefused(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"more"}, "unexpected argument"},
		{[]string{"-server", "http://localhost", "-for", "0s"}, "positive"},
		{[]string{"-for", "1m"}, "-server"},
		{[]string{"-resource", "v1/pods"}, "-kubeconfig"},
		{[]string{"-namespace", "shop"}, "-server"},
		{[]string{"-server", "http://localhost", "-kubeconfig", "file"}, "one of them"},
		{[]string{"-debug"}, "-debug"},
		{[]string{"-unknown"}, "-unknown"},
		{[]string{"-for", "soon"}, "soon"},
	} {
		code, out, complaints := on(t.Context(), t, inMemory(1), c.args...)
		if code != 2 || out != "" || !strings.Contains(complaints, c.want) {
			t.Errorf("%q: it exits with %d and says %s; want something about %q", c.args, code, complaints, c.want)
		}
	}
}

// heard passes on what is written, and says when text was.
type heard struct {
	bytes.Buffer
	text *regexp.Regexp
	said chan string
}

func (h *heard) Write(b []byte) (int, error) {
	n, err := h.Buffer.Write(b)
	if found := h.text.FindString(h.String()); found != "" && h.said != nil {
		h.said <- found
		h.said = nil
	}
	return n, err
}

func TestTheDebugPageIsServedUntilTheProgramEnds(t *testing.T) {
	server, s := configMaps(t, apitest.Start)
	defer server.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	said, ended := make(chan string, 1), make(chan int)
	out := heard{text: regexp.MustCompile(`http://127\.0\.0\.1:\d+/\s`), said: said}
	var complaints bytes.Buffer
	go func() {
		ended <- command(ctx, s, []string{"-server", server.URL, "-for", "1h", "-debug", "127.0.0.1:0"}, &out, &complaints)
	}()
	var page string
	select {
	case found := <-said:
		page = strings.TrimSpace(found)
	case code := <-ended:
		t.Fatalf("it exits with %d and says %s", code, complaints.String())
	}
	if body := fetch(t, page); !strings.Contains(body, "quickstart") || !strings.Contains(body, "/api/v1/configmaps") || !strings.Contains(body, "keys") {
		t.Errorf("the page at %s says\n%s", page, body)
	}

	taken := strings.TrimSuffix(strings.TrimPrefix(page, "http://"), "/")
	code, printed, refusal := on(t.Context(), t, s, "-server", server.URL, "-debug", taken)
	if refusal = strings.Join(strings.Fields(refusal), " "); code != 1 || printed != "" || !strings.Contains(refusal, "-debug "+taken) || !strings.Contains(refusal, "free port") {
		t.Errorf("with a port that is taken it exits with %d and says %s", code, refusal)
	}

	interrupt()
	if code := <-ended; code != 1 {
		t.Errorf("it exits with %d and says %s", code, complaints.String())
	}
	fits(t, out.String())
	if resp, err := http.Get(page); err == nil {
		resp.Body.Close()
		t.Error("the page is there after the end of the program")
	}
}

// fetch returns what a page says, on a connection of its own.
func fetch(t *testing.T, url string) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestHelpNamesTheClusterThatAnyoneCanStart(t *testing.T) {
	code, _, help := on(t.Context(), t, inMemory(1), "-h")
	if code != 0 || !strings.Contains(help, "GOWORK=off go -C e2e run ./apiserver") {
		t.Errorf("it exits with %d and says\n%s", code, help)
	}
	if _, err := os.Stat("../../e2e/apiserver"); err != nil {
		t.Error(err)
	}
}

func TestTheDocumentationNamesFilesThatExist(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	doc, _, found := strings.Cut(string(source), "\npackage main")
	if names := namesFilesThatExist(t, doc); !found || len(names) == 0 {
		t.Errorf("it names %q: where to begin to read is missing", names)
	}
	fits(t, doc)
}

func TestInterruptingEndsEverything(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	s := inMemory(100)
	s.start = apitest.Start
	code, _, complaints := on(ctx, t, s)
	if code != 1 || !strings.Contains(complaints, "interrupted") {
		t.Fatalf("it exits with %d and says %s; want to be told that nothing was compared", code, complaints)
	}
}
