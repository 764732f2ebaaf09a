package httpsource

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

// pod is the files of a pod's service account and its variables.
type pod struct {
	dir string
	env map[string]string
}

func (p pod) getenv(name string) string { return p.env[name] }

// write writes one of the files; "" removes it.
func (p pod) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(p.dir, name)
	err := os.WriteFile(file, []byte(text), 0o600)
	if text == "" {
		err = os.Remove(file)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// authority is the certificate of server in PEM.
func authority(server *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

// foreignAuthority is a certificate that no server has.
func foreignAuthority(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
}

// podOf is a pod in the cluster of server.
func podOf(t *testing.T, server *httptest.Server) pod {
	t.Helper()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := pod{t.TempDir(), map[string]string{"KUBERNETES_SERVICE_HOST": address.Hostname(), "KUBERNETES_SERVICE_PORT": address.Port()}}
	p.write(t, "ca.crt", authority(server))
	p.write(t, "token", "first-secret\n")
	return p
}

// W12: what is missing in a pod, or cannot be right, is said, and no more than its name.
func TestWhatAPodLacksIsNamed(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	for name, c := range map[string]struct {
		change func(t *testing.T, p pod)
		is     error
		want   string
	}{
		"no pod":             {func(_ *testing.T, p pod) { clear(p.env) }, ErrNotInCluster, "KUBERNETES_SERVICE_HOST"},
		"no port":            {func(_ *testing.T, p pod) { p.env["KUBERNETES_SERVICE_PORT"] = "" }, ErrNotInCluster, "KUBERNETES_SERVICE_PORT"},
		"a port that is not": {func(_ *testing.T, p pod) { p.env["KUBERNETES_SERVICE_PORT"] = "tcp://x" }, nil, "KUBERNETES_SERVICE_PORT"},
		"port 0":             {func(_ *testing.T, p pod) { p.env["KUBERNETES_SERVICE_PORT"] = "0" }, nil, "KUBERNETES_SERVICE_PORT"},
		"a URL":              {func(_ *testing.T, p pod) { p.env["KUBERNETES_SERVICE_HOST"] = "https://api" }, nil, "KUBERNETES_SERVICE_HOST"},
		"brackets":           {func(_ *testing.T, p pod) { p.env["KUBERNETES_SERVICE_HOST"] = "[::1]" }, nil, "without brackets"},
		"no authority":       {func(t *testing.T, p pod) { p.write(t, "ca.crt", "") }, fs.ErrNotExist, "ca.crt"},
		"no certificate":     {func(t *testing.T, p pod) { p.write(t, "ca.crt", "secret") }, nil, "holds no certificate"},
		"a bad certificate": {func(t *testing.T, p pod) {
			p.write(t, "ca.crt", "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n")
		}, nil, "holds no certificate"},
		"a large authority": {func(t *testing.T, p pod) { p.write(t, "ca.crt", strings.Repeat("secret", maxAuthorityBytes)) }, nil, "is larger than"},
		"no token":          {func(t *testing.T, p pod) { p.write(t, "token", "") }, fs.ErrNotExist, "automountServiceAccountToken"},
		"an empty token":    {func(t *testing.T, p pod) { p.write(t, "token", " \n") }, nil, "is empty"},
		"two tokens":        {func(t *testing.T, p pod) { p.write(t, "token", "secret\nsecret") }, nil, "holds no token"},
		"a large token":     {func(t *testing.T, p pod) { p.write(t, "token", strings.Repeat("secret", maxTokenBytes)) }, nil, "is larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			p := podOf(t, server)
			c.change(t, p)
			client, address, err := inCluster(p.dir, p.getenv)
			if err == nil || client != nil || address != "" || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v, %q: %v", client, address, err)
			}
			if errors.Is(err, ErrNotInCluster) != (c.is == ErrNotInCluster) {
				t.Errorf("a fault that is none of the place: %v", err)
			}
		})
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, _, err := InCluster(); !errors.Is(err, ErrNotInCluster) || !strings.HasPrefix(err.Error(), "httpsource: InCluster: ") {
		t.Errorf("got %v", err)
	}
}

// W12: the address is that of the variables; one of IPv6 is in brackets.
func TestTheAddressInACluster(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	for host, want := range map[string]string{"10.0.0.1": "https://10.0.0.1:6443", "fd00::1": "https://[fd00::1]:6443", "kubernetes.default.svc": "https://kubernetes.default.svc:6443"} {
		p := podOf(t, server)
		p.env["KUBERNETES_SERVICE_HOST"], p.env["KUBERNETES_SERVICE_PORT"] = host, "6443"
		_, address, err := inCluster(p.dir, p.getenv)
		if err != nil || address != want {
			t.Errorf("%s: %q, %v", host, address, err)
			continue
		}
		if _, err := New(Config[*Widget]{BaseURL: address, Version: "v1", Resource: "widgets"}); err != nil {
			t.Error(err)
		}
	}
}

// W7, W12: in a cluster a source lists with the account's token over the cluster's
// certificates, and neither it nor the client itself brings the token to another server.
func TestInAClusterTheTokenGoesToTheServerAlone(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("another server is asked")
	}))
	defer other.Close()
	moved := false
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer first-secret" {
			t.Errorf("Authorization %q", got)
		}
		if moved {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, emptyList)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a client that does not trust it is part of the test
	server.StartTLS()
	defer server.Close()
	p := podOf(t, server)
	client, address, err := inCluster(p.dir, p.getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	h := widgets(t, client, func(c *Config[*Widget]) { c.BaseURL = address })
	if _, _, meta, err := collect(h); err != nil || meta.ResourceVersion != "9" {
		t.Errorf("%+v, %v", meta, err)
	}
	moved = true
	_, _, _, listErr := collect(h)
	_, clientErr := client.Get(address)
	_, otherErr := client.Post(other.URL+"/?token=secret", "text/plain", strings.NewReader("x"))
	elsewhere := widgets(t, client, func(c *Config[*Widget]) { c.BaseURL = other.URL })
	_, _, _, sourceErr := collect(elsewhere)
	for i, err := range []error{listErr, clientErr, otherErr, sourceErr} {
		if err == nil || strings.Contains(err.Error(), "first-secret") || !strings.Contains(err.Error(), "another server") {
			t.Errorf("request %d: %v", i, err)
		}
	}

	// Another authority than that of the server.
	strange := pod{t.TempDir(), p.env}
	strange.write(t, "token", "first-secret")
	strange.write(t, "ca.crt", foreignAuthority(t))
	client, _, err = inCluster(strange.dir, strange.getenv)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := collect(widgets(t, client, func(c *Config[*Widget]) { c.BaseURL = address })); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
}

// cluster is a server that takes some tokens, seen through the client of a pod.
type cluster struct {
	pod    pod
	client *http.Client
	takes  []string // the tokens that it takes
	sent   []string // those that it was sent
	logged []string
}

// newCluster is a cluster whose server takes the token that the pod has.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{pod: pod{t.TempDir(), map[string]string{"KUBERNETES_SERVICE_HOST": "api", "KUBERNETES_SERVICE_PORT": "443"}}, takes: []string{"secret-1", "secret-2", "secret-3"}}
	c.pod.write(t, "ca.crt", foreignAuthority(t))
	c.pod.write(t, "token", "secret-1")
	var err error
	if c.client, _, err = inCluster(c.pod.dir, c.pod.getenv); err != nil {
		t.Fatal(err)
	}
	c.client.Transport.(*account).next = roundTrip(func(r *http.Request) (*http.Response, error) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		c.sent = append(c.sent, token)
		if !slices.Contains(c.takes, token) {
			return answering(http.StatusUnauthorized, jsonHeader(), strings.NewReader(`{"kind":"Status","status":"Failure","reason":"Unauthorized","message":"no","code":401}`)).Transport.RoundTrip(r)
		}
		return bodyOf(emptyList).Transport.RoundTrip(r)
	})
	return c
}

// list lists once and returns the token that it was done with, "" for none.
func (c *cluster) list(t *testing.T) (token string, err error) {
	t.Helper()
	before := len(c.sent)
	logger := funcr.New(func(_, args string) { c.logged = append(c.logged, args) }, funcr.Options{})
	ctx := klog.NewContext(t.Context(), logger)
	h := widgets(t, c.client, func(c *Config[*Widget]) { c.BaseURL = "https://api" })
	_, err = h.List(ctx, metav1.ListOptions{}, nil)
	if said := fmt.Sprint(c.logged, err); strings.Contains(said, "secret") {
		t.Errorf("a token stands in %s", said)
	}
	if len(c.sent) > before {
		token = c.sent[before]
	}
	return token, err
}

// is lists and wants it to be done with token.
func (c *cluster) is(t *testing.T, token string) {
	t.Helper()
	if got, err := c.list(t); got != token || err != nil {
		t.Errorf("the token is %q, want %q: %v", got, token, err)
	}
}

// W12: a token that is replaced is sent a minute later at the latest.
func TestATokenIsReadAgainEachMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.pod.write(t, "token", "secret-2")
		<-time.After(tokenAge - time.Second)
		c.is(t, "secret-1")
		<-time.After(time.Second)
		c.is(t, "secret-2")
		c.pod.write(t, "token", "secret-3")
		c.is(t, "secret-2")
		<-time.After(24 * time.Hour)
		c.is(t, "secret-3")
		if len(c.logged) > 0 {
			t.Errorf("logged: %q", c.logged)
		}
	})
}

// W12: while the file is gone or empty the last token is sent on, which is said once; so
// it is the next time.
func TestATokenThatIsGoneIsUsedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		for round, text := range []string{"", "\n"} {
			c.pod.write(t, "token", text)
			for range 5 {
				<-time.After(tokenAge)
				c.is(t, []string{"secret-1", "secret-2"}[round])
			}
			if len(c.logged) != round+1 || !strings.Contains(c.logged[round], "until the server refuses it") || !strings.Contains(c.logged[round], c.pod.dir) {
				t.Errorf("logged: %q", c.logged)
			}
			next := []string{"secret-2", "secret-3"}[round]
			c.pod.write(t, "token", next)
			<-time.After(tokenAge)
			c.is(t, next)
		}
	})
}

// W12: a token that the server refuses is read again at once. Once its file is gone,
// nothing more is sent, and the error says why, until there is a token again.
func TestATokenThatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		refused := func(want string) {
			t.Helper()
			if got, err := c.list(t); got != want || !apierrors.IsUnauthorized(err) || !strings.Contains(err.Error(), "Config.Client") {
				t.Errorf("%q: %v", got, err)
			}
		}
		c.takes = []string{"secret-2"}
		refused("secret-1")
		refused("secret-1") // the file has not changed
		c.pod.write(t, "token", "secret-2")
		c.is(t, "secret-2")

		c.takes = []string{"secret-3"}
		c.pod.write(t, "token", "")
		refused("secret-2")
		for range 3 {
			if got, err := c.list(t); got != "" || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "has refused the last token") || !strings.Contains(err.Error(), "GET https://api/") {
				t.Errorf("%q: %v", got, err)
			}
		}
		c.pod.write(t, "token", "secret-3")
		c.is(t, "secret-3")
		if len(c.logged) > 0 {
			t.Errorf("logged what an error says: %q", c.logged)
		}
	})
}

// W12: several goroutines use one client.
func TestATokenIsSharedByManyRequests(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer second" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections that are not needed after all
	server.StartTLS()
	defer server.Close()
	p := podOf(t, server)
	client, address, err := inCluster(p.dir, p.getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	p.write(t, "token", "second")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan error)
	for range 8 {
		go func() { ended <- untilTaken(ctx, client, address) }()
	}
	for range 8 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// untilTaken asks until the token is taken.
func untilTaken(ctx context.Context, client *http.Client, address string) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
	}
}
