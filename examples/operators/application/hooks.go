package application

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "github.com/informant-go/informant/examples/operators/application/v1"
)

// gate is the mutating and the validating webhook.
type gate struct{}

// Default implements admission.Defaulter.
func (gate) Default(_ context.Context, app *v1.Application) error {
	app.Default()
	return nil
}

// ValidateCreate implements admission.Validator, and so do the others.
func (gate) ValidateCreate(_ context.Context, app *v1.Application) (admission.Warnings, error) {
	return nil, withDefaults(app).Validate()
}

func (gate) ValidateUpdate(_ context.Context, old, app *v1.Application) (admission.Warnings, error) {
	if !app.DeletionTimestamp.IsZero() {
		return nil, nil // let it go
	}
	app = withDefaults(app)
	return nil, errors.Join(app.Validate(), app.ValidateChange(withDefaults(old)))
}

func (gate) ValidateDelete(context.Context, *v1.Application) (admission.Warnings, error) {
	return nil, nil
}

// withDefaults is app as it would be stored: this webhook may be asked without the other.
func withDefaults(app *v1.Application) *v1.Application {
	app = app.DeepCopy()
	app.Default()
	return app
}

// hooks is the server of the webhooks: controller-runtime's, on a listener that is there
// before the manager is, so that whoever installs the webhooks knows where they are.
type hooks struct {
	webhook.Server // keeps the handlers, and serves none
	listener       net.Listener
	certificate    *Certificate
	serving        atomic.Bool
}

// newHooks returns a server of webhooks on a TCP listener; nil is none.
func newHooks(listener net.Listener, certificate *Certificate) webhook.Server {
	port := -1
	if listener != nil {
		port = listener.Addr().(*net.TCPAddr).Port
	}
	return &hooks{
		Server:   webhook.NewServer(webhook.Options{Port: port}),
		listener: listener, certificate: certificate,
	}
}

// StartedChecker implements webhook.Server.
func (h *hooks) StartedChecker() healthz.Checker {
	return func(*http.Request) error {
		if h.listener != nil && !h.serving.Load() {
			return errors.New("application: the webhooks are not served yet")
		}
		return nil
	}
}

// Start implements webhook.Server. It returns when ctx has ended and no request is
// under way.
func (h *hooks) Start(ctx context.Context) error {
	if h.listener == nil {
		return nil
	}
	server := &http.Server{
		Handler:           h.WebhookMux(),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{h.certificate.pair}},
		ReadHeaderTimeout: 10 * time.Second,
	}
	served := make(chan error, 1)
	go func() { served <- server.ServeTLS(h.listener, "", "") }()
	h.serving.Store(true)
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(patient)
	if err != nil { // somebody holds a request open
		err = server.Close()
	}
	<-served
	return err
}

// Certificate is one that the server of the webhooks shows, and signs itself.
type Certificate struct {
	pair tls.Certificate

	// Authority is what clients have to trust, in PEM.
	Authority []byte
}

// NewCertificate makes a certificate for an address: a name or an IP.
func NewCertificate(host string) (*Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: Name},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:        true, BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &Certificate{
		pair:      tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key},
		Authority: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}),
	}, nil
}
