package main

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
	"strings"
	"time"
)

// writeCredentials makes the token, the key and the certificate. The certificate
// is its own CA; the key signs service account tokens as well. The tokens come
// last, since their file tells that the others are there.
func (d directory) writeCredentials() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: "informant-apiserver"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(10, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:              []string{"localhost", "kubernetes.default.svc"},
	}
	certDER, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	if err := writePEM(d.key(), "EC PRIVATE KEY", keyDER); err != nil {
		return err
	}
	if err := writePEM(d.certificate(), "CERTIFICATE", certDER); err != nil {
		return err
	}
	tokens := rand.Text() + `,admin,admin,"system:masters"` + "\n"
	return os.WriteFile(d.tokens(), []byte(tokens), 0o600)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// credentials returns the CA in PEM and the token.
func (d directory) credentials() (ca []byte, token string, err error) {
	ca, err = os.ReadFile(d.certificate())
	if err != nil {
		return nil, "", err
	}
	tokens, err := os.ReadFile(d.tokens())
	if err != nil {
		return nil, "", err
	}
	token, _, ok := strings.Cut(string(tokens), ",")
	if !ok {
		return nil, "", fmt.Errorf("%s holds no token", d.tokens())
	}
	return ca, token, nil
}
