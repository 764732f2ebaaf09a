package httpsource

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// maxRedirects is how many redirects a request follows.
	maxRedirects = 5

	// errorBodyTime is how long the text of an error may take to come.
	errorBodyTime = 5 * time.Second
)

// target is how errors name what they are about.
type target struct {
	method, url string
	resource    schema.GroupResource
}

// requestError is an error with the request that it is about.
type requestError struct {
	target target
	err    error
}

// failed names the request that err is about, nil for nil.
func (t target) failed(err error) error {
	if err == nil {
		return nil
	}
	return &requestError{target: t, err: err}
}

// Error names method, URL, resource and reason.
func (e *requestError) Error() string {
	return fmt.Sprintf("%s %s (%s): %v", e.target.method, e.target.url, e.target.resource, e.err)
}

// Unwrap returns the reason.
func (e *requestError) Unwrap() error { return e.err }

// get sends a request and returns the answer if it can be one of the API. cancel ends
// ctx. A server that refuses to choose among encodings (406, 415) is asked for JSON,
// from then on.
func (s *Source[T]) get(ctx context.Context, cancel func(), opts metav1.ListOptions) (*http.Response, error) {
	accept := s.codec.accept(opts.Watch, s.plain.Load())
	resp, err := s.send(ctx, opts, accept)
	if err == nil && accept != jsonType && choosesNone(resp.StatusCode) {
		resp.Body.Close()
		resp, err = s.send(ctx, opts, jsonType)
		if err == nil && resp.StatusCode == http.StatusOK {
			s.plain.Store(true)
		}
	}
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK && s.codec.dialectOf(resp) != nil {
		return resp, nil
	}
	defer resp.Body.Close()
	defer time.AfterFunc(errorBodyTime, cancel).Stop()
	return nil, statusError(resp, s.codec.target)
}

// choosesNone reports whether code says that none of the encodings will do.
func choosesNone(code int) bool {
	return code == http.StatusNotAcceptable || code == http.StatusUnsupportedMediaType
}

// send sends a request.
func (s *Source[T]) send(ctx context.Context, opts metav1.ListOptions, accept string) (*http.Response, error) {
	opts.LabelSelector, opts.FieldSelector = s.config.LabelSelector, s.config.FieldSelector
	u := s.url
	var err error
	if u.RawQuery, err = queryOf(opts); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, bare(err)
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", s.config.UserAgent)
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, bare(err)
	}
	resp.Body = countedBody{resp.Body, &s.bytes}
	return resp, nil
}

// bare is err without the URL that net/http puts around it. net/http quotes the
// Location of a redirect that it cannot parse, in an error without a type.
func bare(err error) error {
	var named *url.Error
	if !errors.As(err, &named) {
		return err
	}
	if strings.HasPrefix(named.Err.Error(), "failed to parse Location") {
		return errors.New("the answer is a redirect to an address that cannot be parsed: check the address (httpsource.Config.BaseURL) and what is in between")
	}
	return named.Err
}

// patient is client without its Timeout, and careful with redirects.
func patient(client *http.Client) *http.Client {
	if client == nil {
		client = &http.Client{Transport: pinging()}
	}
	c := *client
	c.Timeout = 0
	c.CheckRedirect = careful(c.CheckRedirect)
	return &c
}

// careful follows a redirect only where credentials may go that a transport
// adds to whatever it sends. also, if not nil, has to agree.
func careful(also func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		to := shown(req.URL)
		switch first := via[0]; {
		case origin(req.URL) != origin(first.URL):
			return fmt.Errorf("the answer is a redirect to %s, another server, which is not followed since the credentials would go there: set httpsource.Config.BaseURL to the address of the API server itself", to)
		case req.URL.User != nil && (first.URL.User == nil || *req.URL.User != *first.URL.User):
			return fmt.Errorf("the answer is a redirect to %s with a user name in it, which is not followed since it would replace the credentials: set httpsource.Config.BaseURL to the address that it leads to, and the credentials in httpsource.Config.Client", to)
		case first.Method != http.MethodGet:
			return fmt.Errorf("the answer is a redirect to %s, which is not followed for a write: set httpsource.Config.BaseURL to the address that it leads to", to)
		case len(via) > maxRedirects:
			return fmt.Errorf("the answers are more than %d redirects, the last one to %s: check the address (httpsource.Config.BaseURL) and what is in between", maxRedirects, to)
		case also != nil:
			return also(req, via)
		}
		return nil
	}
}

// origin is scheme, host and port of u.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// pinging returns a transport that notices dead connections, as soon as
// client-go's do.
func pinging() *http.Transport {
	transport := &http.Transport{}
	if def, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = def.Clone()
	}
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second}
	return transport
}
