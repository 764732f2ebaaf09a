package httpsource

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// writes returns a Client of widgets.
func writes(t testing.TB, client *http.Client, change func(*Config[*Widget])) *Client[*Widget] {
	t.Helper()
	config := Config[*Widget]{Client: client, BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "widgets"}
	if change != nil {
		change(&config)
	}
	c, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sized is a widget.
func sized(namespace, name string, size int) *Widget {
	return &Widget{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Size: size}
}

// storedWidget is what a server answers to a write.
const storedWidget = `{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"a","namespace":"shop","resourceVersion":"8"},"size":2}`

// W11: each call is one request, with the method, the path, the options and the body that
// an API server expects, and what comes back is what the server has stored.
func TestAWriteIsOneRequest(t *testing.T) {
	ctx, a := t.Context(), object.NewName("shop", "a")
	const path, whole = "/apis/example.org/v1/namespaces/shop/widgets", `{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"a","namespace":"shop"},"size":2}`
	uid := types.UID("4711")
	for name, c := range map[string]struct {
		call func(c *Client[*Widget]) (*Widget, error)
		want string
	}{
		"create": {func(c *Client[*Widget]) (*Widget, error) {
			return c.Create(ctx, sized("shop", "a", 2), metav1.CreateOptions{FieldManager: "me", DryRun: []string{"All"}})
		}, "POST " + path + "?dryRun=All&fieldManager=me application/json " + whole},
		"create in all namespaces": {func(c *Client[*Widget]) (*Widget, error) {
			return c.Create(ctx, sized("", "a", 2), metav1.CreateOptions{})
		}, `POST /apis/example.org/v1/widgets application/json {"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"a"},"size":2}`},
		"update": {func(c *Client[*Widget]) (*Widget, error) {
			return c.Update(ctx, sized("shop", "a", 2), metav1.UpdateOptions{FieldValidation: "Strict"})
		}, "PUT " + path + "/a?fieldValidation=Strict application/json " + whole},
		"update the status": {func(c *Client[*Widget]) (*Widget, error) {
			return c.UpdateStatus(ctx, sized("shop", "a", 2), metav1.UpdateOptions{})
		}, "PUT " + path + "/a/status application/json " + whole},
		"patch": {func(c *Client[*Widget]) (*Widget, error) {
			return c.Patch(ctx, a, types.MergePatchType, []byte(`{"size":2}`), metav1.PatchOptions{})
		}, `PATCH ` + path + `/a application/merge-patch+json {"size":2}`},
		"patch a subresource": {func(c *Client[*Widget]) (*Widget, error) {
			force := true
			return c.Patch(ctx, a, types.ApplyYAMLPatchType, []byte(`size: 2`), metav1.PatchOptions{Force: &force, FieldManager: "me"}, "status")
		}, `PATCH ` + path + `/a/status?fieldManager=me&force=true application/apply-patch+yaml size: 2`},
		"a name with a colon": {func(c *Client[*Widget]) (*Widget, error) {
			return c.Patch(ctx, object.NewName("", "system:a b"), types.JSONPatchType, []byte(`[]`), metav1.PatchOptions{})
		}, `PATCH /apis/example.org/v1/widgets/system:a%20b application/json-patch+json []`},
		"delete": {func(c *Client[*Widget]) (*Widget, error) {
			return nil, c.Delete(ctx, a, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
		}, `DELETE ` + path + `/a application/json {"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"4711"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []string
			client := &http.Client{Timeout: time.Nanosecond, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				sent = append(sent, fmt.Sprint(r.Method, " ", r.URL.RequestURI(), " ", r.Header.Get("Content-Type"), " ", string(body)))
				if r.Header.Get("Accept") != "application/json" || r.Header.Get("User-Agent") != "informant" || r.Host != "api" {
					t.Errorf("sent to %s with %v", r.Host, r.Header)
				}
				return answering(http.StatusCreated, jsonHeader(), strings.NewReader(storedWidget)).Transport.RoundTrip(r)
			})}
			got, err := c.call(writes(t, client, func(c *Config[*Widget]) { c.LabelSelector = "app=web" }))
			if err != nil || len(sent) != 1 || sent[0] != c.want {
				t.Errorf("sent %q\nwant %q: %v", sent, c.want, err)
			}
			want := sized("shop", "a", 2)
			if want.ResourceVersion = "8"; got != nil && !cmp.Equal(got, want) {
				t.Error(cmp.Diff(want, got))
			}
		})
	}
}

// W11: what is given is not changed, so that it may be the cache's.
func TestAWriteLeavesTheObjectAsItIs(t *testing.T) {
	given, before := sized("shop", "a", 1), sized("shop", "a", 1)
	got, err := writes(t, bodyOf(storedWidget), nil).Update(t.Context(), given, metav1.UpdateOptions{})
	if err != nil || got == given || !cmp.Equal(given, before) {
		t.Errorf("%+v, %v", given, err)
	}
}

// none is a client that nobody asks.
func none(t *testing.T) *http.Client {
	return &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent %s %s", r.Method, r.URL)
		return nil, io.ErrNoProgress
	})}
}

// unwritable cannot be encoded.
type unwritable struct{ Widget }

func (*unwritable) MarshalJSON() ([]byte, error) { return nil, errors.New("I do not like secret") }

// W1, W5: what cannot be right is not sent, and the error says what to do.
func TestAWriteThatCannotBeRightIsNotSent(t *testing.T) {
	ctx, a := t.Context(), object.NewName("shop", "a")
	patch := func(name object.Name, sub ...string) func(c *Client[*Widget]) error {
		return func(c *Client[*Widget]) error {
			_, err := c.Patch(ctx, name, types.MergePatchType, []byte(`{"secret":1}`), metav1.PatchOptions{}, sub...)
			return err
		}
	}
	update := func(w *Widget) func(c *Client[*Widget]) error {
		return func(c *Client[*Widget]) error {
			_, err := c.Update(ctx, w, metav1.UpdateOptions{})
			return err
		}
	}
	kinded := func(apiVersion, kind string) *Widget {
		w := sized("shop", "a", 1)
		w.APIVersion, w.Kind = apiVersion, kind
		return w
	}
	for name, c := range map[string]struct {
		call func(c *Client[*Widget]) error
		own  string // Config.Namespace
		want string
	}{
		"nil":                 {update(nil), "", "the object is nil"},
		"no name":             {update(sized("shop", "", 1)), "", `is ""`},
		"two dots":            {patch(object.NewName("shop", "..")), "", `is ".."`},
		"a path":              {patch(object.NewName("shop", "a/status")), "", `is "a/status"`},
		"an escape":           {patch(object.NewName("shop", "a%2fb")), "", `is "a%2fb"`},
		"no subresource":      {patch(a, ""), "", `is ""`},
		"up":                  {patch(a, "..", "b"), "", `is ".."`},
		"another namespace":   {patch(object.NewName("shop", "a")), "other", `httpsource.Config.Namespace is "other"`},
		"no namespace's name": {patch(object.NewName("..", "a")), "", "which no namespace can be named"},
		"another kind":        {update(kinded("example.org/v1", "Gadget")), "", "expected a example.org/v1, Kind=Widget"},
		"another version":     {update(kinded("example.org/v2", "Widget")), "", "check httpsource.Config.Group"},
		"half a kind":         {update(kinded("example.org/v1", "")), "", "does not say its kind"},
		"nothing to delete":   {func(c *Client[*Widget]) error { return c.Delete(ctx, object.Name{}, metav1.DeleteOptions{}) }, "", `is ""`},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.call(writes(t, none(t), func(config *Config[*Widget]) { config.Namespace = c.own }))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), " http://api/apis/example.org/v1/") || !strings.Contains(err.Error(), "(widgets.example.org): ") {
				t.Errorf("got %v", err)
			}
		})
	}
	odd, err := NewClient(Config[*unwritable]{Client: none(t), BaseURL: "http://api", Version: "v1", Resource: "widgets"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := odd.Create(ctx, &unwritable{}, metav1.CreateOptions{}); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "cannot be encoded") {
		t.Errorf("got %v", err)
	}
	metadata, err := NewClient(Config[*metav1.PartialObjectMetadata]{Client: none(t), BaseURL: "http://api", Version: "v1", Resource: "widgets"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := metadata.Update(ctx, &metav1.PartialObjectMetadata{}, metav1.UpdateOptions{}); err == nil || !strings.Contains(err.Error(), "use Patch") {
		t.Errorf("got %v", err)
	}
	if _, err := NewClient(Config[*Widget]{}); err == nil || !strings.HasPrefix(err.Error(), "httpsource: NewClient for *httpsource.Widget: ") || !strings.Contains(err.Error(), "Config.BaseURL") {
		t.Errorf("got %v", err)
	}
	var zero Client[*Widget]
	for name, call := range map[string]func(c *Client[*Widget]) error{"patch": patch(a), "update": update(sized("shop", "a", 1)), "delete": func(c *Client[*Widget]) error { return c.Delete(ctx, a, metav1.DeleteOptions{}) }} {
		if err := call(&zero); err != errZeroClient {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// W4, W5, W6: what a server or something in between answers to a write is an error that
// says what it is, with a Status in it if it is one, whatever its size.
func TestAnswersToAWriteThatAreErrors(t *testing.T) {
	ctx := t.Context()
	status := func(reason metav1.StatusReason, code int, details string) string {
		return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"m","reason":%q,"code":%d%s}`, reason, code, details)
	}
	html, text := http.Header{"Content-Type": {"text/html"}}, http.Header{"Content-Type": {"text/plain"}}
	never := func(error) bool { return false }
	for name, c := range map[string]struct {
		code   int
		header http.Header
		body   string
		is     func(error) bool // of the error; never stands for no StatusError
		want   string
		lacks  string
	}{
		"conflict":               {409, jsonHeader(), status("Conflict", 409, ""), apierrors.IsConflict, "m", ""},
		"a plain conflict":       {409, text, "no", apierrors.IsConflict, "409 Conflict", ""},
		"not found":              {404, jsonHeader(), status("NotFound", 404, `,"details":{"name":"a","kind":"widgets"}`), apierrors.IsNotFound, "m", "Config.Group"},
		"no such resource":       {404, text, "404 page not found", apierrors.IsNotFound, "check httpsource.Config.Group", ""},
		"no namespace":           {405, jsonHeader(), status("MethodNotAllowed", 405, `,"details":{}`), apierrors.IsMethodNotSupported, "give an object a namespace", ""},
		"busy":                   {429, http.Header{"Retry-After": {"7"}}, "", apierrors.IsTooManyRequests, "429", ""},
		"unauthorized":           {401, jsonHeader(), status("Unauthorized", 401, ""), apierrors.IsUnauthorized, "Config.Client", ""},
		"a huge page":            {502, html, "<html>" + strings.Repeat("x", 1<<20), func(err error) bool { return hasCode(err, 502) }, `"<html>xxx`, strings.Repeat("x", 999)},
		"a huge Status":          {422, jsonHeader(), strings.Replace(status("Invalid", 422, ""), `"m"`, `"`+strings.Repeat("m", 1<<20)+`"`, 1), func(err error) bool { return hasCode(err, 422) }, "422", strings.Repeat("m", 999)},
		"another JSON":           {400, jsonHeader(), `{"error":"x"}`, apierrors.IsBadRequest, "400 Bad Request", ""},
		"a page of success":      {200, html, "<html>log in", func(err error) bool { return hasCode(err, 200) }, "check the address", ""},
		"a failure in 200":       {200, jsonHeader(), status("Forbidden", 403, ""), apierrors.IsForbidden, "m", ""},
		"another kind":           {200, jsonHeader(), `{"kind":"Gadget","apiVersion":"example.org/v1","metadata":{"name":"a"},"code":"secret"}`, never, "has done it", "secret"},
		"a field that is wrong":  {200, jsonHeader(), `{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"a"},"size":"secret"}`, never, "has done it", "secret"},
		"no JSON":                {200, jsonHeader(), `secret`, never, "has done it", "secret"},
		"an object that is huge": {200, jsonHeader(), `{"metadata":{"name":"` + strings.Repeat("secret", 999), never, "larger than 1000 bytes: raise httpsource.Config.MaxObjectBytes", "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			client := writes(t, answering(c.code, c.header, strings.NewReader(c.body)), func(config *Config[*Widget]) {
				config.BaseURL, config.MaxObjectBytes = "http://me:secret@api", 1000
			})
			got, err := client.Update(ctx, sized("shop", "a", 1), metav1.UpdateOptions{})
			const request = "PUT http://api/apis/example.org/v1/namespaces/shop/widgets/a (widgets.example.org): "
			if err == nil || got != nil || strings.Count(err.Error(), request) != 1 || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 900 {
				t.Fatalf("%v, %v", got, err)
			}
			if c.lacks != "" && strings.Contains(err.Error(), c.lacks) || strings.Contains(err.Error(), "me:secret") {
				t.Errorf("got %v", err)
			}
			if isStatus := errors.As(err, new(*apierrors.StatusError)); isStatus != c.is(err) {
				t.Errorf("got %#v: %v", err, err)
			}
		})
	}
	for name, body := range map[string]string{"a failure": status("Forbidden", 403, ""), "a page": "<html>"} {
		header := jsonHeader()
		if body == "<html>" {
			header = html
		}
		err := writes(t, answering(200, header, strings.NewReader(body)), nil).Delete(ctx, object.NewName("shop", "a"), metav1.DeleteOptions{})
		if !errors.As(err, new(*apierrors.StatusError)) || !strings.HasPrefix(err.Error(), "DELETE http://api/apis/example.org/v1/namespaces/shop/widgets/a (") {
			t.Errorf("%s in 200 to a deletion: %v", name, err)
		}
	}
}

// W6: an answer that is small on the wire and has no end is read up to the limit.
func TestAnAnswerThatUnpacksWithoutAnEnd(t *testing.T) {
	var bomb bytes.Buffer
	packed := gzip.NewWriter(&bomb)
	if _, err := io.CopyN(packed, endless(" "), 64<<20); err != nil || packed.Close() != nil {
		t.Fatal(err)
	}
	for _, code := range []int{http.StatusOK, http.StatusInternalServerError} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(code)
			_, _ = w.Write(bomb.Bytes())
		}))
		c := writes(t, server.Client(), func(c *Config[*Widget]) { c.BaseURL, c.MaxObjectBytes = server.URL, 1<<20 })
		_, err := c.Create(t.Context(), sized("shop", "a", 1), metav1.CreateOptions{})
		if err == nil || len(err.Error()) > 900 || strings.Contains(err.Error(), "larger than 1048576 bytes") != (code == http.StatusOK) {
			t.Errorf("%d: %v", code, err)
		}
		server.Close()
	}
}

// W6: a write ends when the server is silent, in its headers, in its body and in the text
// of an error, and with its context.
func TestAWriteThatBringsNoByteIsCut(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		body func(context.Context) io.Reader
		is   func(error) bool
	}{
		"no headers": {0, nil, func(err error) bool { return errors.Is(err, reflector.ErrSilent) }},
		"half": {200, func(ctx context.Context) io.Reader { return &drip{ctx: ctx, s: storedWidget[:9]} }, func(err error) bool {
			return errors.Is(err, reflector.ErrSilent) && strings.Contains(err.Error(), "has done it")
		}},
		"an error": {500, func(ctx context.Context) io.Reader { return &drip{ctx: ctx} }, func(err error) bool { return hasCode(err, 500) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					if c.body == nil {
						<-r.Context().Done()
						return nil, r.Context().Err()
					}
					return answering(c.code, jsonHeader(), c.body(r.Context())).Transport.RoundTrip(r)
				})}
				_, err := writes(t, client, nil).Update(context.Background(), sized("shop", "a", 1), metav1.UpdateOptions{})
				if !c.is(err) {
					t.Errorf("got %v", err)
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				if _, err = writes(t, client, nil).Update(ctx, sized("shop", "a", 1), metav1.UpdateOptions{}); c.code != 500 && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// W7: a redirect of a write is not followed, to the same server neither.
func TestAWriteIsNotRedirected(t *testing.T) {
	for _, to := range []string{"http://evil/x?token=secret", "/elsewhere?token=secret"} {
		for _, code := range []int{301, 302, 303, 307, 308} {
			asked := 0
			client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				asked++
				return answering(code, http.Header{"Location": {to}}, strings.NewReader("")).Transport.RoundTrip(r)
			})}
			_, err := writes(t, client, nil).Create(t.Context(), sized("shop", "a", 1), metav1.CreateOptions{})
			if err == nil || asked != 1 || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "Config.BaseURL") {
				t.Errorf("%d to %s: asked %d times: %v", code, to, asked, err)
			}
		}
	}
}

// W11: an object without a kind in the cache, an unstructured one and metadata alone: all
// can be written as far as they can be.
func TestWritesOfEachKindOfObject(t *testing.T) {
	resource := apitest.Resource{Group: "example.org", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true, Status: true}
	server, err := apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{resource}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ctx := t.Context()
	typed := writes(t, server.Client(), func(c *Config[*Widget]) { c.BaseURL, c.Namespace = server.URL, "shop" })
	a, err := typed.Create(ctx, sized("", "a", 1), metav1.CreateOptions{})
	if err != nil || a.Namespace != "shop" || a.UID == "" || a.Kind != "" {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := typed.Create(ctx, sized("", "a", 1), metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("again: %v", err)
	}
	stale := *a
	a.Size = 2
	if a, err = typed.Update(ctx, a, metav1.UpdateOptions{}); err != nil || a.Size != 2 {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := typed.Update(ctx, &stale, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("of a state that is not the newest: %v", err)
	}
	if _, err := typed.Update(ctx, sized("", "none", 1), metav1.UpdateOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("of none: %v", err)
	}

	loose, err := NewClient(Config[*unstructured.Unstructured]{Client: server.Client(), BaseURL: server.URL, Group: "example.org", Version: "v1", Resource: "widgets"})
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.org/v1", "kind": "Widget", "metadata": map[string]any{"namespace": "shop", "name": "a", "resourceVersion": a.ResourceVersion}, "status": map[string]any{"seen": int64(3)}}}
	if u, err = loose.UpdateStatus(ctx, u, metav1.UpdateOptions{}); err != nil || u.GetKind() != "Widget" {
		t.Fatalf("%+v, %v", u, err)
	}
	if size, _, _ := unstructured.NestedInt64(u.Object, "size"); size != 2 {
		t.Errorf("the status alone is not written alone: %+v", u)
	}
	if _, err := loose.Create(ctx, &unstructured.Unstructured{Object: map[string]any{}}, metav1.CreateOptions{}); err == nil || !strings.Contains(err.Error(), "does not say its kind") {
		t.Errorf("got %v", err)
	}

	metadata, err := NewClient(Config[*metav1.PartialObjectMetadata]{Client: server.Client(), BaseURL: server.URL, Group: "example.org", Version: "v1", Resource: "widgets", Kind: "Widget"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := metadata.Patch(ctx, object.NewName("shop", "a"), types.MergePatchType, []byte(`{"metadata":{"labels":{"app":"web"}}}`), metav1.PatchOptions{})
	if err != nil || m.Labels["app"] != "web" || m.Kind != "Widget" {
		t.Fatalf("%+v, %v", m, err)
	}
	old := "1"
	if err := metadata.Delete(ctx, object.NewName("shop", "a"), metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &old}}); !apierrors.IsConflict(err) {
		t.Errorf("of another state: %v", err)
	}
	if err := metadata.Delete(ctx, object.NewName("shop", "a"), metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &m.UID}}); err != nil {
		t.Error(err)
	}
	if err := metadata.Delete(ctx, object.NewName("shop", "a"), metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("again: %v", err)
	}
}
