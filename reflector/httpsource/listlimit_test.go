package httpsource

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// listTooLarge is what the error of a list that is too large says.
const listTooLarge = "larger than 3000 bytes: raise httpsource.Config.MaxListBytes if that is right and there is memory for it, or ask for less of it, by a namespace, a selector or reflector.Options.Shard"

// pageOf is a page of a list of about a thousand bytes.
func pageOf(next string) string {
	item := fmt.Sprintf(`{"metadata":{"name":"a"},"blob":%q}`, strings.Repeat("x", 850))
	return fmt.Sprintf(`{"kind":"WidgetList","apiVersion":"example.org/v1","metadata":{"continue":%q},"items":[%s]}`, next, item)
}

// paging answers each request with a page that names the next one, up to the last.
type paging struct{ pages int }

func (p *paging) RoundTrip(req *http.Request) (*http.Response, error) {
	n := 0
	_, _ = fmt.Sscanf(req.URL.Query().Get("continue"), "%d", &n)
	next := ""
	if n+1 < p.pages {
		next = fmt.Sprint(n + 1)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: jsonHeader(), Request: req, Body: io.NopCloser(strings.NewReader(pageOf(next)))}, nil
}

// listAll asks for pages up to the end, or an error.
func listAll(s *Source[*Widget]) (pages int, err error) {
	for next := ""; ; pages++ {
		meta, err := s.List(context.Background(), metav1.ListOptions{Continue: next}, func(reflector.Part[*Widget]) error { return nil })
		if err != nil {
			return pages, err
		}
		if next = meta.Continue; next == "" {
			return pages + 1, nil
		}
	}
}

// W6: the pages of a list are counted together, each once, also if one is asked for again.
func TestTheLimitOfAListIsThatOfAllItsPages(t *testing.T) {
	source := func(pages int) *Source[*Widget] {
		s, err := New(Config[*Widget]{Client: &http.Client{Transport: &paging{pages: pages}}, BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "widgets", MaxListBytes: 3000})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := source(3)
	for range 2 { // another list begins anew
		if n, err := listAll(s); n != 3 || err != nil {
			t.Errorf("%d pages of three, %v", n, err)
		}
	}
	s = source(5)
	for range 2 {
		n, err := listAll(s)
		if n != 3 || err == nil || !strings.Contains(err.Error(), listTooLarge) {
			t.Errorf("%d pages of five, %v", n, err)
		}
	}
	s = source(3)
	for range 5 {
		if _, err := s.List(context.Background(), metav1.ListOptions{Continue: "1"}, func(reflector.Part[*Widget]) error { return nil }); err != nil {
			t.Errorf("a page that is asked for again: %v", err)
		}
	}
}

// W6: a streamed list has the same limit, up to the bookmark that ends it; a watch has
// none.
func TestTheLimitOfAStreamedList(t *testing.T) {
	event := fmt.Sprintf(`{"type":"ADDED","object":{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"name":"a"},"blob":%q}}`, strings.Repeat("x", 850))
	end := `{"type":"BOOKMARK","object":{"kind":"Widget","apiVersion":"example.org/v1","metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}`
	yes := true
	for name, c := range map[string]struct {
		opts  metav1.ListOptions
		parts []string
		large bool
	}{
		"too large":  {metav1.ListOptions{SendInitialEvents: &yes}, []string{event, event, event, event, end}, true},
		"goes on":    {metav1.ListOptions{SendInitialEvents: &yes}, []string{event, event, end, event, event, event}, false},
		"is a watch": {metav1.ListOptions{}, []string{event, event, event, event}, false},
	} {
		for _, decoders := range []int{1, 4} {
			t.Run(fmt.Sprint(name, decoders), func(t *testing.T) {
				h := widgets(t, answering(200, jsonHeader(), oneByOne(c.parts)), func(config *Config[*Widget]) {
					config.MaxListBytes, config.Decoders = 3000, decoders
				})
				stream, err := h.Watch(context.Background(), c.opts)
				if err != nil {
					t.Fatal(err)
				}
				defer stream.Close()
				n := 0
				for ; err == nil; n++ {
					_, err = stream.Next()
				}
				if large := strings.Contains(err.Error(), listTooLarge); large != c.large || !large && (err != io.EOF || n != len(c.parts)+1) {
					t.Errorf("after %d events: %v", n-1, err)
				}
			})
		}
	}
}

// oneByOne reads one of parts at a time.
func oneByOne(parts []string) io.Reader {
	var readers []io.Reader
	for _, p := range parts {
		readers = append(readers, strings.NewReader(p+"\n"))
	}
	return io.MultiReader(readers...)
}
