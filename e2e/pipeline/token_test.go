package pipeline

import (
	"crypto/x509"
	"errors"
	"net/http"
)

// withToken sends the harness' token by way of another transport.
type withToken struct {
	token string
	base  http.RoundTripper
}

func (w withToken) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+w.token)
	return w.base.RoundTrip(req)
}

func tlsRoots(pem []byte) (*x509.CertPool, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("the configuration holds no CA")
	}
	return roots, nil
}
