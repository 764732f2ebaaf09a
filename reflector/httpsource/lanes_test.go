package httpsource

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// manyFrames are n events in JSON, each tenth of which cannot be decoded, and each
// hundredth of which is large.
func manyFrames(n int) string {
	var b strings.Builder
	for i := range n {
		switch {
		case i%100 == 5:
			fmt.Fprintf(&b, `{"type":"ADDED","object":{"metadata":{"name":"w%d","resourceVersion":"%d","labels":{"l":"%s"}}}}`, i, i, strings.Repeat("x", 200_000))
		case i%10 == 3:
			fmt.Fprintf(&b, `{"type":"ADDED","object":{"metadata":{"name":"w%d","resourceVersion":"%d"},"size":"x"}}`, i, i)
		default:
			fmt.Fprintf(&b, widgetFrame, "ADDED", fmt.Sprint("w", i), i, i)
		}
	}
	return b.String()
}

// W10, R4: frames that several goroutines decode come in their order, and one that
// cannot be decoded costs no other.
func TestFramesComeInOrderFromSeveralDecoders(t *testing.T) {
	const n = 2000
	frames := manyFrames(n)
	for _, decoders := range []int{1, 2, 8} {
		t.Run(fmt.Sprint(decoders), func(t *testing.T) {
			s := streamOf(t, strings.NewReader(frames), func(c *Config[*Widget]) { c.Decoders = decoders })
			for i := range n {
				e, err := s.Next()
				version := e.ResourceVersion
				var bad *reflector.DecodeError
				if errors.As(err, &bad) != (i%10 == 3) {
					t.Fatalf("event %d: %v", i, err)
				} else if bad != nil {
					version = bad.ResourceVersion
				}
				if version != fmt.Sprint(i) {
					t.Fatalf("event %d has the version %s", i, version)
				}
			}
			if _, err := s.Next(); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

// W10: the items of a list keep their order.
func TestItemsComeInOrderFromSeveralDecoders(t *testing.T) {
	const n = 5000
	var b strings.Builder
	b.WriteString(`{"items":[`)
	for i := range n {
		fmt.Fprintf(&b, `{"metadata":{"name":"w%d"},"size":%d},`, i, i)
	}
	b.WriteString(`{"metadata":{"name":"last"},"size":-1}],"kind":"WidgetList","apiVersion":"example.org/v1","metadata":{"resourceVersion":"4"}}`)
	for _, decoders := range []int{1, 2, 8} {
		items, refused, meta, err := collect(widgets(t, bodyOf(b.String()), func(c *Config[*Widget]) { c.Decoders = decoders }))
		if err != nil || len(refused) != 0 || len(items) != n+1 || meta.ResourceVersion != "4" {
			t.Fatalf("%d items, %d refused, %+v, %v", len(items), len(refused), meta, err)
		}
		for i, item := range items[:n] {
			if item.Size != i {
				t.Fatalf("item %d is %+v", i, item)
			}
		}
	}
}

// counted counts what is read of it, and whether it was closed.
type counted struct {
	r    io.Reader
	read atomic.Int64
	done chan struct{}
	once sync.Once
}

func (c *counted) Read(p []byte) (int, error) {
	select {
	case <-c.done:
		return 0, io.ErrClosedPipe
	default:
	}
	n, err := c.r.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func (c *counted) Close() error {
	c.once.Do(func() { close(c.done) })
	return nil
}

// endlessWatch is a watch of the events of unit, again and again.
func endlessWatch(t *testing.T, ctx context.Context, unit string, decoders int) (reflector.Stream[*Widget], *counted) {
	body := &counted{r: &repeating{unit: unit}, done: make(chan struct{})}
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: jsonHeader(), Body: body, Request: r}, nil
	})}
	s, err := widgets(t, client, func(c *Config[*Widget]) { c.Decoders = decoders }).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s, body
}

// W6, W10: what has been read and not handed on is bounded, however slow the
// receiver is.
func TestWhatIsInFlightIsBounded(t *testing.T) {
	for name, unit := range map[string]string{
		"small":  fmt.Sprintf(widgetFrame, "ADDED", "a", 1, 1),
		"large":  fmt.Sprintf(widgetFrame, "ADDED", strings.Repeat("a", 1<<20), 1, 1),
		"middle": fmt.Sprintf(widgetFrame, "ADDED", strings.Repeat("a", 100<<10), 1, 1),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const decoders = 3
				s, body := endlessWatch(t, t.Context(), unit, decoders)
				taken := int64(0)
				for range 3 * crowd {
					if _, err := s.Next(); err != nil {
						t.Fatal(err)
					}
					taken += int64(len(unit))
				}
				synctest.Wait() // for the cutter, which waits for room
				// What flies, and what is being cut and its buffer.
				flying := int64(max(batchesEach*decoders*batchBytes, len(unit)))
				if ahead := body.read.Load() - taken; ahead > flying+int64(batchBytes+2*listBuffer+4*len(unit)) {
					t.Errorf("%d bytes are read and not taken", ahead)
				}
				s.Close()
			})
		})
	}
}

// W8: the end of the context, or Close, ends everything that works for a watch, also
// where nobody takes what it brings.
func TestTheEndOfAWatchEndsItsGoroutines(t *testing.T) {
	unit := fmt.Sprintf(widgetFrame, "ADDED", "a", 1, 1)
	for name, end := range map[string]func(reflector.Stream[*Widget], context.CancelFunc){
		"Close":   func(s reflector.Stream[*Widget], _ context.CancelFunc) { s.Close() },
		"context": func(_ reflector.Stream[*Widget], cancel context.CancelFunc) { cancel() },
		"both":    func(s reflector.Stream[*Widget], cancel context.CancelFunc) { cancel(); s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // fails when a goroutine is left
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s, _ := endlessWatch(t, ctx, unit, 3)
				for range 10 * crowd {
					if _, err := s.Next(); err != nil {
						t.Fatal(err)
					}
				}
				if s.(*stream[*Widget]).ahead == nil {
					t.Error("nothing is read ahead")
				}
				end(s, cancel)
				synctest.Wait()
				for i := 0; ; i++ { // what is decoded may still come
					if _, err := s.Next(); err != nil {
						break
					}
					if i > 1000 {
						t.Fatal("the stream goes on")
					}
				}
			})
		})
	}
}

// W8: a Next that waits returns when another goroutine closes the stream.
func TestCloseWakesANextThatReadsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		s := streamOf(t, r, func(c *Config[*Widget]) { c.Decoders = 3 })
		go func() {
			_, _ = io.WriteString(w, strings.Repeat(fmt.Sprintf(widgetFrame, "ADDED", "a", 1, 1), 2*crowd)+`{"type":`)
		}()
		ended := make(chan error)
		go func() {
			for {
				if _, err := s.Next(); err != nil {
					ended <- err
					return
				}
			}
		}()
		synctest.Wait()
		w.CloseWithError(io.ErrClosedPipe) // as the body of a real answer does
		s.Close()
		<-ended
	})
}

// W10: events that come one by one are read by Next itself: the goroutines of a
// burst end with it.
func TestAQuietWatchHasNoGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		s := streamOf(t, r, func(c *Config[*Widget]) { c.Decoders = 3 }).(*stream[*Widget])
		event := fmt.Sprintf(widgetFrame, "ADDED", "a", 1, 1)
		send := func(n int) {
			go func() {
				synctest.Wait() // until Next waits
				_, _ = io.WriteString(w, strings.Repeat(event, n))
			}()
			for range n {
				if _, err := s.Next(); err != nil {
					t.Fatal(err)
				}
			}
		}
		send(100)
		if s.ahead == nil {
			t.Error("a burst is not read ahead")
		}
		send(1)
		send(1)
		if s.ahead != nil {
			t.Error("single events are read ahead")
		}
		if n := len(s.cutter.(*jsonFrames).buf); n > watchBuffer {
			t.Errorf("the buffer has %d bytes", n)
		}
		send(100)
		w.Close()
		if _, err := s.Next(); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
		s.Close()
	})
}

// W8: when the receiver of a list fails, or panics, nothing of it is left.
func TestAListThatIsGivenUpLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &counted{r: io.MultiReader(strings.NewReader(`{"items":[`), &repeating{unit: `{"metadata":{"name":"a"}},`}), done: make(chan struct{})}
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: jsonHeader(), Body: body, Request: r}, nil
		})}
		full := errors.New("full")
		h := widgets(t, client, func(c *Config[*Widget]) { c.Decoders = 3 })
		parts := 0
		_, err := h.List(context.Background(), metav1.ListOptions{}, func(reflector.Part[*Widget]) error {
			if parts++; parts == 5 {
				return full
			}
			return nil
		})
		if err != full {
			t.Errorf("got %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if r := recover(); r != "no" {
				t.Errorf("recovered %v", r)
			}
		}()
		h := widgets(t, bodyOf(widgetLists["kind first"]), func(c *Config[*Widget]) { c.Decoders = 3 })
		_, _ = h.List(context.Background(), metav1.ListOptions{}, func(reflector.Part[*Widget]) error { panic("no") })
	})
}

// Explosive panics when it is decoded with the size 7.
type Explosive struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Size              fuse `json:"size"`
}

type fuse int

func (f *fuse) UnmarshalJSON(raw []byte) error {
	if string(raw) == "7" {
		panic("boom")
	}
	return json.Unmarshal(raw, (*int)(f))
}

// W10: what panics while it is decoded does so on the goroutine of the caller, where it
// can be recovered, and so does what panics while it is read.
func TestAPanicIsTheCallers(t *testing.T) {
	var b bytes.Buffer
	for i := range 3000 {
		size := 1
		if i == 2000 {
			size = 7
		}
		fmt.Fprintf(&b, `{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"%d"},"size":%d}}`, i, size)
	}
	explode := func(body io.Reader) (events int, recovered any) {
		s, err := New(Config[*Explosive]{Client: answering(200, jsonHeader(), body), BaseURL: "http://api", Version: "v1", Resource: "explosives", Decoders: 3})
		if err != nil {
			t.Fatal(err)
		}
		w, err := s.Watch(context.Background(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		defer func() { recovered = recover() }()
		for {
			if _, err := w.Next(); err != nil {
				return events, nil
			}
			events++
		}
	}
	if n, recovered := explode(bytes.NewReader(b.Bytes())); recovered != "boom" || n > 2000 {
		t.Errorf("after %d events: %v", n, recovered)
	}
	panicking := readerFunc(func([]byte) (int, error) { panic("read") })
	if _, recovered := explode(io.MultiReader(bytes.NewReader(b.Bytes()[:100_000]), panicking)); recovered != "read" {
		t.Errorf("recovered %v", recovered)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
