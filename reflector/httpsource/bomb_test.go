package httpsource

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// bombSize is what a bomb unpacks to, of a few thousandths on the wire; bombMemory what may
// be allocated for it.
const (
	bombSize   = 16 << 20
	bombMemory = 8 << 20
)

// bomb is the server of an answer that is unpacked on its way.
func bomb(t *testing.T, code int, contentType string, body []byte) *httptest.Server {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if packed.Len() > len(body)/300 {
		t.Fatalf("%d bytes on the wire for %d: that is no bomb", packed.Len(), len(body))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(code)
		_, _ = w.Write(packed.Bytes()) // the client may have gone
	}))
	t.Cleanup(server.Close)
	return server
}

// bombed is the source of a bomb that allows objects of 1 MiB, and lists of half of it.
func bombed[T Object](t *testing.T, code int, contentType, resource string, body []byte) *Source[T] {
	t.Helper()
	server := bomb(t, code, contentType, body)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s, err := New(Config[T]{
		Client: &http.Client{Transport: transport}, BaseURL: server.URL, Group: "example.org", Version: "v1", Resource: resource,
		MaxObjectBytes: 1 << 20, Decoders: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// defuse holds what f allocates to a bound.
func defuse(t *testing.T, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > bombMemory {
		t.Errorf("%d bytes were allocated for a bomb of %d", n, bombSize)
	}
}

// hugeGizmo is a gizmo with a field that nobody knows, of all that size.
func hugeGizmo() []byte {
	raw := binary.AppendUvarint(append(gizmo("x", "7"), 2<<3|bytesField), bombSize)
	return append(raw, make([]byte, bombSize)...)
}

// asItem is raw as an item of a list.
func asItem(raw []byte) []byte {
	return append(binary.AppendUvarint([]byte{listItems<<3 | bytesField}, uint64(len(raw))), raw...)
}

// W3, W6, R4: an object that is small on the wire and too large when it is unpacked is
// refused alone, in each encoding.
func TestABombIsRefusedAlone(t *testing.T) {
	const x, a = `{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"x","namespace":"n"}`, `{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"a"}}`
	huge := x + `,"blob":"` + strings.Repeat("x", bombSize) + `"}`
	deep := x + `,"blob":` + strings.Repeat("[", bombSize/2) + strings.Repeat("]", bombSize/2) + `}`
	for name, object := range map[string]string{"long": huge, "deep": deep} {
		t.Run("a list, "+name, func(t *testing.T) {
			body := `{"kind":"WidgetList","apiVersion":"example.org/v1","items":[` + object + `,` + a + `]}`
			refusedAlone(t, bombed[*Widget](t, http.StatusOK, jsonType, "widgets", []byte(body)))
		})
		t.Run("a watch, "+name, func(t *testing.T) {
			body := `{"type":"ADDED","object":` + object + `}` + "\n" + `{"type":"ADDED","object":` + a + `}`
			skippedAlone(t, bombed[*Widget](t, http.StatusOK, jsonType, "widgets", []byte(body)))
		})
	}
	t.Run("a list in protobuf", func(t *testing.T) {
		body := enveloped("example.org/v1", "GizmoList", append(asItem(hugeGizmo()), asItem(gizmo("a", "1"))...))
		refusedAlone(t, bombed[*Gizmo](t, http.StatusOK, protobufType, "gizmos", body))
	})
	t.Run("a watch in protobuf", func(t *testing.T) {
		body := append(framed("ADDED", enveloped("example.org/v1", "Gizmo", hugeGizmo())), gizmoFrame("ADDED", "a", "1")...)
		skippedAlone(t, bombed[*Gizmo](t, http.StatusOK, protobufType, "gizmos", body))
	})
}

// refusedAlone lists a bomb and then a.
func refusedAlone[T Object](t *testing.T, s *Source[T]) {
	t.Helper()
	defuse(t, func() {
		items, refused, _, err := collect(s)
		if err != nil || len(items) != 1 || items[0].GetName() != "a" || len(refused) != 1 {
			t.Fatalf("%d items, refused %v, %v", len(items), refused, err)
		}
		isBomb(t, refused[0])
	})
}

// skippedAlone watches a bomb and then a.
func skippedAlone[T Object](t *testing.T, s *Source[T]) {
	t.Helper()
	defuse(t, func() {
		stream, err := s.Watch(context.Background(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		_, err = stream.Next()
		isBomb(t, err)
		if e, err := stream.Next(); err != nil || e.Object.GetName() != "a" {
			t.Errorf("after that: %+v, %v", e, err)
		}
	})
}

func isBomb(t *testing.T, err error) {
	t.Helper()
	var bad *reflector.DecodeError
	if !errors.As(err, &bad) || bad.Key != "n/x" || !strings.Contains(err.Error(), "larger than 1048576 bytes: raise httpsource.Config.MaxObjectBytes") || len(err.Error()) > 1000 {
		t.Errorf("got %.1000v", err)
	}
}

// W6: a list that unpacks to more than its bound is given up, and so are the words of an
// error.
func TestABombAsAWhole(t *testing.T) {
	item := `{"metadata":{"name":"a"}},`
	list := `{"kind":"WidgetList","apiVersion":"example.org/v1","items":[` + strings.Repeat(item, bombSize/len(item))
	t.Run("a list", func(t *testing.T) {
		s := bombed[*Widget](t, http.StatusOK, jsonType, "widgets", []byte(list))
		s.config.MaxListBytes = 1 << 20
		_, err := s.List(context.Background(), metav1.ListOptions{}, func(reflector.Part[*Widget]) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "raise httpsource.Config.MaxListBytes") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an item in protobuf", func(t *testing.T) {
		s := bombed[*Gizmo](t, http.StatusOK, protobufType, "gizmos", enveloped("example.org/v1", "GizmoList", asItem(hugeGizmo())))
		s.config.MaxListBytes = 4 << 20
		if _, err := s.List(context.Background(), metav1.ListOptions{}, func(reflector.Part[*Gizmo]) error { return nil }); err == nil || !strings.Contains(err.Error(), "MaxListBytes") {
			t.Errorf("got %v", err)
		}
	})
	for _, contentType := range []string{jsonType, protobufType, "text/html"} {
		t.Run("an error in "+contentType, func(t *testing.T) {
			s := bombed[*Widget](t, http.StatusInternalServerError, contentType, "widgets", []byte(`{"kind":"Status","message":"`+strings.Repeat("x", bombSize)))
			defuse(t, func() {
				if _, _, _, err := collect(s); err == nil || len(err.Error()) > 10_000 {
					t.Errorf("got %.300v", err)
				}
				if _, err := s.Watch(context.Background(), metav1.ListOptions{}); err == nil || len(err.Error()) > 10_000 {
					t.Errorf("got %.300v", err)
				}
			})
		})
	}
}
