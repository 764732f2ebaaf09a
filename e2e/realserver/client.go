package realserver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"

	"k8s.io/client-go/rest"
)

// newClient is client-go's transport without its cache, which would keep
// connections open beyond the server's end.
func newClient(config *rest.Config) (*http.Client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(config.CAData) {
		return nil, errors.New("the kubeconfig holds no CA")
	}
	return &http.Client{Transport: &bearer{
		token: config.BearerToken,
		base: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: roots},
			ForceAttemptHTTP2: true,
		},
	}}, nil
}

// bearer adds a token to each request.
type bearer struct {
	token string
	base  *http.Transport
}

// RoundTrip sends a copy of the request, since the original is the caller's.
func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.base.RoundTrip(req)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections through.
func (b *bearer) CloseIdleConnections() { b.base.CloseIdleConnections() }
