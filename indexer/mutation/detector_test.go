package mutation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/ktesting"
	"k8s.io/klog/v2/textlogger"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type part struct {
	Image string
	Ports []int
}

type widget struct {
	Name   string
	Labels map[string]string
	Parts  []part
	Next   *part
	Any    any
	secret int
}

func (w *widget) deepCopy() *widget {
	c := *w
	c.Labels = maps.Clone(w.Labels)
	c.Parts = slices.Clone(w.Parts)
	for i := range c.Parts {
		c.Parts[i].Ports = slices.Clone(w.Parts[i].Ports)
	}
	if w.Next != nil {
		next := *w.Next
		c.Next = &next
	}
	return &c
}

func newWidget() *widget {
	return &widget{Name: "w", Labels: map[string]string{"a": "b"}, Parts: []part{{"i", []int{1}}}, Next: &part{Image: "n"}, Any: 7}
}

func TestDetectorNamesKeyAndChange(t *testing.T) {
	for path, mutate := range map[string]func(*widget){
		".Name changed from w to x":                func(w *widget) { w.Name = "x" },
		".Labels[a] changed from b to c":           func(w *widget) { w.Labels["a"] = "c" },
		".Labels[n] was added":                     func(w *widget) { w.Labels["n"] = "" },
		".Labels[a] was removed":                   func(w *widget) { delete(w.Labels, "a") },
		".Labels was set and is nil":               func(w *widget) { w.Labels = nil },
		".Parts changed its length from 1 to 0":    func(w *widget) { w.Parts = w.Parts[:0] },
		".Parts[0].Ports[0] changed from 1 to 2":   func(w *widget) { w.Parts[0].Ports[0] = 2 },
		".Next was set and is nil":                 func(w *widget) { w.Next = nil },
		".Next.Image changed from n to m":          func(w *widget) { w.Next.Image = "m" },
		".Any changed its type from int to string": func(w *widget) { w.Any = "x" },
		".Any was set and is nil":                  func(w *widget) { w.Any = nil },
		".secret changed from 0 to 1":              func(w *widget) { w.secret = 1 },
	} {
		var told []*Mutation
		d := New(Options[*widget]{
			Name: "widgets", Copy: (*widget).deepCopy, Sample: 1, OnMutation: func(m *Mutation) { told = append(told, m) },
		})
		w := newWidget()
		d.Observe("a/w", w)
		d.Observe("a/other", newWidget())
		if found := d.Check(); len(found) != 0 {
			t.Fatalf("%s: found %v before the mutation", path, found)
		}
		mutate(w)
		found := d.Check()
		if len(found) != 1 || len(told) != 1 || found[0].Key != "a/w" || found[0].Path+" "+found[0].Change != path {
			t.Errorf("found %v, want %s", found, path)
			continue
		}
		if !strings.Contains(found[0].Error(), `widgets: the shared object "a/w" was changed in place: `+path) {
			t.Error(found[0].Error())
		}
		if again := d.Check(); len(again) != 0 {
			t.Errorf("told twice: %v", again)
		}
	}
}

func TestDetectorIsBoundedAndSampled(t *testing.T) {
	d := New(Options[*widget]{Copy: (*widget).deepCopy, Sample: 10, Max: 20})
	for i := range 1000 {
		d.Observe(fmt.Sprint(i), newWidget())
	}
	if len(d.ring) != 20 || cap(d.ring) > 40 {
		t.Fatalf("%d objects are kept, room for %d", len(d.ring), cap(d.ring))
	}
	for _, o := range d.ring {
		if n := len(o.key); n != 3 || o.key < "809" { // the last 200, one in ten
			t.Errorf("%q is kept", o.key)
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a detector without Copy is made")
			}
		}()
		New(Options[*widget]{})
	}()
}

func TestDetectorRunChecksOnceAPeriodAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan *Mutation, 10)
		d := New(Options[*widget]{
			Copy: (*widget).deepCopy, Sample: 1, Period: time.Minute, OnMutation: func(m *Mutation) { told <- m },
		})
		first, last := newWidget(), newWidget()
		d.Observe("first", first)
		d.Observe("last", last)
		first.Name = "x"
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); d.Run(ctx) }()
		<-time.After(59 * time.Second) // virtual
		synctest.Wait()
		if len(told) != 0 {
			t.Error("told before the period was over")
		}
		<-time.After(2 * time.Second)
		synctest.Wait()
		if len(told) != 1 {
			t.Fatalf("told of %d mutations, want 1", len(told))
		}
		if m := <-told; m.Key != "first" {
			t.Errorf("told of %v", m)
		}
		cancel(errors.New("end"))
		<-done
		last.Name = "x"
		d.Run(ctx) // ctx is over: one check is left
		if len(told) != 1 {
			t.Fatalf("told of %d mutations, want 1", len(told))
		}
		if m := <-told; m.Key != "last" {
			t.Errorf("told of %v", m)
		}
	})
}

func BenchmarkDetectorObserve(b *testing.B) {
	d := New(Options[*widget]{Copy: (*widget).deepCopy})
	w := newWidget()
	b.ReportAllocs()
	for b.Loop() {
		d.Observe("a/w", w)
	}
	if len(d.ring) == 0 && b.N > 64 {
		b.Fatal("nothing was observed")
	}
}

func BenchmarkDetectorCheck(b *testing.B) {
	d := New(Options[*widget]{Copy: (*widget).deepCopy, Sample: 1})
	for i := range 512 {
		d.Observe(fmt.Sprint(i), newWidget())
	}
	b.ReportAllocs()
	for b.Loop() {
		if found := d.Check(); len(found) != 0 {
			b.Fatal(found)
		}
	}
}

// TestObserveAllSamplesAsObserveDoes proves that a batch is sampled as if its
// objects came one by one, whatever came before.
func TestObserveAllSamplesAsObserveDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sample := rapid.IntRange(1, 9).Draw(t, "sample")
		options := Options[*widget]{Copy: (*widget).deepCopy, Sample: sample, Max: 1000}
		one, all := New(options), New(options)
		number := 0
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 30), 1, 8).Draw(t, "batches") {
			first := number
			for ; number < first+n; number++ {
				one.Observe(fmt.Sprint(number), newWidget())
			}
			all.ObserveAll(n, func(i int) (string, *widget, bool) { return fmt.Sprint(first + i), newWidget(), true })
		}
		var want, got []string
		for _, o := range one.ring {
			want = append(want, o.key)
		}
		for _, o := range all.ring {
			got = append(got, o.key)
		}
		if !slices.Equal(want, got) || len(got) != number/sample {
			t.Fatalf("sampled %v, want %v", got, want)
		}
	})
}

// TestDetectorSuspectsReachBehindTheLastCheck has somebody at work between the
// comparing and the asking of one check: the next one still names him.
func TestDetectorSuspectsReachBehindTheLastCheck(t *testing.T) {
	calls, w := 0, newWidget()
	d := New(Options[*widget]{
		Copy: (*widget).deepCopy, Sample: 1, OnMutation: func(*Mutation) {},
		Suspects: func() []string {
			if calls++; calls == 2 { // the first check has compared
				w.Name = "changed"
				return []string{"culprit", "bystander"}
			}
			return nil
		},
	})
	d.Observe("a/w", w)
	if found := d.Check(); len(found) != 0 {
		t.Fatalf("found %v", found)
	}
	found := d.Check()
	if len(found) != 1 || !slices.Equal(found[0].Suspects, []string{"bystander", "culprit"}) {
		t.Fatalf("found %+v", found)
	}
	if text := found[0].Error(); !strings.Contains(text, "(at work since it was intact: bystander, culprit)") {
		t.Error(text)
	}
}

// TestDetectorLogs proves what is logged where nobody asked to be told: one
// error for each mutation, with cache, key and field, and nothing else.
func TestDetectorLogs(t *testing.T) {
	logger := ktesting.NewLogger(t, ktesting.NewConfig(ktesting.BufferLogs(true)))
	d := New(Options[*widget]{Name: "widgets", Copy: (*widget).deepCopy, Sample: 1, Logger: logger})
	w := newWidget()
	d.Observe("a/w", w)
	d.Check()
	log := logger.GetSink().(ktesting.Underlier).GetBuffer()
	if got := log.String(); got != "" {
		t.Errorf("the log says %q although nothing happened", got)
	}
	w.Parts[0].Image = "other"
	d.Check()
	d.Check()
	got := log.String()
	for _, part := range []string{`cache="widgets"`, `key="a/w"`, `field=".Parts[0].Image"`, "changed from i to other"} {
		if strings.Count(got, part) != 1 {
			t.Errorf("the log says %q, want %s once", got, part)
		}
	}
}

// TestDetectorLogsToTheProcessLogWithoutALogger proves the last resort.
func TestDetectorLogsToTheProcessLogWithoutALogger(t *testing.T) {
	var out bytes.Buffer
	state := klog.CaptureState()
	defer state.Restore()
	klog.SetLogger(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&out))))
	w := newWidget()
	d := New(Options[*widget]{Copy: (*widget).deepCopy, Sample: 1})
	d.Observe("a/w", w)
	w.Name = "changed"
	d.Check()
	if got := out.String(); strings.Count(got, "changed in place") < 1 || strings.Count(got, "\n") != 1 || got[0] != 'E' {
		t.Errorf("the log says %q, want one error", got)
	}
}

// ring is an object that is no tree.
type ring struct {
	value int
	next  *ring
}

func newRing() *ring {
	r := &ring{next: &ring{}}
	r.next.next = r
	return r
}

// TestDetectorBearsObjectsThatAreNoTrees proves that an object which refers to
// itself does not end the process, and that what changes in it is found.
func TestDetectorBearsObjectsThatAreNoTrees(t *testing.T) {
	d := New(Options[*ring]{Copy: func(*ring) *ring { return newRing() }, Sample: 1, OnMutation: func(*Mutation) {}})
	r := newRing()
	d.Observe("a/ring", r)
	if found := d.Check(); len(found) != 0 {
		t.Fatalf("found %v in an intact ring", found)
	}
	r.next.value = 7
	if found := d.Check(); len(found) != 1 || found[0].Path != ".next.value" {
		t.Fatalf("found %v, want .next.value", found)
	}
}

// TestDetectorNamesPartsOfSeveralObjects has objects with labels and parts in one
// memory (M5): a change in there is a change of all, each is told of, and each says
// which part that is and who has it besides.
func TestDetectorNamesPartsOfSeveralObjects(t *testing.T) {
	for name, c := range map[string]struct {
		mutate func(*widget)
		part   string
		others []string
	}{
		"an entry of a map": {func(w *widget) { w.Labels["a"] = "c" }, ".Labels", []string{"b", "c"}},
		"a new entry":       {func(w *widget) { w.Labels["n"] = "" }, ".Labels", []string{"b", "c"}},
		"below a slice":     {func(w *widget) { w.Parts[0].Image = "x" }, ".Parts", []string{"b", "c"}},
		"the inner of two":  {func(w *widget) { w.Parts[0].Ports[0] = 7 }, ".Parts[0].Ports", []string{"b", "c"}},
		"a pointer":         {func(w *widget) { w.Next.Image = "x" }, ".Next", []string{"b", "c"}},
		"its own":           {func(w *widget) { w.Name = "x" }, "", nil},
		"another map":       {func(w *widget) { w.Labels = map[string]string{} }, "", nil},
		"a shorter slice":   {func(w *widget) { w.Parts = nil }, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			first := newWidget()
			shared := []any{first.Labels, first.Parts, first.Parts[0].Ports, first.Next}
			d := New(Options[*widget]{
				Name: "widgets", Copy: (*widget).deepCopy, Sample: 1, OnMutation: func(*Mutation) {},
				Shared: func(part any) bool {
					return slices.ContainsFunc(shared, func(s any) bool { return reflect.ValueOf(s).Pointer() == reflect.ValueOf(part).Pointer() })
				},
			})
			d.Observe("a", first)
			for _, key := range []string{"c", "b"} {
				w := *first
				d.Observe(key, &w)
			}
			d.Observe("apart", newWidget())
			if found := d.Check(); len(found) != 0 {
				t.Fatalf("found %v before the mutation", found)
			}
			c.mutate(first)
			found := d.Check()
			if want := 1 + len(c.others); len(found) != want {
				t.Fatalf("found %v, want %d mutations", found, want)
			}
			if m := found[0]; m.Key != "a" || m.Part != c.part || !slices.Equal(m.Others, c.others) {
				t.Errorf("found %+v, want the part %q of %q", m, c.part, c.others)
			}
			if text := found[0].Error(); c.part != "" && !strings.Contains(text, "in all other objects that have the same "+c.part+", such as b, c: copy it") {
				t.Error(text)
			}
			if again := d.Check(); len(again) != 0 {
				t.Errorf("told twice: %v", again)
			}
		})
	}
}

// TestDetectorNamesThePartWithoutOthers has no other object in the sample, and a part
// that reflection may not hand out.
func TestDetectorNamesThePartWithoutOthers(t *testing.T) {
	d := New(Options[*widget]{Copy: (*widget).deepCopy, Sample: 1, OnMutation: func(*Mutation) {}, Shared: func(part any) bool { _, ok := part.(map[string]string); return ok }})
	w := newWidget()
	d.Observe("a/w", w)
	w.Labels["a"] = "c"
	found := d.Check()
	if len(found) != 1 || found[0].Part != ".Labels" || found[0].Others != nil || !strings.Contains(found[0].Error(), "in all other objects that have the same .Labels: copy it") {
		t.Errorf("found %v", found)
	}
	rings := New(Options[*ring]{Copy: func(*ring) *ring { return newRing() }, Sample: 1, OnMutation: func(*Mutation) {}, Shared: func(any) bool { return true }})
	r := newRing()
	rings.Observe("a/ring", r)
	r.next.value = 7
	if found := rings.Check(); len(found) != 1 || found[0].Part != "" {
		t.Errorf("found %+v", found)
	}
}
