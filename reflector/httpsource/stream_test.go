package httpsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	widgetFrame   = `{"type":"%s","object":{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"%s","resourceVersion":"%d"},"size":%d}}` + "\n"
	bookmarkFrame = `{"type":"BOOKMARK","object":{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"resourceVersion":"%d","annotations":{%s}}}}` + "\n"
)

// streamOf opens a watch whose body is r.
func streamOf(t testing.TB, r io.Reader, change func(*Config[*Widget])) reflector.Stream[*Widget] {
	t.Helper()
	s, err := widgets(t, answering(200, jsonHeader(), r), change).Watch(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// W2: a frame may arrive in any pieces.
func TestFramesAreDecodedWhereverTheyAreCut(t *testing.T) {
	frames := fmt.Sprintf(widgetFrame, "ADDED", "a", 1, 1) +
		fmt.Sprintf(widgetFrame, "MODIFIED", "a", 2, 2) +
		`  {"object":{"metadata":{"name":"b","resourceVersion":"3"},"size":3},"more":[1],"type":"DELETED"}` +
		fmt.Sprintf(bookmarkFrame, 4, "") +
		fmt.Sprintf(bookmarkFrame, 5, `"k8s.io/initial-events-end":"true"`)
	want := []reflector.Event[*Widget]{
		{Type: watch.Added, ResourceVersion: "1", Object: &Widget{ObjectMeta: metav1.ObjectMeta{Name: "a", ResourceVersion: "1"}, Size: 1}},
		{Type: watch.Modified, ResourceVersion: "2", Object: &Widget{ObjectMeta: metav1.ObjectMeta{Name: "a", ResourceVersion: "2"}, Size: 2}},
		{Type: watch.Deleted, ResourceVersion: "3", Object: &Widget{ObjectMeta: metav1.ObjectMeta{Name: "b", ResourceVersion: "3"}, Size: 3}},
		{Type: watch.Bookmark, ResourceVersion: "4"},
		{Type: watch.Bookmark, ResourceVersion: "5", InitialEventsEnd: true},
	}
	for name, r := range map[string]io.Reader{
		"at once":           strings.NewReader(frames),
		"byte by byte":      iotest.OneByteReader(strings.NewReader(frames)),
		"end with the data": iotest.DataErrReader(strings.NewReader(frames)),
	} {
		t.Run(name, func(t *testing.T) {
			s := streamOf(t, r, nil)
			brings(t, s, want)
		})
	}
}

// brings checks that a stream has these events and then ends.
func brings[T any](t *testing.T, s reflector.Stream[T], want []reflector.Event[T]) {
	t.Helper()
	for i := range want {
		e, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[i], e); diff != "" {
			t.Errorf("event %d:\n%s", i, diff)
		}
	}
	for range 2 {
		if _, err := s.Next(); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	}
}

// W3, R4: a frame that cannot be used is a DecodeError and the stream goes on.
func TestAFrameThatCannotBeUsedDoesNotEndTheStream(t *testing.T) {
	for name, c := range map[string]struct{ frame, key, version, want string }{
		"wrong type of a field": {`{"type":"MODIFIED","object":{"metadata":{"name":"x","namespace":"n","resourceVersion":"7"},"size":"1"}}`, "n/x", "7", "cannot unmarshal"},
		"another kind":          {`{"type":"MODIFIED","object":{"kind":"Gadget","apiVersion":"example.org/v1","metadata":{"name":"x","resourceVersion":"7"}}}`, "x", "7", "Gadget"},
		"a table":               {`{"type":"ADDED","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7"}}}`, "", "7", "Table"},
		"no object":             {`{"type":"ADDED"}`, "", "", "no object"},
		"an unknown type":       {`{"type":"RENAMED","object":{"metadata":{"name":"x","resourceVersion":"7"}}}`, "x", "7", "RENAMED"},
		"no type":               {`{"object":{"metadata":{"name":"x","resourceVersion":"7"}}}`, "x", "7", "unknown type"},
		"a type of no string":   {`{"type":[],"object":{}}`, "", "", "cannot unmarshal"},
		"no frame":              {`7`, "", "", "expected an object"},
		"malformed inside":      {`{"type":"ADDED","object":{"metadata":{"name":"x"},"size":1 2}}`, "x", "", "invalid character"},
		"too large":             {`{"type":"ADDED","object":{"metadata":{"name":"x"},"blob":"` + strings.Repeat("x", 5000) + `"}}`, "x", "", "larger than 4000 bytes"},
		"a bad bookmark":        {`{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":7}}}`, "", "", "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			s := streamOf(t, strings.NewReader(c.frame+"\n"+fmt.Sprintf(widgetFrame, "ADDED", "a", 9, 1)), func(c *Config[*Widget]) { c.MaxObjectBytes = 4000 })
			_, err := s.Next()
			var bad *reflector.DecodeError
			if !errors.As(err, &bad) || bad.Key != c.key || bad.ResourceVersion != c.version || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v (%+v), want %q", err, bad, c.want)
			}
			if e, err := s.Next(); err != nil || e.ResourceVersion != "9" {
				t.Errorf("after that: %v, %v", e, err)
			}
		})
	}
}

// R1: what breaks off is told apart from what ends.
func TestAStreamThatBreaksSaysHow(t *testing.T) {
	good := fmt.Sprintf(widgetFrame, "ADDED", "a", 1, 1)
	for name, c := range map[string]struct {
		body io.Reader
		is   func(error) bool
	}{
		"in the middle of a frame": {strings.NewReader(good + good[:40]), func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) && !isDecodeError(err) }},
		"by the connection":        {io.MultiReader(strings.NewReader(good), iotest.ErrReader(io.ErrClosedPipe)), func(err error) bool { return errors.Is(err, io.ErrClosedPipe) }},
		"HTML":                     {strings.NewReader(good + "<html>"), isDecodeError},
		"an error event":           {strings.NewReader(good + `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}}`), apierrors.IsResourceExpired},
		"an error of another kind": {strings.NewReader(good + `{"type":"ERROR","object":{"oops":1}}`), apierrors.IsInternalError},
	} {
		t.Run(name, func(t *testing.T) {
			s := streamOf(t, c.body, nil)
			if _, err := s.Next(); err != nil {
				t.Fatal(err)
			}
			_, err := s.Next()
			if !c.is(err) {
				t.Errorf("got %v", err)
			}
			if _, err := s.Next(); err == nil {
				t.Error("the stream goes on")
			}
		})
	}
}

// W2, W3: the object of an event says its kind itself.
func TestUnstructuredEventsKeepTheirKindAndMustHaveOne(t *testing.T) {
	frames := fmt.Sprintf(widgetFrame, "ADDED", "a", 1, 1) + `{"type":"ADDED","object":{"metadata":{"name":"b"}}}`
	h, err := New(Config[*unstructured.Unstructured]{Client: bodyOf(frames), BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "widgets"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Watch(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e, err := s.Next()
	if err != nil || e.Object.GetKind() != "Widget" || e.Object.Object["size"] != int64(1) {
		t.Errorf("got %v, %v", e, err)
	}
	if _, err := s.Next(); !isDecodeError(err) || !strings.Contains(err.Error(), "does not say its kind") {
		t.Errorf("got %v", err)
	}
}

// W8: Close ends the request and a Next that waits for it, over a real connection.
func TestCloseEndsTheRequest(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, widgetFrame, "ADDED", "a", 1, 1)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(gone)
	}))
	defer server.Close()
	s, err := widgets(t, server.Client(), func(c *Config[*Widget]) { c.BaseURL = server.URL }).Watch(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := s.Next()
		done <- err
	}()
	s.Close()
	s.Close()
	if err := <-done; err == nil {
		t.Error("Next returned no error")
	}
	<-gone
}

// A large frame does not leave a large buffer behind.
func TestALargeFrameGivesItsBufferBack(t *testing.T) {
	big := `{"type":"ADDED","object":{"metadata":{"name":"x","labels":{"l":"` + strings.Repeat("x", 3<<20) + `"}}}}` + "\n"
	small := strings.Repeat(fmt.Sprintf(widgetFrame, "ADDED", "a", 1, 1)+strings.Repeat(" ", 10_000), 1000)
	s := streamOf(t, strings.NewReader(big+small), nil)
	for range 1001 {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	if n := len(s.(*stream[*Widget]).cutter.(*jsonFrames).buf); n > 1<<20 {
		t.Errorf("the buffer has %d bytes", n)
	}
}
