package object

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"pgregory.net/rapid"
)

// machine is an API object with parts of every kind.
type machine struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              machineSpec   `json:"spec"`
	Status            machineStatus `json:"status"`
}

type machineSpec struct {
	Node     string            `json:"node,omitempty"`
	Tools    []tool            `json:"tools,omitempty"`
	Files    map[string][]byte `json:"files,omitempty"`
	Selector *metav1.LabelSelector
	Anything any               `json:"anything,omitempty"`
	Template map[string]any    `json:"template,omitempty"`
	Disks    map[string]disk   `json:"disks,omitempty"`
	Places   map[string]*probe `json:"places,omitempty"`
	Grid     [2]probe          `json:"grid"`
}

type machineStatus struct {
	Phase      string      `json:"phase,omitempty"`
	Conditions []condition `json:"conditions,omitempty"`
}

type condition struct {
	Type, Message string
	Since         metav1.Time
}

type disk struct {
	Path  string
	Modes []string
}

type tool struct {
	Name   string                       `json:"name"`
	Image  string                       `json:"image,omitempty"`
	Args   []string                     `json:"args,omitempty"`
	Env    []variable                   `json:"env,omitempty"`
	Limits map[string]resource.Quantity `json:"limits,omitempty"`
	Probe  *probe                       `json:"probe,omitempty"`
	Ratio  float64                      `json:"ratio,omitempty"`
}

type variable struct{ Name, Value string }

type probe struct {
	Path string
	Port intstr.IntOrString
	Wait *int64
}

// newMachine makes a machine of a set. All of one set are equal but for what is a
// machine's own, and nothing of two machines has the same memory.
func newMachine(name string, set int) *machine {
	own := func(format string, args ...any) string { return fmt.Sprintf(format, args...) }
	m := &machine{}
	m.APIVersion, m.Kind = own("example.com/v%d", 1), own("Machine")
	m.Namespace, m.Name, m.UID, m.ResourceVersion = own("namespace-of-machines"), own("%s", name), types.UID(own("uid-of-%s", name)), "7"
	m.Labels = map[string]string{own("app.example.com/name"): own("app-%d", set), own("app.example.com/part-of"): own("a-large-shop-%d", set)}
	if set%3 == 1 {
		m.Annotations = map[string]string{}
	}
	yes, wait := true, int64(set)
	m.OwnerReferences = []metav1.OwnerReference{{APIVersion: own("example.com/v1"), Kind: own("Set"), Name: own("set-%d", set), UID: types.UID(own("uid-of-set-%d", set)), Controller: &yes}}
	m.ManagedFields = []metav1.ManagedFieldsEntry{{
		Manager: own("the-controller-of-sets"), FieldsType: own("FieldsV1"),
		FieldsV1: metav1.NewFieldsV1(own(`{"f:spec":{"f:tools":{"k:%d":{}}}}`, set)),
	}}
	m.CreationTimestamp = metav1.NewTime(time.Unix(1_700_000_000, 0))
	for i := range 1 + set%3 {
		t := tool{
			Name: own("tool-%d", i), Image: own("registry.example.com/shop/tool:%d", set),
			Args:   []string{own("--level=%d", set), own("--with-a-long-argument=yes")},
			Env:    append(make([]variable, 0, 8), variable{own("SET"), own("%d", set)}, variable{own("A_LONG_NAME_OF_A_VARIABLE"), own("a long value of it")}),
			Limits: map[string]resource.Quantity{own("cpu"): resource.MustParse("100m"), own("memory"): resource.MustParse(own("%dMi", 1+set))},
			Probe:  &probe{Path: own("/healthz-of-%d", set), Port: intstr.FromString(own("port-%d", set)), Wait: &wait},
			Ratio:  float64(set) / 3,
		}
		m.Spec.Tools = append(m.Spec.Tools, t)
	}
	m.Spec.Files = map[string][]byte{own("a"): []byte(own("the content of a file, %d", set)), own("b"): {}, own("c"): nil}
	m.Spec.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: own("k"), Operator: metav1.LabelSelectorOpIn, Values: []string{own("v-%d", set)}}}}
	m.Spec.Anything = map[string]any{own("list"): []any{own("one-%d-of-several-strings", set), int64(set), 1.5, true, nil, map[string]any{}}}
	m.Spec.Template = map[string]any{own("labels"): map[string]any{own("app"): own("app-%d-of-several", set)}, own("own"): own("%s", name)}
	m.Spec.Disks = map[string]disk{own("d"): {Path: own("/var/lib/disks/%d", set), Modes: []string{own("read"), own("write-%d", set)}}}
	m.Spec.Places = map[string]*probe{own("p"): {Path: own("/a/place/for/%d", set)}}
	m.Spec.Grid[1].Path = own("/in/an/array/of/%d", set)
	m.Spec.Node = own("node-%d.example.com", set%2)
	m.Status = machineStatus{Phase: own("Running"), Conditions: []condition{{Type: own("Ready"), Message: own("%s is ready", name), Since: metav1.NewTime(time.Unix(1_700_000_001, 0))}}}
	return m
}

func newSharer[T any](t testing.TB, options SharerOptions) *Sharer[T] {
	t.Helper()
	s, err := NewSharer[T](options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func share[T any](t testing.TB, s *Sharer[T], obj T) T {
	t.Helper()
	out, err := s.Share(obj)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// at is the address of a map, slice or pointer.
func at(part any) uintptr { return reflect.ValueOf(part).Pointer() }

func sameMemory(a, b string) bool { return unsafe.StringData(a) == unsafe.StringData(b) }

// partsOf lists parts of a machine by name.
func partsOf(m *machine) map[string]any {
	t := m.Spec.Tools[0]
	return map[string]any{
		"labels": m.Labels, "owners": m.OwnerReferences, "fields": m.ManagedFields[0].FieldsV1,
		"tools": m.Spec.Tools, "args": t.Args, "env": t.Env, "limits": t.Limits, "probe": t.Probe,
		"files": m.Spec.Files, "file": m.Spec.Files["a"], "selector": m.Spec.Selector, "anything": m.Spec.Anything,
		"labels of the template": m.Spec.Template["labels"], "disks": m.Spec.Disks, "modes": m.Spec.Disks["d"].Modes,
		"places": m.Spec.Places,
	}
}

// Promise 5, the first half.
func TestEqualPartsHaveOneMemory(t *testing.T) {
	s := newSharer[*machine](t, SharerOptions{})
	a, b, c := share(t, s, newMachine("a", 1)), share(t, s, newMachine("b", 1)), share(t, s, newMachine("c", 3))
	ofB, ofC := partsOf(b), partsOf(c)
	for name, part := range partsOf(a) {
		if at(part) != at(ofB[name]) {
			t.Errorf("%s: two machines of one set have two", name)
		}
		if at(part) == at(ofC[name]) {
			t.Errorf("%s: machines of two sets have one", name)
		}
		if !s.Shared(part) || s.Shared(ofC[name]) {
			t.Errorf("%s: it is said to be shared: %v, and that of another set: %v", name, s.Shared(part), s.Shared(ofC[name]))
		}
	}
	if at(a.Status.Conditions) == at(b.Status.Conditions) || at(a.Spec.Template) == at(b.Spec.Template) {
		t.Error("what differs is one")
	}
	if env := a.Spec.Tools[0].Env; len(env) != cap(env) {
		t.Errorf("a shared slice has %d elements and room for %d: whoever appends to it would write into it", len(env), cap(env))
	}
	if s.Shared(nil) || s.Shared(7) || s.Shared((*machine)(nil)) || s.Shared(a) || s.Shared(map[string]string(nil)) {
		t.Error("what is no part is said to be shared")
	}
}

// Promise 5, the other half: whatever comes and goes, each object is what it was.
func TestSharedObjectsEqualTheOriginals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s *Sharer[*machine]
		s, err := NewSharer[*machine](SharerOptions{StringsOnly: rapid.Bool().Draw(t, "strings only")})
		if err != nil {
			t.Fatal(err)
		}
		sets := make(map[string]int) // the model
		held := make(map[string]*machine)
		check := func(t *rapid.T) {
			for name, set := range sets {
				if want := newMachine(name, set); !reflect.DeepEqual(held[name], want) {
					t.Fatalf("%s of set %d is %+v\nwant %+v", name, set, held[name], want)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": check,
			"comes": func(t *rapid.T) {
				name, set := rapid.StringMatching(`machine-[a-z]{12}`).Draw(t, "name"), rapid.IntRange(0, 4).Draw(t, "set")
				obj, err := s.Share(newMachine(name, set))
				if err != nil {
					t.Fatal(err)
				}
				sets[name], held[name] = set, obj
			},
			"goes": func(t *rapid.T) {
				for name := range sets {
					delete(sets, name)
					delete(held, name)
					break
				}
			},
			"collection": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "one in ten") == 0 {
					runtime.GC()
				}
			},
		})
	})
}

// emptied collects garbage until the table is empty. It gives up at some time.
func emptied(s interface{ Len() int }) bool {
	for range 2000 {
		if s.Len() == 0 {
			return true
		}
		runtime.GC()
		runtime.Gosched() // the cleanups have a goroutine of their own
	}
	return false
}

// Promise 6.
func TestThePartsGoWithTheirLastObject(t *testing.T) {
	s := newSharer[*machine](t, SharerOptions{})
	held := make(map[string]*machine)
	for i := range 600 {
		name := fmt.Sprintf("machine-%d", i)
		held[name] = share(t, s, newMachine(name, i/10))
	}
	full := s.Len()
	for i := range 600 {
		if i%10 != 0 { // one of each set stays
			delete(held, fmt.Sprintf("machine-%d", i))
		}
	}
	runtime.GC()
	if n := s.Len(); n < full/4 {
		t.Errorf("%d parts of %d are left while each set has a machine", n, full)
	}
	next := share(t, s, newMachine("next", 3))
	if first := held["machine-30"]; at(first.Labels) != at(next.Labels) {
		t.Error("a part that an object still has is not found")
	}
	runtime.KeepAlive(held)
	runtime.KeepAlive(next)
	if !emptied(s) {
		t.Fatalf("%d parts are left of no object", s.Len())
	}
	if most := s.walk.table.most; most > 1024 {
		t.Errorf("the table of no parts has room for %d", most)
	}
}

func TestSharingInParallel(t *testing.T) {
	s := newSharer[*machine](t, SharerOptions{})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				name, set := fmt.Sprintf("machine-%d-%d", g, i), i%7
				obj, err := s.Share(newMachine(name, set))
				if want := newMachine(name, set); err != nil || !reflect.DeepEqual(obj, want) {
					t.Errorf("%s is %+v, %v\nwant %+v", name, obj, err, want)
					return
				}
				if i%50 == 0 {
					runtime.GC()
				}
			}
		})
	}
	wg.Wait()
	if !emptied(s) {
		t.Errorf("%d parts are left of no object", s.Len())
	}
}

// Contents are compared, not sums: a part that somebody changed in place, against the
// rules, still has its sum in the table, and is given to no object that comes later.
func TestAPartThatWasChangedIsGivenToNobodyElse(t *testing.T) {
	s := newSharer[*machine](t, SharerOptions{})
	a, b := share(t, s, newMachine("a", 1)), share(t, s, newMachine("b", 1))
	a.Labels["changed"] = "yes"
	a.Spec.Tools[0].Env[0].Value = "changed"
	a.Spec.Tools[0].Probe.Path = "changed"
	if b.Labels["changed"] != "yes" {
		t.Fatal("the labels are not shared, and this test proves nothing")
	}
	for _, name := range []string{"c", "d"} {
		if got, want := share(t, s, newMachine(name, 1)), newMachine(name, 1); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s is %+v\nwant %+v", name, got, want)
		}
	}
	if !s.Shared(a.Labels) || !s.Shared(b.Spec.Tools[0].Env) {
		t.Error("the parts that were changed are not known any more")
	}
}

// guarded has state of its own.
type guarded struct {
	mu     sync.Mutex
	Labels map[string]string
}

func (g *guarded) label(key string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.Labels[key]
}

// stateful has everything that is left alone, and labels beside it.
type stateful struct {
	metav1.ObjectMeta
	Guarded  *guarded
	Inline   guarded
	List     []*guarded
	Inlines  []guarded
	Mixed    []mixed
	Numbers  map[int]map[string]string
	Size     *resource.Quantity
	Sizes    []resource.Quantity
	Reader   fmt.Stringer
	Call     func()
	Signal   chan int
	Anything any
	InMap    map[string]guarded
}

type mixed struct {
	Labels map[string]string
	Call   func()
}

func newStateful() *stateful {
	labels := func() map[string]string { return map[string]string{"name-of-a-label": "value of the label"} }
	size := resource.MustParse("1500m")
	return &stateful{
		ObjectMeta: metav1.ObjectMeta{Labels: labels()},
		Guarded:    &guarded{Labels: labels()}, Inline: guarded{Labels: labels()}, List: append(make([]*guarded, 0, 9), &guarded{Labels: labels()}),
		Inlines: make([]guarded, 1, 9),
		Mixed:   []mixed{{Labels: labels(), Call: func() {}}},
		Numbers: map[int]map[string]string{1: labels()},
		Size:    &size, Sizes: append(make([]resource.Quantity, 0, 9), size),
		Reader: &size, Call: func() {}, Signal: make(chan int), Anything: &guarded{Labels: labels()},
		InMap: map[string]guarded{"a": {Labels: labels()}},
	}
}

// Promise 7.
func TestWhatHasStateOfItsOwnIsLeftAlone(t *testing.T) {
	s := newSharer[*stateful](t, SharerOptions{})
	for range 3 {
		first := newStateful()
		own := []any{
			first.Guarded, first.Guarded.Labels, first.Inline.Labels, first.List[0], first.List[0].Labels, first.Inlines, first.Mixed, first.Numbers,
			first.Numbers[1], first.Size, first.Signal, first.Anything, first.InMap, first.InMap["a"].Labels,
		}
		got := share(t, s, first)
		for i, part := range []any{
			got.Guarded, got.Guarded.Labels, got.Inline.Labels, got.List[0], got.List[0].Labels, got.Inlines, got.Mixed, got.Numbers,
			got.Numbers[1], got.Size, got.Signal, got.Anything, got.InMap, got.InMap["a"].Labels,
		} {
			if at(part) != at(own[i]) || s.Shared(part) {
				t.Errorf("part %d, a %T, was replaced", i, part)
			}
		}
		if got.Guarded.label("name-of-a-label") == "" {
			t.Error("the guarded labels are gone")
		}
		another := share(t, s, newStateful())
		if at(got.Labels) != at(another.Labels) || at(got.Mixed[0].Labels) != at(got.Labels) {
			t.Error("the labels beside it are not shared")
		}
	}
}

func TestASharerIsRefusedToTypesWithNothingToShare(t *testing.T) {
	for name, err := range map[string]error{
		"a number":             newSharerErr[int](),
		"a struct":             newSharerErr[machine](),
		"a pointer to pointer": newSharerErr[**machine](),
		"a map":                newSharerErr[map[string]string](),
		"state of its own":     newSharerErr[*guarded](),
		"numbers":              newSharerErr[*struct{ A, B int }](),
	} {
		if !errors.Is(err, ErrNothingToShare) || !strings.HasPrefix(err.Error(), "object: no Sharer for ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"any": newSharerErr[any](), "an object": newSharerErr[metav1.Object](), "strings": newSharerErr[*struct{ A string }](),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func newSharerErr[T any]() error {
	_, err := NewSharer[T](SharerOptions{})
	return err
}

func TestASharerOfInterfacesTakesEveryType(t *testing.T) {
	s := newSharer[any](t, SharerOptions{})
	a, b := newMachine("a", 1), newMachine("b", 1)
	u := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Labels: maps.Clone(a.Labels)}}
	for _, obj := range []any{a, b, u, nil, 7, "text", (*machine)(nil), machine{}, map[string]string{"a": "b"}} {
		if out := share(t, s, obj); reflect.TypeOf(out) != reflect.TypeOf(obj) {
			t.Errorf("%T became %T", obj, out)
		}
	}
	if at(a.Labels) != at(b.Labels) || at(a.Labels) != at(u.Labels) {
		t.Error("equal parts of objects of several types are not one")
	}
}

// node may refer to itself, which nothing from a decoder does.
type node struct {
	Name        string
	Left, Right *node
	List        []*node
}

func TestAnObjectThatIsNoTreeComesToAnEnd(t *testing.T) {
	s := newSharer[*node](t, SharerOptions{})
	for range 2 {
		n := &node{Name: "a name of many letters"}
		n.Left, n.Right, n.List = n, n, []*node{n}
		if got := share(t, s, n); got != n || got.Left != n || got.List[0] != n || s.walk.depth != 0 {
			t.Fatalf("%p became %+v, depth %d", n, got, s.walk.depth)
		}
	}
	deep := &node{}
	for range 3 * maxDepth {
		deep = &node{Name: "a name of many letters", Left: deep}
	}
	share(t, s, deep)
}

// What no two objects have is looked up for a while only.
func TestPlacesWithoutEqualPartsAreLeftOut(t *testing.T) {
	s := newSharer[*machine](t, SharerOptions{})
	var held []*machine
	for i := range 5 * siteTrial {
		m := &machine{}
		m.Name = fmt.Sprintf("machine-number-%d", i)
		m.Labels = map[string]string{"app": fmt.Sprint(i / 10)}
		m.Status.Conditions = append(make([]condition, 0, 4), condition{Message: "the state of " + fmt.Sprint(i)})
		held = append(held, share(t, s, m))
	}
	if n, want := s.Len(), len(held)/10+siteTrial; n > want+siteTrial/4 {
		t.Errorf("%d parts are entered, want about %d", n, want)
	}
	for _, m := range held {
		if c := m.Status.Conditions; cap(c) != 1 || c[0].Message != "the state of "+strings.TrimPrefix(m.Name, "machine-number-") {
			t.Fatalf("%s has %v, with room for %d", m.Name, c, cap(c))
		}
	}
	runtime.KeepAlive(held)
}

func TestSitesOpenAgain(t *testing.T) {
	var s site
	opened := func(n int, hit bool) (open int) {
		for range n {
			if s.open() {
				open++
				if hit {
					s.hits++
				}
			}
		}
		return open
	}
	if n := opened(sitePeriod, false); n != siteTrial {
		t.Errorf("%d of a period without hits were looked up, want %d", n, siteTrial)
	}
	if n := opened(sitePeriod, true); n != sitePeriod {
		t.Errorf("%d of a period with hits were looked up, want all", n)
	}
	if n := opened(sitePeriod, false); n != siteTrial {
		t.Errorf("%d of a period without hits again were looked up, want %d", n, siteTrial)
	}
}

// meet reports whether two of the strings have one place in the table of those that came
// lately, where each makes the table forget that the other one came. With fifty strings
// that is so for some seeds.
func meet(t *partTable, all []string) bool {
	at := make(map[uint64]string)
	for _, s := range all {
		if len(s) < minWord || len(s) > maxWord {
			continue
		}
		place := maphash.String(t.seed, s) % uint64(len(t.words))
		if other, taken := at[place]; taken && other != s {
			return true
		}
		at[place] = s
	}
	return false
}

// A string is shared from the second time on that it comes, and for as long as an
// object has it: unlike a unique.Handle of which only the value is kept.
func TestStringsAreShared(t *testing.T) {
	machines := func() (all []*machine) {
		for i := range 4 {
			all = append(all, newMachine(fmt.Sprintf("a-machine-of-number-%d", i), 3))
		}
		return all
	}
	text, err := json.Marshal(machines())
	if err != nil {
		t.Fatal(err)
	}
	for _, options := range []SharerOptions{{}, {StringsOnly: true}} {
		s := newSharer[*machine](t, options)
		for meet(s.walk.table, strings.Split(string(text), `"`)) {
			s = newSharer[*machine](t, options) // which has another seed
		}
		var held []*machine
		for _, m := range machines() {
			held = append(held, share(t, s, m))
			runtime.GC()
		}
		second, third, fourth := held[1], held[2], held[3]
		for name, words := range map[string][2]string{
			"namespace": {second.Namespace, third.Namespace},
			"node":      {second.Spec.Node, fourth.Spec.Node},
			"image":     {second.Spec.Tools[0].Image, third.Spec.Tools[0].Image},
			"json":      {second.Spec.Anything.(map[string]any)["list"].([]any)[0].(string), third.Spec.Anything.(map[string]any)["list"].([]any)[0].(string)},
			"argument":  {second.Spec.Tools[0].Args[1], third.Spec.Tools[0].Args[1]},
			"in a map":  {second.Spec.Disks["d"].Path, third.Spec.Disks["d"].Path},
			"array":     {second.Spec.Grid[1].Path, third.Spec.Grid[1].Path},
		} {
			if words[0] != words[1] || !sameMemory(words[0], words[1]) {
				t.Errorf("%+v: the %s is there twice: %q", options, name, words)
			}
		}
		keys := func(m map[string]string) map[string]*byte {
			all := make(map[string]*byte)
			for k := range m {
				all[k] = unsafe.StringData(k)
			}
			return all
		}
		if !maps.Equal(keys(third.Labels), keys(fourth.Labels)) {
			t.Errorf("%+v: the keys of labels are there twice", options)
		}
		if options.StringsOnly && (at(second.Labels) == at(third.Labels) || at(second.Spec.Tools) == at(third.Spec.Tools)) {
			t.Error("more than strings is shared")
		}
		runtime.KeepAlive(held)
		if !emptied(s) {
			t.Errorf("%+v: %d parts are left of no object", options, s.Len())
		}
	}
}

// A table whose sums are all wrong: a part of another type, or of another length, is
// never taken for the one that is looked for.
func TestEqualSumsProveNothing(t *testing.T) {
	table := newPartTable()
	own := []byte("sixteen letters!")
	table.enter(1, 7, &own[0], len(own))
	for _, other := range []struct {
		id uint32
		n  int
	}{{8, len(own)}, {7, len(own) - 1}, {0, len(own)}} {
		if table.find(1, other.id, other.n) != nil {
			t.Errorf("found for %+v", other)
		}
	}
	if table.find(1, 7, len(own)) != &own[0] {
		t.Error("not found")
	}
	second := []byte("sixteen letters.")
	table.enter(1, 7, &second[0], len(second))
	if table.find(1, 7, len(own)) != &own[0] {
		t.Error("the first part under a sum was dropped while somebody has it")
	}
	runtime.KeepAlive(own)
	runtime.KeepAlive(second)
}

func BenchmarkShare(b *testing.B) {
	for _, c := range []struct {
		name    string
		options SharerOptions
		sets    int
	}{{"hit", SharerOptions{}, 10}, {"miss", SharerOptions{}, 1 << 30}, {"strings", SharerOptions{StringsOnly: true}, 10}} {
		b.Run(c.name, func(b *testing.B) {
			s := newSharer[*machine](b, c.options)
			held := make([]*machine, 1000)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				m := newMachine("machine", i%c.sets)
				b.StartTimer()
				held[i%len(held)] = share(b, s, m)
			}
		})
	}
}
