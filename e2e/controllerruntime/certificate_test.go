package controllerruntime

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

// hooks is where a manager's webhook server is.
type hooks struct {
	url string // https, without a path
	ca  []byte // PEM
	dir string
	at  webhook.Options
}

// newHooks makes a certificate for 127.0.0.1 that signs itself, and reserves a port.
func newHooks(x *trial) *hooks {
	x.Helper()
	h := &hooks{dir: x.TempDir()}
	h.at = webhook.Options{Host: "127.0.0.1", Port: x.port(), CertDir: h.dir}
	h.url = fmt.Sprint("https://127.0.0.1:", h.at.Port)
	x.must(h.certify())
	return h
}

func (h *hooks) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "webhooks of a test"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	h.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	if err := os.WriteFile(filepath.Join(h.dir, "tls.crt"), h.ca, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(h.dir, "tls.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600)
}

// serve makes a manager serve its webhooks there.
func (h *hooks) serve(o *manager.Options) { o.WebhookServer = webhook.NewServer(h.at) }
