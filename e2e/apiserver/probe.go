package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
)

// probe asks an API server whether it is ready.
type probe struct {
	url    string
	token  string
	client *http.Client
}

func newProbe(url string, dir directory) (*probe, error) {
	ca, token, err := dir.credentials()
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s holds no certificate", dir.certificate())
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	return &probe{url: url, token: token, client: &http.Client{Transport: transport}}, nil
}

// ready asks for the namespace too: the server makes it after /readyz turns
// well, and a client's first create may need it.
func (p *probe) ready(ctx context.Context) error {
	for _, path := range []string{"/readyz", "/api/v1/namespaces/default"} {
		if err := p.get(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

func (p *probe) get(ctx context.Context, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", path, resp.Status)
	}
	return nil
}

func (p *probe) close() { p.client.CloseIdleConnections() }
