package httpsource

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Widget is the typed object of the HTTP tests.
type Widget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Size              int `json:"size"`
}

// roundTrip is an http.RoundTripper without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering gives the same answer to every request.
func answering(code int, header http.Header, body io.Reader) *http.Client {
	return &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: code, Status: fmt.Sprint(code, " ", http.StatusText(code)), Header: header, Body: io.NopCloser(body), Request: r}, nil
	})}
}

func jsonHeader() http.Header { return http.Header{"Content-Type": {"application/json"}} }

func widgets(t testing.TB, client *http.Client, change func(*Config[*Widget])) *Source[*Widget] {
	t.Helper()
	config := Config[*Widget]{Client: client, BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "widgets"}
	if change != nil {
		change(&config)
	}
	h, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func bodyOf(s string) *http.Client {
	return answering(http.StatusOK, jsonHeader(), strings.NewReader(s))
}

// collect lists once and returns everything.
func collect[T Object](h *Source[T]) (items []T, refused []error, meta metav1.ListMeta, err error) {
	meta, err = h.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[T]) error {
		items = append(items, p.Items...)
		refused = append(refused, p.Refused...)
		return nil
	})
	return items, refused, meta, err
}

func TestRequestsGoWhereTheResourceIs(t *testing.T) {
	var got *http.Request
	client := &http.Client{Timeout: time.Nanosecond, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		got = r
		return nil, io.ErrNoProgress
	})}
	yes, ten := true, int64(10)
	for _, c := range []struct {
		change func(*Config[*Widget])
		opts   metav1.ListOptions
		watch  bool
		want   string
	}{
		{nil, metav1.ListOptions{}, false, "http://api/apis/example.org/v1/widgets"},
		{func(c *Config[*Widget]) { c.Group, c.Namespace, c.BaseURL = "", "ns", "http://proxy/k8s/" },
			metav1.ListOptions{ResourceVersion: "0", Limit: 500, Continue: "a+b"}, false,
			"http://proxy/k8s/api/v1/namespaces/ns/widgets?continue=a%2Bb&limit=500&resourceVersion=0"},
		{func(c *Config[*Widget]) { c.LabelSelector, c.FieldSelector = "a=b,c", "metadata.name=x" },
			metav1.ListOptions{SendInitialEvents: &yes, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan, AllowWatchBookmarks: true, TimeoutSeconds: &ten}, true,
			"http://api/apis/example.org/v1/widgets?allowWatchBookmarks=true&fieldSelector=metadata.name%3Dx&labelSelector=a%3Db%2Cc&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&timeoutSeconds=10&watch=true"},
	} {
		h := widgets(t, client, c.change)
		if c.watch {
			_, _ = h.Watch(context.Background(), c.opts)
		} else {
			_, _ = h.List(context.Background(), c.opts, nil)
		}
		if got.URL.String() != c.want {
			t.Errorf("asked for %s\nwant      %s", got.URL, c.want)
		}
		if got.Header.Get("Accept") != "application/json" || got.Header.Get("User-Agent") != "informant" {
			t.Errorf("headers: %v", got.Header)
		}
	}
}

// W1: what is missing is named.
func TestAnIncompleteConfigSaysWhatIsMissing(t *testing.T) {
	good := Config[*Widget]{BaseURL: "http://api", Version: "v1", Resource: "widgets"}
	for want, change := range map[string]func(*Config[*Widget]){
		"BaseURL is empty":  func(c *Config[*Widget]) { c.BaseURL = "" },
		"BaseURL does":      func(c *Config[*Widget]) { c.BaseURL = "api:8" },
		"BaseURL cannot":    func(c *Config[*Widget]) { c.BaseURL = "http://a b\x00" },
		"Version is empty":  func(c *Config[*Widget]) { c.Version = "" },
		"Resource is empty": func(c *Config[*Widget]) { c.Resource = "" },
	} {
		config := good
		change(&config)
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "*httpsource.Widget") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := New(Config[Object]{BaseURL: "http://api", Version: "v1", Resource: "widgets"}); err == nil || !strings.Contains(err.Error(), "set New") {
		t.Errorf("an interface without New: %v", err)
	}
}

// The same list in the orders in which servers write it: typed, and from a
// custom resource, where the kind comes last.
var widgetLists = map[string]string{
	"kind first": `{"kind":"WidgetList","apiVersion":"example.org/v1","metadata":{"resourceVersion":"9","continue":"x","remainingItemCount":3},
		"items":[{"metadata":{"name":"a","resourceVersion":"1"},"size":1},{"metadata":{"name":"b\"}{","namespace":"ns"},"size":2}]}`,
	"kind last": `{"apiVersion":"example.org/v1","items":[{"metadata":{"name":"a","resourceVersion":"1"},"size":1},
		{"metadata":{"name":"b\"}{","namespace":"ns"},"size":2}],"other":[{"x":null}],"kind":"WidgetList","metadata":{"resourceVersion":"9","continue":"x","remainingItemCount":3}}` + "\n",
}

// W2: servers write the fields of a list in different orders.
func TestAListIsDecodedWhateverTheOrderOfItsFields(t *testing.T) {
	three := int64(3)
	wantMeta := metav1.ListMeta{ResourceVersion: "9", Continue: "x", RemainingItemCount: &three}
	for name, list := range widgetLists {
		for how, body := range map[string]io.Reader{"at once": strings.NewReader(list), "byte by byte": iotest.OneByteReader(strings.NewReader(list))} {
			t.Run(name+" "+how, func(t *testing.T) {
				items, refused, meta, err := collect(widgets(t, answering(200, jsonHeader(), body), nil))
				if err != nil || len(refused) != 0 {
					t.Fatal(err, refused)
				}
				want := []*Widget{
					{ObjectMeta: metav1.ObjectMeta{Name: "a", ResourceVersion: "1"}, Size: 1},
					{ObjectMeta: metav1.ObjectMeta{Name: `b"}{`, Namespace: "ns"}, Size: 2},
				}
				if diff := cmp.Diff(want, items); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(wantMeta, meta); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// W2: unstructured objects are those that client-go's dynamic client makes: it
// decodes lists with apimachinery's UnstructuredJSONScheme.
func TestUnstructuredObjectsAreThoseOfTheDynamicClient(t *testing.T) {
	for name, list := range widgetLists {
		t.Run(name, func(t *testing.T) {
			list := strings.Replace(list, `"size":2`, `"size":2,"big":9007199254740993,"ratio":1.5,"huge":1e30,"kind":"Widget","apiVersion":"example.org/v1"`, 1)
			var want unstructured.UnstructuredList
			if err := runtime.DecodeInto(unstructured.UnstructuredJSONScheme, []byte(list), &want); err != nil {
				t.Fatal(err)
			}
			h, err := New(Config[*unstructured.Unstructured]{Client: bodyOf(list), BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "widgets"})
			if err != nil {
				t.Fatal(err)
			}
			items, refused, _, err := collect(h)
			if err != nil || len(refused) != 0 {
				t.Fatal(err, refused)
			}
			for i, item := range items {
				if diff := cmp.Diff(want.Items[i].Object, item.Object); diff != "" {
					t.Error(diff)
				}
			}
			if len(items) != 2 || items[1].Object["big"] != int64(9007199254740993) {
				t.Errorf("%d items: %v", len(items), items)
			}
		})
	}
}

// W6: no more than a part of a list is held.
func TestAListIsHandedOverWhileItArrives(t *testing.T) {
	first := make(chan struct{})
	body, w := io.Pipe()
	go func() {
		fmt.Fprint(w, `{"items":[`)
		for i := range partItems {
			fmt.Fprintf(w, `{"metadata":{"name":"w%d"}},`, i)
		}
		<-first // the first part has been handed over
		fmt.Fprint(w, `{"metadata":{"name":"last"}}],"kind":"WidgetList"}`)
		w.Close()
	}()
	n := 0
	_, err := widgets(t, answering(200, jsonHeader(), body), nil).List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[*Widget]) error {
		if n == 0 {
			close(first)
		}
		n += len(p.Items)
		return nil
	})
	if err != nil || n != partItems+1 {
		t.Errorf("%d items, %v", n, err)
	}
}

func TestACompressedListIsDecoded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("Accept-Encoding is %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		z := gzip.NewWriter(w)
		io.WriteString(z, widgetLists["kind first"])
		z.Close()
	}))
	defer server.Close()
	items, _, _, err := collect(widgets(t, server.Client(), func(c *Config[*Widget]) { c.BaseURL = server.URL }))
	if err != nil || len(items) != 2 {
		t.Errorf("%d items, %v", len(items), err)
	}
}

// W3, R4: an item that cannot be used is refused with type and key, and the others
// are taken.
func TestAnItemThatCannotBeUsedDoesNotFailTheList(t *testing.T) {
	for name, c := range map[string]struct{ item, key, want string }{
		"wrong type of a field": {`{"metadata":{"namespace":"ns","name":"x","resourceVersion":"3"},"size":"big"}`, "ns/x", "cannot unmarshal string"},
		"no object":             {`7`, "", "cannot unmarshal number"},
		"null":                  {`null`, "", "it is null"},
		"no name":               {`{"metadata":{}}`, "", "no name"},
		"another kind":          {`{"kind":"Gadget","apiVersion":"example.org/v1","metadata":{"name":"x"}}`, "x", "Kind=Gadget, expected a example.org/v1, Kind=Widget"},
		"another group":         {`{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"name":"x"}}`, "x", "example.com/v1"},
		"a table":               {`{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"name":"x"}}`, "x", "Table"},
		"too large":             {`{"metadata":{"name":"x","namespace":"ns"},"blob":"` + strings.Repeat("x\\\"", 70000) + `"}`, "ns/x", "larger than 100000 bytes"},
		"malformed inside":      {`{"metadata":{"name":"x"},"size":1 2}`, "x", "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			list := `{"kind":"WidgetList","apiVersion":"example.org/v1","items":[{"metadata":{"name":"a"}},` + c.item + `,{"metadata":{"name":"b"}}],"metadata":{"resourceVersion":"4"}}`
			for _, body := range []io.Reader{strings.NewReader(list), iotest.HalfReader(strings.NewReader(list))} {
				items, refused, meta, err := collect(widgets(t, answering(200, jsonHeader(), body), func(c *Config[*Widget]) { c.MaxObjectBytes = 100000 }))
				if err != nil || len(items) != 2 || len(refused) != 1 || meta.ResourceVersion != "4" {
					t.Fatalf("%d items, refused %v, %+v, %v", len(items), refused, meta, err)
				}
				var bad *reflector.DecodeError
				if !errors.As(refused[0], &bad) || bad.Key != c.key || bad.Type != "*httpsource.Widget" || !strings.Contains(bad.Error(), c.want) {
					t.Errorf("refused with %q (key %q), want %q", refused[0], bad.Key, c.want)
				}
			}
		})
	}
}

// W3: what is no list of widgets at all is an error that names the address.
func TestAnAnswerThatIsNoListIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"cut off":                               {`{"kind":"WidgetList","items":[{"metadata":{"name":"a"}},{"meta`, "unexpected EOF"},
		"cut off in the end":                    {`{"kind":"WidgetList","items":[]`, "unexpected EOF"},
		"empty":                                 {``, "unexpected EOF"},
		"an array":                              {`[]`, "expected an object"},
		"no JSON":                               {`hello`, "malformed JSON"},
		"missing comma":                         {`{"kind":"WidgetList" "items":[]}`, "comma"},
		"items no array":                        {`{"items":{}}`, "expected an array"},
		"items twice":                           {`{"items":[],"items":[]}`, "twice"},
		"followed":                              {`{"kind":"WidgetList","items":[]}{}`, "expected the end"},
		"of another kind":                       {`{"kind":"GadgetList","apiVersion":"example.org/v1","items":[]}`, "Kind=GadgetList, expected a example.org/v1, Kind=WidgetList"},
		"of another group":                      {`{"items":[{"metadata":{"name":"a"}}],"kind":"WidgetList","apiVersion":"v1"}`, "/v1, Kind=WidgetList"},
		"a table":                               {`{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{},"rows":[]}`, "Table, which is made for people"},
		"a status":                              {`{"kind":"Status","apiVersion":"v1","status":"Failure"}`, "a Status without a message"},
		"a status of success":                   {`{"kind":"Status","apiVersion":"v1","status":"Success"}`, "reports success, and no list"},
		"a status with items and no apiVersion": {`{"kind":"Status","items":[],"status":"Failure","code":500}`, "is a Status and no list"},
		"another kind without apiVersion":       {`{"items":[{"metadata":{"name":"a"}}],"kind":"Widget"}`, "is a Widget and no list"},
		"nothing":                               {`{}`, "no list"},
		"metadata broken":                       {`{"metadata":{"resourceVersion":7},"items":[]}`, "resourceVersion"},
		"garbage skipped":                       {`{"x":[1,}],"items":[]}`, "malformed JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, _, err := collect(widgets(t, bodyOf(c.body), nil))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "http://api/apis/example.org/v1/widgets") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	t.Run("one object", func(t *testing.T) {
		h, err := New(Config[*unstructured.Unstructured]{Client: bodyOf(`{"kind":"Widget","apiVersion":"v1"}`), BaseURL: "http://api", Version: "v1", Resource: "widgets"})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := collect(h); err == nil || !strings.Contains(err.Error(), "is a Widget and no list") {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheErrorOfTheReceiverComesBackAsItIs(t *testing.T) {
	full := errors.New("full")
	_, err := widgets(t, bodyOf(widgetLists["kind first"]), nil).List(context.Background(), metav1.ListOptions{}, func(reflector.Part[*Widget]) error { return full })
	if err != full {
		t.Errorf("got %v", err)
	}
}

// R1, R2: a client that was not given notices a dead HTTP/2 connection, and
// one that was given keeps all but its Timeout.
func TestTheDefaultClientAsksConnectionsWhetherTheyAreAlive(t *testing.T) {
	h, err := New(Config[*Widget]{BaseURL: "https://localhost", Version: "v1", Resource: "widgets"})
	if err != nil {
		t.Fatal(err)
	}
	defer h.CloseIdleConnections()
	transport, ok := h.client.Transport.(*http.Transport)
	if !ok || transport.HTTP2 == nil || transport.HTTP2.SendPingTimeout <= 0 || transport.HTTP2.PingTimeout <= 0 {
		t.Errorf("the default client has the transport %+v, which sends no pings", h.client.Transport)
	}
	given := &http.Client{Transport: http.DefaultTransport, Timeout: time.Second}
	if c := patient(given); c.Transport != given.Transport || c.Timeout != 0 || given.Timeout != time.Second {
		t.Errorf("patient made %+v of %+v", c, given)
	}
}

// retryAfter is how long err asks to wait, 0 when it does not.
func retryAfter(err error) time.Duration {
	seconds, _ := apierrors.SuggestsClientDelay(err)
	return time.Duration(seconds) * time.Second
}

func isDecodeError(err error) bool { return errors.As(err, new(*reflector.DecodeError)) }

// hasCode reports whether err is the answer of a server with that code.
func hasCode(err error, code int32) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code == code
}

func isTooLarge(err error) bool {
	return apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge)
}

// W1: a Source that New did not make answers, and does not panic.
func TestTheZeroSourceSaysSo(t *testing.T) {
	zero := new(Source[*Widget])
	zero.CloseIdleConnections()
	_, _, _, listErr := collect(zero)
	_, watchErr := zero.Watch(context.Background(), metav1.ListOptions{})
	if listErr != errZero || watchErr != errZero {
		t.Errorf("List: %v, Watch: %v", listErr, watchErr)
	}
}
