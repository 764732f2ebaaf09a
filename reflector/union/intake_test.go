package union

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// bench is a session whose queries are played by the test.
type bench struct {
	t  *testing.T
	s  *session[thing]
	p  *tape[thing]
	in map[string]*intake[thing]
}

// source is a ListerWatcher that nobody asks.
var source = &reflector.ListWatch[thing]{
	ListFunc: func(context.Context, metav1.ListOptions) (reflector.List[thing], error) {
		panic("listed")
	},
	WatchFunc: func(context.Context, metav1.ListOptions) (reflector.Stream[thing], error) { panic("watched") },
}

func newBench(t *testing.T, o Options) *bench {
	b := &bench{t: t, p: &tape[thing]{}, in: map[string]*intake[thing]{}}
	b.s = must(New[thing](o)).newSession(t.Context(), b.p)
	t.Cleanup(func() { b.s.end(nil) })
	must(0, b.p.Begin(t.Context()))
	b.s.starting = true
	return b
}

// intake returns the sink of a query, which is made when it is first named.
func (b *bench) intake(name string) *intake[thing] {
	in := b.in[name]
	if in == nil {
		q := must(b.s.r.newQuery(Query[thing]{Name: name, Source: source}))
		in = &intake[thing]{session: b.s, query: q}
		b.s.live[q] = func() {}
		b.in[name] = in
	}
	return in
}

// do plays a step: "a add x@5", "a list 7 x@5 y@6", "tell". It returns the error.
func (b *bench) do(step string) error {
	words := strings.Fields(step)
	if words[0] == "tell" {
		return b.s.tell()
	}
	ctx, in := b.t.Context(), b.intake(words[0])
	var objects []thing
	for _, w := range words[2:] {
		objects = append(objects, at(w))
	}
	switch words[1] {
	case "add":
		return in.Add(ctx, objects[0])
	case "update":
		return in.Update(ctx, objects[0])
	case "delete":
		return in.Delete(ctx, objects[0])
	case "begin":
		return in.Begin(ctx)
	case "page":
		return in.Page(ctx, objects)
	case "commit":
		return in.Commit(ctx, strings.Join(words[2:], ""))
	case "abort":
		in.Abort()
	case "bookmark":
		return in.Bookmark(ctx, words[2])
	case "list":
		must(0, in.Begin(ctx))
		must(0, in.Page(ctx, objects[1:]))
		return in.Commit(ctx, words[2])
	case "removed":
		return b.s.remove(in.query)
	default:
		b.t.Fatalf("step %q", step)
	}
	return nil
}

// started is the beginning of a test of what comes after the start, at version 10,
// with x held by a and b, y by a alone.
const started = "a list 10 x@5 y@6; b list 10 x@5; tell"

func TestWhatTheSinkIsTold(t *testing.T) {
	for _, c := range []struct {
		name, steps, want string
	}{
		{"U3: the start is one list, of the version that all have", "a list 10 x@5 y@6; tell; b list 12 x@5 z@7; tell",
			"begin, page x@5, page y@6, page z@7, commit 10"},
		{"U3: in the start, an event is part of the list", "a begin; b list 10 x@5; b update x@11; b add z@12; b delete z@13; a page y@6; a commit 12; tell",
			"begin, page x@5, page x@11, page z@12, delete z, page y@6, commit 12"},
		{"U3, U4: in the start, of two states the newer one stays", "a begin; b list 10 x@9; a page x@5; a commit 12; tell",
			"begin, page x@9, commit 10"},
		{"U2, U3: a list of the start that is not complete leaves nothing", "a begin; b list 10 x@5; a page x@5 y@6; a abort; a begin; a page z@7; a commit 11; tell",
			"begin, page x@5, page y@6, delete y, page z@7, commit 10"},
		{"U3: another Begin is an Abort", "a begin; b list 10; a page y@6; a begin; a commit 11; tell",
			"begin, page y@6, delete y, commit 10"},
		{"U3: a second list in the start takes effect when it is complete", "b begin; a list 10 x@5 y@6; a begin; a page x@11 z@11; a commit 12; b commit 12; tell",
			"begin, page x@5, page y@6, delete y, page x@11, page z@11, commit 12"},
		{"U3: a removed query does not hold up the start", "a list 10 x@5; b begin; b page y@6; b removed; tell",
			"begin, page x@5, page y@6, delete y, commit 10"},

		{"U1: a deletion deletes what no other query holds", "* a delete x@11; b delete x@11; a delete y@12",
			"delete x@11, delete y@12"},
		{"U1: what the query did not hold it cannot delete", "* b delete y@11; a delete z@12", ""},
		{"U1: a state that two queries bring is told once", "* a update x@11; b update x@11; a add z@12; b add z@12; a delete z@13; b delete z@13",
			"update x@11, add z@12, delete z@13"},
		{"U1: what changes from one query's to another's is not deleted where the add comes first", "* b add y@11; a delete y@11; b delete y@12",
			"update y@11, delete y@12"},
		{"U1: and else deleted and added", "* a delete y@11; b add y@11", "delete y@11, add y@11"},
		{"U1: another life of a key", "* a delete y@11; a add y@12; b add y@12", "delete y@11, add y@12"},
		{"U1: a deletion that comes late does not delete the next life", "* a delete x@11; a add x@12; b delete x@11; b add x@12",
			"update x@12"},

		{"U2: a list removes only what it alone held", "* a list 12 z@11", "delete y, add z@11"},
		{"U2: a list with nothing new", "* a list 12 x@5 y@6; b list 12 x@5", ""},
		{"U2: what is gone comes before what is new", "* a list 12 b@11 x@11", "delete y, add b@11, update x@11"},
		{"U2: a list that is not complete changes nothing", "* a begin; a page z@11 x@11; a abort; a begin; a abort", ""},
		{"U2: events of others come between pages", "* a begin; a page x@5 z@11; b update x@12; b add v@12; a page v@12; a commit 12",
			"update x@12, add v@12, delete y, add z@11"},
		{"U2: what a list has seen stays, though the other who held it drops it", "* b add z@11; a begin; a page x@5 y@6 z@11; b delete z@12; a commit 11; a delete z@13",
			"add z@11, delete z@13"},
		{"U2: a key that comes twice in a list", "* a begin; a page z@11; a page z@12 x@5 y@6; a commit 12", "add z@11, update z@12"},

		{"U4: an older state does not go over a newer one", "* a update x@12; b update x@11; b update x@12; b update x@13", "update x@12, update x@13"},
		{"U4: nor does one of a list", "* a update x@12; b list 11 x@11", "update x@12"},
		{"U4: nor does it come back after its deletion", "* a add z@11; a delete z@13; b add z@11; b update z@12; b delete z@13", "add z@11, delete z@13"},
		{"U4: nor after a list that shows it to be gone", "* a add z@12; a list 14 x@5 y@6; b add z@11; b delete z@13", "add z@12, delete z"},
		{"U4: but a newer one does", "* a add z@11; a delete z@13; b add z@14", "add z@11, delete z@13, add z@14"},
		{"U4: and one that is as new as the deletion", "* a add z@11; a delete z@13; b add z@13", "add z@11, delete z@13, add z@13"},
		{"U4: which can come from a third", "* c list 11; a add z@11; a delete z@13; b add z@12; c add z@13; b delete z@13; c delete z@15", "add z@11, delete z@13, add z@13, delete z@15"},
		{"U4: a deletion that comes late, of an older state than was handed on, does not show that", "* b add y@12; b delete y@13; a delete y@11",
			"update y@12, delete y"},
		{"U4: within a query order is its Reflector's", "* a update y@12; a update y@11", "update y@12, update y@11"},
		{"U4: what all have passed is forgotten", "* a add z@11; a delete z@13; a bookmark 20; b bookmark 20; tell; b add z@11", "add z@11, delete z@13, bookmark 20, add z@11"},

		{"U5: what only a removed query held is deleted", "* a removed", "delete y"},
		{"U5: a query that comes later comes with changes", "* c begin; c page x@5 z@8; c commit 10; c removed", "add z@8, delete z"},

		{"U6: a version is told when all have it", "* a bookmark 20; tell; b bookmark 15; tell; tell; b bookmark 30; tell", "bookmark 15, bookmark 20"},
		{"U6: an event counts for its own query", "* a update x@20; tell; b update x@20; tell", "update x@20, bookmark 20"},
		{"U6: a query without a list has no version", "* c begin; a bookmark 20; b bookmark 20; tell; c commit 15; tell", "bookmark 15"},
		{"U6: a removed one is not waited for", "* a bookmark 20; tell; b removed; tell", "bookmark 20"},
		{"U6: a list without a version waits for its bookmark", "* a begin; a page x@5 y@6; a commit ; b bookmark 20; tell; a bookmark 18; tell", "bookmark 18"},
		{"U6: versions that have no order are told as they come", "a list v1 x@v1; tell; a bookmark v2; tell", "begin, page x@v1, commit v1, bookmark v2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, Options{})
			for _, name := range []string{"a", "b"} {
				if strings.Contains(c.steps, name+" ") || c.steps[0] == '*' {
					b.intake(name)
				}
			}
			steps := c.steps
			if rest, ok := strings.CutPrefix(steps, "* "); ok {
				for step := range strings.SplitSeq(started, "; ") {
					must(0, b.do(step))
				}
				steps = rest
				b.p.Said()
			}
			for step := range strings.SplitSeq(steps, "; ") {
				if err := b.do(step); err != nil {
					t.Errorf("%s: %v", step, err)
				}
			}
			if got := b.p.Said(); got != c.want {
				t.Errorf("told\n%s\nwant\n%s", got, c.want)
			}
			b.p.check(t)
		})
	}
}

// A sink that refuses an object: the query is told, does not hold it, and may bring it
// again (R4); what it held of it before is gone once a list has shown it again (U2).
func TestObjectsThatTheSinkRefuses(t *testing.T) {
	b := newBench(t, Options{})
	bad := ""
	b.p.refuses = func(obj thing) error {
		if key, text := named(obj); text == bad {
			return errRefused(key)
		}
		return nil
	}
	refuses := func(step, what string) {
		t.Helper()
		bad = what
		if err := b.do(step); err == nil || !errors.As(err, new(*object.RefusedError)) {
			t.Errorf("%s: %v, want the object refused", step, err)
		}
		bad = ""
	}
	b.intake("b")
	must(0, b.do("a begin"))
	refuses("a page x@5 y@6", "x@5")
	must(0, b.do("a commit 10"))
	must(0, b.do("b list 10 x@5"))
	must(0, b.do("tell"))
	refuses("a update y@11", "y@11")
	refuses("a list 12 y@11 z@11", "y@11")
	refuses("b delete x@13", "x@13")
	must(0, b.do("b list 14"))
	want := "begin, page x@5 refused, page y@6, page x@5, commit 10, update y@11 refused, update y@11 refused, delete y, add z@11, delete x@13, delete x"
	if got := b.p.Said(); got != want {
		t.Errorf("told\n%s\nwant\n%s", got, want)
	}
	b.p.check(t)
}

// What has no key is refused, and the rest of its list taken.
func TestObjectsWithoutAKey(t *testing.T) {
	b := newBench(t, Options{})
	in := b.intake("a")
	must(0, in.Begin(t.Context()))
	for _, err := range []error{in.Page(t.Context(), []thing{at("x@5"), nil, at("y@6")}), in.Add(t.Context(), nil), in.Delete(t.Context(), nil)} {
		if !errors.As(err, new(*object.RefusedError)) || !errors.Is(err, object.ErrNotAnObject) {
			t.Errorf("%v, want it refused as no object", err)
		}
	}
	must(0, in.Commit(t.Context(), "10"))
	must(0, b.do("tell"))
	if got, want := b.p.Said(), "begin, page x@5, page y@6, commit 10"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

// U6: a query that comes later, and gets its first list from a cache that lags, has to
// ask again: the version that the sink was told of must not be that of the others
// alone.
func TestAFirstListThatIsBehind(t *testing.T) {
	b := newBench(t, Options{})
	must(0, b.do("a list 10 x@5"))
	must(0, b.do("tell"))
	if err := b.do("b list 9 y@5"); !errors.Is(err, errBehind) {
		t.Errorf("a list at 9 beside 10: %v, want %v", err, errBehind)
	}
	must(0, b.do("b list 10 y@5"))
	if got, want := b.p.Said(), "begin, page x@5, commit 10, add y@5"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

// R1: a list or a bookmark that is lower than what its query had reached says that the
// server went back: the session ends, so that the next one begins with a whole list.
func TestAServerThatWentBack(t *testing.T) {
	for _, step := range []string{"a list 9 x@5", "a bookmark 9"} {
		b := newBench(t, Options{})
		must(0, b.do("a list 10 x@5"))
		must(0, b.do("tell"))
		if err := b.do(step); !errors.Is(err, context.Canceled) || !errors.Is(context.Cause(b.s.ctx), errWentBack) {
			t.Errorf("%s: %v, and the session ended by %v, want %v", step, err, context.Cause(b.s.ctx), errWentBack)
		}
	}
}

// With UnorderedVersions nothing is older than anything, and nothing is the same (U4).
func TestUnorderedVersions(t *testing.T) {
	b := newBench(t, Options{Reflector: reflector.Options{UnorderedVersions: true}})
	for _, step := range []string{"a list 999 x@9", "tell", "a update x@9", "a update x@3", "a delete x@2", "a add x@1", "a list 5 x@1", "tell"} {
		must(0, b.do(step))
	}
	want := "begin, page x@9, commit 999, update x@9, update x@3, delete x@2, add x@1, update x@1"
	if got := b.p.Said(); got != want {
		t.Errorf("told\n%s\nwant\n%s", got, want)
	}
}

// The memory of deletions is bounded (U4), and nothing is remembered that all queries
// have passed.
func TestGravesAreBounded(t *testing.T) {
	b := newBench(t, Options{})
	must(0, b.do("a list 10"))
	must(0, b.do("tell"))
	for i := range 3 * maxGraves {
		if i == maxGraves {
			must(0, b.do("tell"))
			if e, g := len(b.s.ledger.entries), b.s.ledger.graves; e != 0 || g != nil {
				t.Errorf("%d keys are remembered, and graves %v", e, g)
			}
			b.intake("b") // which never lists
		}
		must(0, b.do(fmt.Sprintf("a add k%d@%d", i, 2*i+11)))
		must(0, b.do(fmt.Sprintf("a delete k%d@%d", i, 2*i+12)))
	}
	if e, g := len(b.s.ledger.entries), len(b.s.ledger.graves); e != maxGraves || g != maxGraves {
		t.Errorf("%d keys and %d graves, want %d", e, g, maxGraves)
	}
}
