package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// kubeconfig is what this program uses of such a file: an address, what to
// trust and who asks, all in the file itself. What runs other programs to log
// in is for kubectl.
type kubeconfig struct {
	CurrentContext string `json:"current-context"`
	Contexts       []struct {
		Name    string
		Context pair
	}
	Clusters []struct {
		Name    string
		Cluster cluster
	}
	Users []struct {
		Name string
		User user
	}
}

// pair are the names of a cluster and of a user.
type pair struct{ Cluster, User string }

type cluster struct {
	Server        string
	Authority     []byte `json:"certificate-authority-data"`
	AuthorityFile string `json:"certificate-authority"`
}

type user struct {
	Token       string
	Certificate []byte `json:"client-certificate-data"`
	Key         []byte `json:"client-key-data"`
}

// clientOf returns the address of the current context of the file, and a
// client that may speak to it.
func clientOf(file string) (server string, client *http.Client, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", nil, fmt.Errorf("-kubeconfig: %w", err)
	}
	var k kubeconfig
	if err := yaml.Unmarshal(text, &k); err != nil {
		return "", nil, fmt.Errorf("-kubeconfig %s is no kubeconfig: %w", file, err)
	}
	c, u, err := k.current()
	if err != nil {
		return "", nil, fmt.Errorf("-kubeconfig %s: %w", file, err)
	}
	trust, err := trustOf(c, u)
	if err != nil {
		return "", nil, fmt.Errorf("-kubeconfig %s: %w; with kubectl proxy running, -server http://127.0.0.1:8001 works with every file", file, err)
	}
	return c.Server, &http.Client{Transport: bearer{token: u.Token, next: transport(trust)}}, nil
}

// current returns the cluster and the user of the current context.
func (k kubeconfig) current() (c cluster, u user, err error) {
	var names pair
	for _, e := range k.Contexts {
		if e.Name == k.CurrentContext {
			names = e.Context
		}
	}
	for _, e := range k.Clusters {
		if e.Name == names.Cluster {
			c = e.Cluster
		}
	}
	for _, e := range k.Users {
		if e.Name == names.User {
			u = e.User
		}
	}
	if c.Server == "" {
		return c, u, fmt.Errorf("its current-context, %q, leads to no server", k.CurrentContext)
	}
	return c, u, nil
}

func trustOf(c cluster, u user) (*tls.Config, error) {
	trust := &tls.Config{}
	switch {
	case len(c.Authority) > 0:
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(c.Authority) {
			return nil, fmt.Errorf("its certificate-authority-data holds no certificate")
		}
	case c.AuthorityFile != "":
		return nil, fmt.Errorf("its certificates are in other files (kubectl config view --raw --flatten puts them into one)")
	}
	switch {
	case len(u.Certificate) > 0:
		pair, err := tls.X509KeyPair(u.Certificate, u.Key)
		if err != nil {
			return nil, fmt.Errorf("its client certificate: %w", err)
		}
		trust.Certificates = []tls.Certificate{pair}
	case u.Token == "":
		return nil, fmt.Errorf("its user has neither token nor client-certificate-data in the file")
	}
	return trust, nil
}

// transport finds out when a connection is dead: over HTTP/2 all requests share
// one.
func transport(trust *tls.Config) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = trust
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second}
	return t
}

// bearer adds a token, if there is one, to each request.
type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	if b.token != "" {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(req)
}

// CloseIdleConnections lets http.Client close those of the transport below.
func (b bearer) CloseIdleConnections() {
	if c, ok := b.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
