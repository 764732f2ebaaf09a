package sim

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/klog/v2"
)

// badPipeline is a server with five jobs and an informer that a badInput is
// tried on.
type badPipeline struct {
	world    *world
	informer *informer.SharedIndexInformer[*Job]
	good     *oracle
	reports  *reports
}

func (bad badInput) pipeline(t *testing.T, streamed bool) *badPipeline {
	w := &world{t: t, book: &ledger{}, journal: newJournal(), rewound: bad.lower, refused: map[string]int{}}
	w.server = must(apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{resource}}))
	w.jobs = apitest.Of[*Job](w.server, resource)
	for n := range 5 {
		w.put(n, n+1)
	}
	for _, f := range bad.faults {
		f.name, f.times = "bad", 1
		w.disturb(step{op: opInject, fault: f})
	}
	p := &badPipeline{world: w, reports: &reports{}}
	access := object.Meta[*Job]()
	if bad.access != nil {
		access = bad.access(access)
	}
	opts := informer.Options[*Job]{
		Name: "jobs", Indexers: indexes, Logger: p.reports.logger(),
		Reflector: reflector.Options{DisableStreaming: !streamed},
	}
	if bad.opts != nil {
		bad.opts(&opts)
	}
	p.informer = must(informer.NewWithAccess(access, must(httpsource.New(httpsource.Config[*Job]{
		Client: w.server.Client(), BaseURL: w.server.URL,
		Group: resource.Group, Version: resource.Version, Resource: resource.Resource,
	})), opts))
	w.informer = p.informer
	p.good = w.newOracle("good")
	if bad.bad != nil {
		must(p.informer.AddHandler(bad.bad, informer.HandlerOptions{Name: "bad"}))
	}
	must(p.informer.AddHandler(p.good, informer.HandlerOptions{Name: "good"}))
	return p
}

// pass lets time pass, and waits until everything that is due has happened.
func (p *badPipeline) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait() // it has happened
}

// reports is what was logged, errors and passing troubles alike.
type reports struct {
	mu    sync.Mutex
	lines []string
}

func (r *reports) logger() klog.Logger {
	return funcr.New(func(prefix, args string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lines = append(r.lines, prefix+" "+args)
	}, funcr.Options{Verbosity: 4})
}

// has reports whether a single report has all words.
func (r *reports) has(words ...string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.lines {
		missing := 0
		for _, word := range words {
			if !strings.Contains(line, word) {
				missing++
			}
		}
		if missing == 0 {
			return true
		}
	}
	return false
}

func (r *reports) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

// mixedSource lists a job, a string and what it has streamed before, and
// streams what it is sent.
type mixedSource struct {
	events chan any

	mu    sync.Mutex
	items []any
}

func newMixedSource() *mixedSource {
	return &mixedSource{events: make(chan any), items: []any{versioned(newJob(0), "1"), "no object"}}
}

func (s *mixedSource) send(obj any) {
	s.mu.Lock()
	if _, ok := obj.(*Job); ok {
		s.items = append(s.items, obj)
	}
	s.mu.Unlock()
	s.events <- obj
}

func (s *mixedSource) List(_ context.Context, _ metav1.ListOptions, part func(reflector.Part[any]) error) (metav1.ListMeta, error) {
	s.mu.Lock()
	items := append([]any(nil), s.items...)
	s.mu.Unlock()
	return metav1.ListMeta{ResourceVersion: "2"}, part(reflector.Part[any]{Items: items})
}

func (s *mixedSource) Watch(ctx context.Context, _ metav1.ListOptions) (reflector.Stream[any], error) {
	ctx, cancel := context.WithCancel(ctx)
	return &mixedStream{source: s, ctx: ctx, cancel: cancel}, nil
}

type mixedStream struct {
	source *mixedSource
	ctx    context.Context
	cancel context.CancelFunc
}

func (s *mixedStream) Close() { s.cancel() }

func (s *mixedStream) Next() (reflector.Event[any], error) {
	select {
	case obj := <-s.source.events:
		return reflector.Event[any]{Type: watch.Added, Object: obj, ResourceVersion: "3"}, nil
	case <-s.ctx.Done():
		return reflector.Event[any]{}, io.EOF
	}
}

func versioned(j *Job, version string) *Job {
	j.ResourceVersion = version
	return j
}
