package wire

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"k8s.io/client-go/rest"
)

// Wire is the way to one API server. Any goroutine may call its methods.
type Wire struct {
	config *rest.Config // nobody changes it
	base   *url.URL     // of the server, without a slash at the end
	sends  *http.Client
	asked  *http.Client

	jsonOnly bool
	typed    error // why typed objects stay with their client, nil if they do not
}

// ErrNoConfig is the error for a config that is nil.
var ErrNoConfig = errors.New("the rest.Config is nil: pass the one that the clients were made from")

// New returns the way to the server of config, which is copied. The error says why there is
// none.
func New(config *rest.Config) (*Wire, error) {
	if config == nil {
		return nil, ErrNoConfig
	}
	w := &Wire{config: rest.CopyConfig(config)}
	w.config.UserAgent = cmp.Or(config.UserAgent, rest.DefaultKubernetesUserAgent())
	base, _, err := rest.DefaultServerUrlFor(w.config)
	if err != nil {
		return nil, fmt.Errorf("the rest.Config has no address of a server: %w", err)
	}
	w.base = base.JoinPath("/")
	w.base.Path = strings.TrimSuffix(w.base.Path, "/")
	client, err := rest.HTTPClientFor(w.config)
	if err != nil {
		return nil, fmt.Errorf("the rest.Config makes no client: %w", err)
	}
	next := client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	w.sends = &http.Client{Transport: &notes{next: next, warn: warner(w.config)}, CheckRedirect: client.CheckRedirect, Jar: client.Jar}
	w.asked = &http.Client{Transport: &prober{wire: w, next: next}, CheckRedirect: client.CheckRedirect, Jar: client.Jar, Timeout: client.Timeout}
	w.jsonOnly, w.typed = negotiated(config)
	return w, nil
}

// negotiated reads what config says of encodings. Without a word protobuf is asked for
// where there is any.
func negotiated(config *rest.Config) (jsonOnly bool, err error) {
	if config.NegotiatedSerializer != nil {
		return false, errors.New("the rest.Config has a NegotiatedSerializer of its own")
	}
	accepts := cmp.Or(config.AcceptContentTypes, config.ContentType)
	if accepts == "" {
		return false, nil
	}
	var json bool
	for accepted := range strings.SplitSeq(accepts, ",") {
		mediaType, _, _ := strings.Cut(accepted, ";")
		switch strings.ToLower(strings.TrimSpace(mediaType)) {
		case "application/vnd.kubernetes.protobuf":
			return false, nil
		case "application/json":
			json = true
		}
	}
	if !json {
		return false, fmt.Errorf("the rest.Config asks for %q, which is neither protobuf nor JSON", accepts)
	}
	return true, nil
}

// Config is a copy of the config, with which a client of client-go is to be made over
// Client.
func (w *Wire) Config() *rest.Config { return rest.CopyConfig(w.config) }

// Client is the http.Client for a client of client-go whose ListerWatchers are given to
// Over. Requests to other servers than that of the config fail in it, since they would take
// the credentials there.
func (w *Wire) Client() *http.Client { return w.asked }

// Serves returns why the server of a client, which is at base, is not that of w, or nil.
func (w *Wire) Serves(base *url.URL) error {
	if sameServer(base, w.base) && strings.TrimSuffix(base.Path, "/") == w.base.Path {
		return nil
	}
	return fmt.Errorf("its client is one of %s, and the rest.Config is for %s", base.Redacted(), w.base.Redacted())
}

func sameServer(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }
