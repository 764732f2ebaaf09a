package httpsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// bearer adds a token to whatever it sends, as client-go's transports do.
type bearer struct{ hosts []string }

func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	b.hosts = append(b.hosts, r.URL.Scheme+"://"+r.URL.Host)
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer secret")
	return http.DefaultTransport.RoundTrip(r)
}

const emptyList = `{"kind":"WidgetList","apiVersion":"example.org/v1","metadata":{"resourceVersion":"9"},"items":[]}`

// W7: a redirect is followed to the same origin only: the transport would send the
// credentials anywhere.
func TestRedirectsStayOnTheirServer(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		refused  bool
	}{
		"another host":              {"http://api", "http://evil/x?token=secret", true},
		"another port":              {"http://api:8080", "http://api:8081/x", true},
		"the default port":          {"https://api", "https://api:8443/x", true},
		"down to http":              {"https://api", "http://api/x", true},
		"up to https":               {"http://api", "https://api/x", true},
		"a password of another":     {"http://api", "http://u:secret@evil/x", true},
		"a name that begins alike":  {"http://api", "http://api.evil/x", true},
		"a user's name alone":       {"http://api", "http://secret@api/x", true},
		"a user of its own":         {"http://api", "http://u:secret@api/x", true},
		"another user":              {"http://me:pw@api", "http://u:secret@api/x", true},
		"the same user":             {"http://me:pw@api", "/elsewhere", false},
		"no host name":              {"http://api", "http://u:secret@ho st/x?token=secret", true},
		"an odd escape":             {"http://api", "/%zz?token=secret", true},
		"no URL":                    {"http://api", "http://u:secret/x@evil", true},
		"no scheme":                 {"http://api", "u:secret@evil", true},
		"cut in the password":       {"http://api", "http://u:1/secret@evil", true},
		"another path":              {"http://api", "/elsewhere", false},
		"the same, with its port":   {"https://api", "https://api:443/x", false},
		"the same in capitals":      {"http://api", "http://API/x", false},
		"the same, without a port ": {"http://api:80", "http://api/x", false},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.URL.String())
				if len(asked) > 1 {
					return bodyOf(emptyList).Transport.RoundTrip(r)
				}
				return answering(http.StatusTemporaryRedirect, http.Header{"Location": {c.to}}, strings.NewReader("")).Transport.RoundTrip(r)
			})}
			_, _, _, err := collect(widgets(t, client, func(h *Config[*Widget]) { h.BaseURL = c.from }))
			if !c.refused {
				if err != nil || len(asked) != 2 {
					t.Errorf("asked %v: %v", asked, err)
				}
				return
			}
			if err == nil || len(asked) != 1 || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "GET "+strings.Replace(c.from, "me:pw@", "", 1)+"/apis/example.org/v1/widgets ") || !strings.Contains(err.Error(), "Config.BaseURL") {
				t.Errorf("asked %v: %v", asked, err)
			}
		})
	}
}

// W6: a chain of redirects ends.
func TestRedirectsHaveAnEnd(t *testing.T) {
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		http.Redirect(w, r, fmt.Sprint("/again/", n), http.StatusFound)
	}))
	defer server.Close()
	transport := &bearer{}
	h := widgets(t, &http.Client{Transport: transport}, func(c *Config[*Widget]) { c.BaseURL = server.URL })
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if _, err := h.Watch(context.Background(), metav1.ListOptions{}); err == nil || !strings.Contains(err.Error(), "more than 5 redirects") || n != 6 || len(transport.hosts) != 6 {
		t.Errorf("%d requests to %v: %v", n, transport.hosts, err)
	}
}

// W7: a write is never repeated elsewhere or as something else, and what the user's
// client refuses stays refused.
func TestRedirectsOfWritesAndOfCarefulClients(t *testing.T) {
	request := func(method string) *http.Request {
		r, err := http.NewRequest(method, "http://api/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if err := careful(nil)(request("GET"), []*http.Request{request("POST")}); err == nil || !strings.Contains(err.Error(), "for a write") {
		t.Errorf("got %v", err)
	}
	no := errors.New("no")
	check := patient(&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return no }}).CheckRedirect
	if err := check(request("GET"), []*http.Request{request("GET")}); err != no {
		t.Errorf("got %v", err)
	}
}

// W5: a redirect that the user's client does not follow is no answer, and its page,
// which names the address, is not quoted.
func TestARedirectThatIsNotFollowedIsNotQuoted(t *testing.T) {
	header := http.Header{"Location": {"/x?token=secret"}, "Content-Type": {"text/html"}}
	client := answering(http.StatusFound, header, strings.NewReader(`<a href="/x?token=secret">Found</a>`))
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	_, _, _, err := collect(widgets(t, client, nil))
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "the answer is 302 Found") {
		t.Errorf("got %v", err)
	}
}

// W5: every error names method, URL and resource, once, and no password; what it
// wraps can still be asked for.
func TestErrorsNameTheirRequestOnce(t *testing.T) {
	status := `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no such thing","reason":"NotFound","code":404}`
	text := http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	refused := roundTrip(func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED })
	isStatus := func(err error) bool { return errors.As(err, new(*apierrors.StatusError)) }
	for name, c := range map[string]struct {
		client *http.Client
		is     func(error) bool
		want   []string
	}{
		"not found":     {answering(404, jsonHeader(), strings.NewReader(status)), apierrors.IsNotFound, []string{"no such thing", "check httpsource.Config.Group, Version and Resource", "CustomResourceDefinition"}},
		"wrong group":   {answering(404, text, strings.NewReader("404 page not found\n")), apierrors.IsNotFound, []string{`"404 page not found"`, "check httpsource.Config.Group, Version and Resource"}},
		"unauthorized":  {answering(401, jsonHeader(), strings.NewReader(`{"kind":"Status","reason":"Unauthorized","message":"Unauthorized","code":401}`)), apierrors.IsUnauthorized, []string{"set httpsource.Config.Client"}},
		"a proxy":       {answering(502, text, strings.NewReader("bad gateway")), isStatus, []string{"check the address (httpsource.Config.BaseURL)", `"bad gateway"`}},
		"refused":       {&http.Client{Transport: refused}, func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }, nil},
		"status in 200": {bodyOf(status), apierrors.IsNotFound, []string{"no such thing"}},
		"no JSON":       {bodyOf("<html>"), nil, []string{"malformed JSON at byte 0"}},
		"another kind":  {bodyOf(`{"kind":"GadgetList","apiVersion":"example.org/v1","items":[]}`), nil, nil},
		"one item":      {bodyOf(`{"items":[{"metadata":{"name":"a"},"size":"x"}],"kind":"WidgetList"}`), nil, []string{"size"}},
		"cut in a list": {bodyOf(emptyList[:60]), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := widgets(t, c.client, func(c *Config[*Widget]) {
				c.BaseURL, c.LabelSelector = "https://user:secret@api:6443", "app=web"
			})
			var failed []error
			_, refused, _, err := collect(h)
			failed = append(append(failed, refused...), err)
			for _, err := range failed {
				if err == nil {
					continue
				}
				const source = "GET https://api:6443/apis/example.org/v1/widgets?labelSelector=app%3Dweb (widgets.example.org): "
				if strings.Count(err.Error(), source) != 1 || strings.Count(err.Error(), "https://") != 1 || strings.Contains(err.Error(), "secret") || strings.HasSuffix(err.Error(), ": ") {
					t.Errorf("got %v", err)
				}
				if c.is != nil && !c.is(err) {
					t.Errorf("got %#v: %v", err, err)
				}
				for _, want := range c.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("got %v, want %q", err, want)
					}
				}
			}
		})
	}
}

// W5: the same for what a stream says.
func TestErrorsOfAStreamNameTheirRequestOnce(t *testing.T) {
	for name, body := range map[string]string{
		"status":      `{"kind":"Status","status":"Failure","message":"m","reason":"Expired","code":410}`,
		"error":       `{"type":"ERROR","object":{"kind":"Status","message":"m","code":410}}`,
		"no status":   `{"type":"ERROR","object":{"kind":"Widget"}}`,
		"cut off":     `{"type":"ADDED","object":{`,
		"undecodable": `{"type":"ADDED","object":{"metadata":{"name":"a"},"size":"x"}}`,
		"another":     `{"type":"ADDED","object":{"kind":"Gadget","apiVersion":"example.org/v1","metadata":{"name":"a"}}}`,
		"malformed":   `{"type":"ADDED" 1}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := streamOf(t, strings.NewReader(body), nil)
			for err := error(nil); err != io.EOF && s.(*stream[*Widget]).err == nil; {
				if _, err = s.Next(); err != io.EOF && strings.Count(err.Error(), "GET http://api/apis/example.org/v1/widgets (widgets.example.org): ") != 1 {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}
