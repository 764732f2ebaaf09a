package httpsource

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/klog/v2"
)

const (
	// accountDir is where Kubernetes puts the files of a pod's service account.
	accountDir = "/var/run/secrets/kubernetes.io/serviceaccount"

	// tokenAge is how old a token may be before its file is read again. One that
	// is replaced is valid for some more minutes at least.
	tokenAge = time.Minute

	// maxTokenBytes and maxAuthorityBytes are the largest files that are read.
	maxTokenBytes     = 64 << 10
	maxAuthorityBytes = 1 << 20
)

// ErrNotInCluster says that the program does not run in a pod: the variables are not
// set that Kubernetes sets there. It corresponds to client-go's rest.ErrNotInCluster.
var ErrNotInCluster = errors.New("not in a cluster, as KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not both set: in a pod they are; elsewhere set httpsource.Config.BaseURL and Client yourself")

// InCluster returns what a program in a pod needs to speak to its API server as its
// service account: the client for Config.Client and the address for Config.BaseURL. The
// address is that of KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, the
// certificates to trust and the token are in files of the pod. It corresponds to
// client-go's rest.InClusterConfig.
//
// Outside of a cluster the error is or wraps ErrNotInCluster. Any other says which
// variable or file is missing or cannot be right. Nothing is sent yet.
//
// The token's file is read again when the token is a minute old, and after each answer
// that refuses it (401): Kubernetes replaces tokens before they end. While the file is
// gone, or holds no token, the last token is sent on, which is logged once as an error
// by the logger of the request's context, as klog.FromContext finds it. When the server
// has refused that token, requests fail with what is wrong with the file. The
// certificates are read once.
//
// The token is sent to the scheme, host and port of the API server only: a request to
// another one fails and a redirect to it is not followed. No error and no log line has
// it. The client may be used by several goroutines and shared by all sources, and is
// not changed by them.
func InCluster() (client *http.Client, baseURL string, err error) {
	client, baseURL, err = inCluster(accountDir, os.Getenv)
	if err != nil {
		return nil, "", fmt.Errorf("httpsource: InCluster: %w", err)
	}
	return client, baseURL, nil
}

// inCluster is InCluster with the files in dir.
func inCluster(dir string, getenv func(string) string) (*http.Client, string, error) {
	server, err := serviceURL(getenv("KUBERNETES_SERVICE_HOST"), getenv("KUBERNETES_SERVICE_PORT"))
	if err != nil {
		return nil, "", err
	}
	roots, err := readAuthority(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return nil, "", err
	}
	transport := pinging()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	transport.ForceAttemptHTTP2 = true
	a := &account{server: origin(server), file: filepath.Join(dir, "token"), next: transport}
	if err := a.renew(time.Now()); err != nil {
		return nil, "", err
	}
	return &http.Client{Transport: a, CheckRedirect: careful(nil)}, server.String(), nil
}

// serviceURL is the address of the API server.
func serviceURL(host, port string) (*url.URL, error) {
	if host == "" || port == "" {
		return nil, ErrNotInCluster
	}
	if _, err := netip.ParseAddr(host); err != nil && len(validation.IsDNS1123Subdomain(strings.ToLower(host))) > 0 {
		return nil, fmt.Errorf("KUBERNETES_SERVICE_HOST is %.100q: set it to an IP address without brackets, or to the name of a host", host)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, fmt.Errorf("KUBERNETES_SERVICE_PORT is %.100q: set it to a port, 1 to 65535", port)
	}
	return &url.URL{Scheme: "https", Host: net.JoinHostPort(host, port)}, nil
}

// readAuthority reads which certificates are to be trusted.
func readAuthority(file string) (*x509.CertPool, error) {
	text, err := readSmall(file, maxAuthorityBytes)
	if err != nil {
		return nil, fmt.Errorf("the certificates to trust cannot be read: %w: in a pod the file is part of its service account's volume", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("the file %s holds no certificate in PEM that can be parsed: it should be that of the cluster's authority", file)
	}
	return roots, nil
}

// readToken reads a token.
func readToken(file string) (string, error) {
	text, err := readSmall(file, maxTokenBytes)
	token := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", fmt.Errorf("the token cannot be read: %w: let the pod mount its service account's token (automountServiceAccountToken)", err)
	case token == "":
		return "", fmt.Errorf("the token's file %s is empty", file)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return "", fmt.Errorf("the token's file %s holds no token: there are blanks, control characters or others that no token has", file)
	}
	return token, nil
}

// readSmall reads a file that is not larger than max bytes.
func readSmall(file string, max int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(text)) > max {
		err = fmt.Errorf("the file %s is larger than %d bytes", file, max)
	}
	return text, err
}

// An account sends requests to one server with the token that is in a file.
type account struct {
	server string // its origin, the only one that the token is sent to
	file   string
	next   http.RoundTripper

	mu      sync.Mutex
	token   string    // guarded by mu; "" once it is refused and there is no other
	read    time.Time // guarded by mu: when the file was read last
	failed  error     // guarded by mu: why there is no newer token, nil if there is
	refused bool      // guarded by mu: the server has refused token
}

// RoundTrip sends a copy of req, with the token.
func (a *account) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := a.current(req.Context())
	if origin(req.URL) != a.server {
		err = fmt.Errorf("the request is for %s, another server than that of the cluster, %s, which the token of the service account is for: set httpsource.Config.BaseURL to the address that InCluster returns", shown(req.URL), a.server)
	}
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper has to
		}
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := a.next.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		a.refuse(token)
	}
	return resp, err
}

// CloseIdleConnections lets http.Client close those of the transport below.
func (a *account) CloseIdleConnections() {
	if c, ok := a.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// current returns the token to send now.
func (a *account) current(ctx context.Context) (string, error) {
	a.mu.Lock()
	var news error
	if a.refused || time.Since(a.read) >= tokenAge {
		news = a.renew(time.Now())
	}
	token, failed := a.token, a.failed
	a.mu.Unlock()
	if token == "" {
		return "", fmt.Errorf("%w; the server has refused the last token", failed)
	}
	if news != nil {
		klog.FromContext(ctx).Error(news, "The last token of the service account is used until the server refuses it", "file", a.file)
	}
	return token, nil
}

// renew reads the token again. It returns an error only if the last time was none. The
// caller holds mu, but for the first time.
func (a *account) renew(now time.Time) (news error) {
	token, err := readToken(a.file)
	a.read = now
	if err != nil {
		if a.failed == nil {
			news = err
		}
		a.failed = err
		if a.refused {
			a.token = ""
		}
		return news
	}
	a.refused = a.refused && token == a.token
	a.token, a.failed = token, nil
	return nil
}

// refuse notes that the server has refused token.
func (a *account) refuse(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused = a.refused || token == a.token
}
