// Package docs_test has the code of the pages in this folder, as examples that
// run. They have one server and one pod in common, shop/web.
package docs_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Pod is a pod without spec and status: this module does not need their types.
type Pod = metav1.PartialObjectMetadata

var pods = apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}

// pod returns a pod as the server would send it. node is a label, since a Pod
// has no spec here.
func pod(name, version, node string) *Pod {
	p := &Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}}
	p.Namespace, p.Name, p.ResourceVersion = "shop", name, version
	p.Labels = map[string]string{"node": node}
	return p
}

// byNode is an index function.
func byNode(p *Pod) ([]string, error) { return []string{p.Labels["node"]}, nil }

// must keeps the examples short.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// shop is an API server with the pods of one namespace.
type shop struct {
	*apitest.Server
	pods apitest.Collection[*Pod]
}

func openShop(names ...string) shop {
	server := must(apitest.StartPipe(apitest.Options{
		Resources:        []apitest.Resource{pods},
		BookmarkInterval: 50 * time.Millisecond,
	}))
	s := shop{server, apitest.Of[*Pod](server, pods)}
	for _, name := range names {
		s.create(name)
	}
	return s
}

func (s shop) create(name string) *Pod { return must(s.pods.Create(pod(name, "", "n1"))) }

// move writes the pod, which gets another version.
func (s shop) move(name, node string) *Pod {
	return must(s.pods.Modify("shop", name, func(p *Pod) *Pod {
		p.Labels = map[string]string{"node": node}
		return p
	}))
}

func (s shop) delete(name string) { must(s.pods.Delete("shop", name)) }

// source lists and watches the pods over HTTP.
func (s shop) source() *httpsource.Source[*Pod] {
	return must(httpsource.New(httpsource.Config[*Pod]{
		Client: s.Client(), BaseURL: s.URL, Version: "v1", Resource: "pods", Kind: "Pod",
	}))
}

// informer returns one that is soon back after a failure, and the events of its
// handler.
func (s shop) informer() (*informer.SharedIndexInformer[*Pod], <-chan informer.Event[*Pod]) {
	in := must(informer.New(s.source(), informer.Options[*Pod]{
		Reflector: reflector.Options{Backoff: reflector.Backoff{Initial: time.Millisecond, Max: 10 * time.Millisecond}},
	}))
	events := make(chan informer.Event[*Pod], 10)
	must(in.AddHandler(informer.HandlerFunc[*Pod](func(_ context.Context, e informer.Event[*Pod]) {
		events <- e
	}), informer.HandlerOptions{}))
	return in, events
}

// get prints the answer to a request, a line for each object or event, and
// hangs up after n lines.
func (s shop) get(query string, n int) {
	resp := must(s.Client().Get(s.URL + pods.Path("shop", "") + "?" + query))
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); n > 0 && lines.Scan(); n-- {
		var event struct {
			Type   string
			Object json.RawMessage
		}
		if json.Unmarshal(lines.Bytes(), &event); event.Type == "" {
			event.Object = lines.Bytes()
		}
		fmt.Println(strings.TrimSpace(event.Type + " " + brief(event.Object)))
	}
}

// brief is what counts here of an object, a list or a Status.
func brief(raw []byte) string {
	var o struct {
		Kind     string
		Code     int
		Reason   string
		Metadata struct{ Name, ResourceVersion string }
		Items    []struct {
			Metadata struct{ Name, ResourceVersion string }
		}
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return err.Error()
	}
	if o.Code != 0 {
		return fmt.Sprintf("%s %d %s", o.Kind, o.Code, o.Reason)
	}
	parts := []string{strings.TrimSpace(o.Kind + " " + o.Metadata.Name), "at", o.Metadata.ResourceVersion}
	for _, item := range o.Items {
		parts = append(parts, fmt.Sprintf("[%s at %s]", item.Metadata.Name, item.Metadata.ResourceVersion))
	}
	return strings.Join(parts, " ")
}

// run runs what has a Run until the function that it returns is called.
func run(in interface{ Run(context.Context) error }) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			panic(err)
		}
	}
}

// told is what an event says, on one line.
func told(e informer.Event[*Pod]) string {
	line := fmt.Sprintf("%v %s at %s, by %v", e.Type, e.Key, e.Object.ResourceVersion, e.Reason)
	if e.FinalStateUnknown {
		line += ", final state unknown"
	}
	return line
}

// popAll prints what a queue hands out, a line for each batch.
func popAll(q deltafifo.Queue[*Pod]) {
	for q.Len() > 0 {
		err := q.Pop(context.Background(), func(b deltafifo.Batch[*Pod]) error {
			var parts []string
			for _, d := range b.Deltas {
				switch d.Type {
				case deltafifo.DeltaReplacedAll:
					parts = append(parts, fmt.Sprintf("%v %v", d.Type, d.List.Keys))
				case deltafifo.DeltaBookmark:
					parts = append(parts, fmt.Sprintf("%v %s", d.Type, d.ResourceVersion))
				default:
					parts = append(parts, fmt.Sprintf("%v %s at %s", d.Type, d.Key, d.Object.ResourceVersion))
				}
			}
			fmt.Println(strings.Join(parts, ", "))
			return nil
		})
		if err != nil {
			panic(err)
		}
	}
}
