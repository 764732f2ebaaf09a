package httpsource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// W3, R1b, R4: of an object that is too large it is known which one it is and what
// has become of it, wherever that stands.
func TestAnObjectThatIsTooLargeSaysWhichOneItIs(t *testing.T) {
	blob := `"blob":"` + strings.Repeat(`x\"}{`, 40000) + `"`
	meta := `"metadata":{"name":"x","namespace":"n","resourceVersion":"7"}`
	for name, object := range map[string]string{
		"metadata first":   `{` + meta + `,` + blob + `}`,
		"metadata last":    `{` + blob + `,` + meta + `}`,
		"much in metadata": `{"metadata":{"namespace":"n","managedFields":[{` + blob + `}],"name":"x","annotations":{` + blob + `},"resourceVersion":"7"}}`,
		"names elsewhere":  `{"spec":{` + meta[:26] + `y","namespace":"m"},` + blob + `},"name":"z",` + meta + `}`,
		"a key":            `{"` + strings.Repeat("k", 200_000) + `":1,` + meta + `}`,
		"a number":         `{"n":` + strings.Repeat("1", 200_000) + `,` + meta + `}`,
		"white space":      `{"n":` + strings.Repeat(" ", 200_000) + `1,` + meta + `}`,
		"depth":            `{"n":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `,` + meta + `}`,
		"odd metadata":     `{"metadata":7,"metadata":{"name":{"name":"y"},"labels":null},` + blob + `,` + meta + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			small := func(c *Config[*Widget]) { c.MaxObjectBytes = 4000 }
			check := func(err error, event watch.EventType) {
				t.Helper()
				var bad *reflector.DecodeError
				if !errors.As(err, &bad) || bad.Key != "n/x" || bad.ResourceVersion != "7" || bad.Event != event || !strings.Contains(err.Error(), "larger than 4000 bytes: raise httpsource.Config.MaxObjectBytes") {
					t.Errorf("got %.300v (%.300q)", err, fmt.Sprint(bad))
				}
			}
			for _, frame := range []string{`{"type":"DELETED","object":` + object + `}`, `{"object":` + object + `,"more":[],"type":"DELETED"}`} {
				for _, r := range []io.Reader{strings.NewReader(frame), iotest.HalfReader(strings.NewReader(frame))} {
					s := streamOf(t, io.MultiReader(r, strings.NewReader(fmt.Sprintf(widgetFrame, "ADDED", "a", 9, 1))), small)
					_, err := s.Next()
					check(err, watch.Deleted)
					if e, err := s.Next(); err != nil || e.ResourceVersion != "9" {
						t.Errorf("after that: %v, %v", e, err)
					}
				}
			}
			items, refused, _, err := collect(widgets(t, bodyOf(`{"kind":"WidgetList","apiVersion":"example.org/v1","items":[`+object+`,{"metadata":{"name":"a"}}]}`), small))
			if err != nil || len(items) != 1 || len(refused) != 1 {
				t.Fatalf("%v, %d refused, %v", items, len(refused), err)
			}
			check(refused[0], "")
		})
	}
}

// Picky is a type whose decoder quotes what it refuses.
type Picky struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Time              metav1.Time `json:"time"`
	Quoting           quoting     `json:"quoting"`
	Count             int8        `json:"count"`
	Number            json.Number `json:"number"`
	Bytes             []byte      `json:"bytes"`
}

type quoting struct{}

func (quoting) UnmarshalJSON(raw []byte) error { return fmt.Errorf("I do not like %s", raw) }

// W5: nothing that is in an object stands in an error: that goes into logs, and the
// object may be a Secret.
func TestNothingOfAnObjectStandsInAnError(t *testing.T) {
	const meta = `{"metadata":{"name":"x"},`
	objects := []string{
		meta + `"time":"hunter2"}`, meta + `"quoting":"hunter2"}`, meta + `"count":7771234}`, meta + `"count":"hunter2"}`, meta + `"number":"hunter2"}`,
		meta + `"bytes":"hunter2?"}`, meta + `"bytes":hunter2}`, meta + `"bytes":"a" hunter2}`, meta + `hunter2`, meta + `"hunter2` + "\x01" + `":1}`, meta + `"hunter2"}`,
		`"hunter2"`, `hunter2`, `7771234`, `["hunter2"]`, `{"data":"hunter2"}`, `{"kind":"` + strings.Repeat("k", 300) + `hunter2","apiVersion":"v1"}`,
		`{"metadata":"hunter2"}`, `{"metadata":{"name":{"x":"hunter2"}}}`,
	}
	bodies := []string{"hunter2", `"hunter2"`, `{"data":"hunter2"}`, `{"kind":"Secret","apiVersion":"v1","data":{"x":"hunter2"}}`, `{"items":"hunter2"}`, `{"items":[]}hunter2`, `{"metadata":"hunter2"}`, `{"metadata":{"resourceVersion":7771234}}`, `{hunter2`, `{"a":hunter2}`, `{"a" hunter2}`,
		`{"type":"hunter2","object":{}}`, `{"type":["hunter2"],"object":{}}`, `{"type":"ADDED","x":hunter2}`, `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":7771234}}}`, `{"type":"BOOKMARK","object":"hunter2"}`}
	for _, object := range objects {
		bodies = append(bodies, `{"kind":"PickyList","apiVersion":"v1","items":[`+object+`]}`)
		for _, kind := range []string{"ADDED", "DELETED", "BOOKMARK", "ERROR", "OTHER"} {
			bodies = append(bodies, `{"type":"`+kind+`","object":`+object+`}`)
		}
	}
	failed := 0
	check := func(body string, err error) {
		t.Helper()
		if err == nil {
			return
		}
		failed++
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "777") {
			t.Errorf("%s: %v", body, err)
		}
	}
	for _, body := range bodies {
		for _, header := range []http.Header{jsonHeader(), {"Content-Type": {"text/plain"}}, {"Content-Type": {"application/yaml"}}} {
			client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				return answering(200, header, strings.NewReader(body)).Transport.RoundTrip(r)
			})}
			errorsOf[*Picky](t, client, func(err error) { check(body, err) })
			errorsOf[*unstructured.Unstructured](t, client, func(err error) { check(body, err) })
		}
	}
	if failed < 4*len(bodies) {
		t.Errorf("%d errors of %d bodies", failed, len(bodies))
	}
}

// errorsOf lists and watches and hands over all errors.
func errorsOf[T Object](t *testing.T, client *http.Client, told func(error)) {
	h, err := New(Config[T]{Client: client, BaseURL: "http://api", Version: "v1", Resource: "pickies"})
	if err != nil {
		t.Fatal(err)
	}
	_, refused, _, err := collect(h)
	for _, err := range append(refused, err) {
		told(err)
	}
	s, err := h.Watch(context.Background(), metav1.ListOptions{})
	for told(err); err == nil || isDecodeError(err); told(err) {
		_, err = s.Next()
	}
	if s != nil {
		s.Close()
	}
}

// W6, R4: a list that does not end is given up, and so is memory for items that
// wait for it.
func TestAListWithoutAnEnd(t *testing.T) {
	item := `{"metadata":{"name":"a"}},`
	for name, c := range map[string]struct {
		head, unit, want string
		max              int64
	}{
		"items":       {`{"kind":"WidgetList","apiVersion":"example.org/v1","items":[`, item, "larger than 1000000 bytes: raise httpsource.Config.MaxListBytes", 1e6},
		"refused":     {`{"kind":"WidgetList","apiVersion":"example.org/v1","items":[`, `{"metadata":{}},`, "raise httpsource.Config.MaxListBytes", 1e6},
		"white space": {`{"kind":"WidgetList"`, " ", "raise httpsource.Config.MaxListBytes", 1e6},
		"fields":      {`{"kind":"WidgetList"`, `,"x":"y"`, "raise httpsource.Config.MaxListBytes", 1e6},
		"by default":  {`{"kind":"WidgetList","items":[`, "", "EOF", 0},
		"no limit":    {`{"kind":"WidgetList","items":[`, "", "EOF", -1},
	} {
		t.Run(name, func(t *testing.T) {
			var body io.Reader = strings.NewReader(c.head)
			if c.unit != "" {
				body = io.MultiReader(body, endless(c.unit))
			}
			h := widgets(t, answering(200, jsonHeader(), body), func(config *Config[*Widget]) { config.MaxListBytes = c.max })
			most := 0
			_, err := h.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[*Widget]) error {
				most = max(most, len(p.Items)+len(p.Refused))
				return nil
			})
			if err == nil || !strings.Contains(err.Error(), c.want) || most > partItems {
				t.Errorf("parts of %d, %v", most, err)
			}
		})
	}
}

// W6: the items of a list that has not said its kind wait for it, up to a bound;
// where the kind is known they need not wait.
func TestItemsWithoutAKindWaitUpToABound(t *testing.T) {
	list := func(kind string, n int) (items int, err error) {
		body := `{"items":[` + strings.Repeat(`{"metadata":{"name":"a"}},`, n) + `{"metadata":{"name":"b"}}],"kind":"WidgetList","apiVersion":"example.org/v1"}`
		h, err := New(Config[*unstructured.Unstructured]{Client: bodyOf(body), BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "widgets", Kind: kind, MaxObjectBytes: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[*unstructured.Unstructured]) error {
			for _, obj := range p.Items {
				if obj.GetKind() != "Widget" {
					t.Errorf("an item of the kind %q", obj.GetKind())
				}
			}
			items += len(p.Items)
			return nil
		})
		return items, err
	}
	if n, err := list("", 1000); n != 1001 || err != nil {
		t.Errorf("a few: %d, %v", n, err)
	}
	if n, err := list("", 10_000); n != 0 || err == nil || !strings.Contains(err.Error(), "set httpsource.Config.Kind") {
		t.Errorf("many: %d, %v", n, err)
	}
	if n, err := list("Widget", 10_000); n != 10_001 || err != nil {
		t.Errorf("many with a kind: %d, %v", n, err)
	}
}

// W2: objects that carry their kind keep it, and have the one that was asked for,
// whether the server sends all of them or metadata alone.
func TestMetadataKeepsItsKind(t *testing.T) {
	const alone = `"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1"`
	const whole = `"kind":"Widget","apiVersion":"example.org/v1"`
	widget := schema.GroupVersionKind{Group: "example.org", Version: "v1", Kind: "Widget"}
	for name, c := range map[string]struct {
		kind, list, of string
		want           schema.GroupVersionKind
	}{
		"whole":                 {"Widget", "WidgetList", whole, widget},
		"whole, any kind":       {"", "WidgetList", whole, widget},
		"whole, kind not said":  {"Widget", "WidgetList", `"spec":{}`, widget},
		"alone":                 {"Widget", "PartialObjectMetadataList", alone, widget},
		"alone, any kind":       {"", "PartialObjectMetadataList", alone, metadataAlone},
		"alone in a whole list": {"Widget", "WidgetList", alone, widget},
	} {
		t.Run(name, func(t *testing.T) {
			version := "example.org/v1"
			if c.list == "PartialObjectMetadataList" {
				version = "meta.k8s.io/v1"
			}
			object := `{` + c.of + `,"metadata":{"name":"a","resourceVersion":"1"}}`
			client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.URL.Query().Get("watch") != "" {
					return bodyOf(`{"type":"ADDED","object":` + object + `}`).Transport.RoundTrip(r)
				}
				return bodyOf(`{"kind":"` + c.list + `","apiVersion":"` + version + `","metadata":{},"items":[` + object + `]}`).Transport.RoundTrip(r)
			})}
			h, err := New(Config[*metav1.PartialObjectMetadata]{Client: client, BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "widgets", Kind: c.kind})
			if err != nil {
				t.Fatal(err)
			}
			items, refused, _, err := collect(h)
			if err != nil || len(items) != 1 || items[0].GroupVersionKind() != c.want {
				t.Errorf("listed %+v, %v, %v", items, refused, err)
			}
			s, err := h.Watch(context.Background(), metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if e, err := s.Next(); err != nil || e.Object.GroupVersionKind() != c.want {
				t.Errorf("watched %+v, %v", e, err)
			}
		})
	}
	t.Run("typed", func(t *testing.T) {
		_, _, _, err := collect(widgets(t, bodyOf(`{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":[]}`), nil))
		if err == nil || !strings.Contains(err.Error(), "PartialObjectMetadataList") {
			t.Errorf("metadata was taken for widgets: %v", err)
		}
	})
}

// W3: who names the Go type otherwise than the kind is told what to set.
func TestAnotherKindSaysWhatToSet(t *testing.T) {
	check := func(err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "set httpsource.Config.Kind") {
			t.Errorf("got %v", err)
		}
	}
	_, _, _, err := collect(widgets(t, bodyOf(`{"kind":"GadgetList","apiVersion":"example.org/v1","items":[{"metadata":{"name":"a"}}]}`), nil))
	check(err)
	_, refused, _, err := collect(widgets(t, bodyOf(`{"items":[{"kind":"Gadget","apiVersion":"example.org/v1","metadata":{"name":"a"}}],"metadata":{}}`), nil))
	if err != nil || len(refused) != 1 {
		t.Fatal(refused, err)
	}
	check(refused[0])
	_, err = streamOf(t, strings.NewReader(strings.Replace(fmt.Sprintf(widgetFrame, "ADDED", "a", 1, 1), "Widget", "Gadget", 1)), nil).Next()
	check(err)
	_, err = streamOf(t, strings.NewReader(strings.Replace(fmt.Sprintf(widgetFrame, "ADDED", "a", 1, 1), "example.org", "example.com", 1)), nil).Next()
	if err == nil || !strings.Contains(err.Error(), "check httpsource.Config.Group, Version and Kind") {
		t.Errorf("got %v", err)
	}
}

// The default of MaxListBytes is not reached by any list that can be right.
func TestTheDefaultsOfTheLimits(t *testing.T) {
	c := widgets(t, nil, nil).config
	if c.MaxListBytes != 32<<30 || c.MaxObjectBytes != 16<<20 || c.ReadSilence != 90*time.Second {
		t.Errorf("%+v", c)
	}
}

// W3: of an object that is too large it is known which one it is, wherever the answer is
// cut into reads.
func TestAnObjectThatIsTooLargeSaysWhichOneItIsWhereverItIsCut(t *testing.T) {
	object := `{"blob":"` + strings.Repeat("x", 9000) + `","metadata":{"name":"x","namespace":"n","resourceVersion":"7"},"more":"` + strings.Repeat("y", 20000) + `"}`
	frame := `{"type":"MODIFIED","object":` + object + `}`
	bad := 0
	for at := range 9200 {
		r := io.MultiReader(strings.NewReader(frame[:at]), strings.NewReader(frame[at:]))
		s := streamOf(t, r, func(c *Config[*Widget]) { c.MaxObjectBytes = 4000 })
		_, err := s.Next()
		var refused *reflector.DecodeError
		if !errors.As(err, &refused) || refused.Key != "n/x" || refused.ResourceVersion != "7" {
			if bad++; bad < 5 {
				t.Errorf("cut at %d, behind %q: key %q, version %q", at, frame[max(0, at-12):at], refused.Key, refused.ResourceVersion)
			}
		}
		s.Close()
	}
}
