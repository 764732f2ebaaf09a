package httpsource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// picky is a Sink that takes no object whose name begins with no.
type picky struct{}

func (picky) Begin(context.Context) error            { return nil }
func (picky) Abort()                                 {}
func (picky) Commit(context.Context, string) error   { return nil }
func (picky) Bookmark(context.Context, string) error { return nil }
func (picky) Delete(context.Context, *Widget) error  { return nil }

func (picky) Add(_ context.Context, w *Widget) error {
	if strings.HasPrefix(w.Name, "no") {
		return &object.RefusedError{By: "picky", Key: w.Name, Err: errors.New("no")}
	}
	return nil
}

func (p picky) Update(ctx context.Context, w *Widget) error { return p.Add(ctx, w) }

func (p picky) Page(ctx context.Context, items []*Widget) error {
	var errs []error
	for _, w := range items {
		errs = append(errs, p.Add(ctx, w))
	}
	return errors.Join(errs...)
}

// R4, R5: Stats and Status say how many bytes came, and why objects were refused, in lists
// and in events.
func TestWhatIsReadAndWhatIsRefusedIsCounted(t *testing.T) {
	bad := []string{
		`{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"b"},"size":"x"}`,
		`{"kind":"Gadget","apiVersion":"example.org/v1","metadata":{"name":"c"}}`,
		`{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"name":"d"}}`,
		`{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"e"},"x":"` + strings.Repeat("x", 500) + `"}`,
		`{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"no","resourceVersion":"9"}}`,
	}
	list := `{"kind":"WidgetList","apiVersion":"example.org/v1","metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"a"}},` + strings.Join(bad, ",") + `]}`
	watch := ""
	for _, object := range bad {
		watch += fmt.Sprintf(`{"type":"MODIFIED","object":%s}`, object)
	}
	synctest.Test(t, func(t *testing.T) {
		watched := false
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			switch {
			case !strings.Contains(r.URL.RawQuery, "watch="):
				return answering(200, jsonHeader(), strings.NewReader(list)).Transport.RoundTrip(r)
			case !watched:
				watched = true
				return answering(200, jsonHeader(), strings.NewReader(watch)).Transport.RoundTrip(r)
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		source := widgets(t, client, func(c *Config[*Widget]) { c.MaxObjectBytes = 400 })
		r, err := reflector.New(source, reflector.Options{Name: "widgets", DisableStreaming: true, OnError: func(context.Context, error) {}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx, picky{}) }()
		synctest.Wait()
		stats, status := r.Stats(), r.Status()
		cancel()
		<-ended
		want := map[reflector.RefusalCause]uint64{
			reflector.RefusalUndecodable: 2, reflector.RefusalKind: 4, reflector.RefusalTooLarge: 2, reflector.RefusalNotTaken: 2,
		}
		if !cmp.Equal(stats.Refusals, want) || !cmp.Equal(status.Refusals, want) || stats.Refused != 10 {
			t.Errorf("%d are refused: %s", stats.Refused, cmp.Diff(want, stats.Refusals))
		}
		if read := uint64(len(list) + len(watch)); stats.Bytes != read || status.Bytes != read || source.Bytes() != read {
			t.Errorf("read %d, %d, %d bytes, not %d", stats.Bytes, status.Bytes, source.Bytes(), read)
		}
	})
}

// R4: an object that does not say its kind, where it has to, is of another kind.
func TestAnObjectWithoutItsKindIsCountedAsOfAnother(t *testing.T) {
	h, err := New(Config[*unstructured.Unstructured]{Client: bodyOf(`{"type":"ADDED","object":{"metadata":{"name":"a"}}}`), BaseURL: "http://api", Version: "v1", Resource: "widgets"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var bad *reflector.DecodeError
	if _, err := s.Next(); !errors.As(err, &bad) || bad.Cause != reflector.RefusalKind {
		t.Errorf("got %v", err)
	}
}
