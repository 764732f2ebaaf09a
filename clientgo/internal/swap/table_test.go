package swap

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/informant-go/informant/reflector"
	upstream "k8s.io/client-go/tools/cache"
)

var update = flag.Bool("update", false, "write the table in clientgo/README.md")

// The table stands in this file, between these lines.
const (
	page      = "../../README.md"
	beginning = "<!-- table: go test ./internal/swap -update -->\n"
	end       = "<!-- end of table -->\n"
)

// footnotes say of each assembly how it is made, and what is missing.
var footnotes = []struct {
	assembly
	letter, text string
}{
	{whole, "A", "`cache.NewSharedIndexInformer` of client-go as it is. It makes store, delta queue and reflector itself, and " +
		"`SharedIndexInformerOptions` has no place for any of them: another part can stand in this informer only by way of B or C."},
	{controlled, "B", "`cache.New` of client-go, its `Controller`: `Config.Queue` takes any delta queue, and `Config.Process` brings what comes " +
		"out into any store and calls the handler. `Process` is the caller's code, and there is one handler. The reflector is " +
		"made inside, from `Config.ListerWatcher`."},
	{bypassed, "C", "B with our reflector. `Config` has no place for a reflector, and a `Controller` always makes its own: that one is given a source which " +
		"never answers, and ours fills the delta queue beside it. `HasSynced` is right; `LastSyncResourceVersion`, `FullResyncPeriod` and " +
		"the watch error handlers of the `Controller` do nothing."},
	{composed, "D", "`informer.NewFromRunner`: the reflector is any `reflector.Runner`, the store is `Options.Indexer`, the delta queue comes of `Options.NewQueue`. " +
		"client-go's parts need an adapter each, of 60 to 120 lines (`internal/swap` has them). Over client-go's store each handler that joins late costs a copy of it, " +
		"and `WaitFor` and watches are not to be had."},
}

// table is what the page has: a row for each way to fill four parts, with both queues.
func table(results map[combination]bool) string {
	var b strings.Builder
	b.WriteString("| informer | reflector | delta queue | store | queue: ours | queue: client-go's | made as |\n|---|---|---|---|---|---|---|\n")
	made, wholes := 0, 0
	for _, c := range combinations() {
		if results[c] {
			made++
		}
		if assemblyOf(c) == whole {
			wholes++
		}
		if c[stageQueue] == theirs {
			continue // in the row of ours
		}
		other := c
		other[stageQueue] = theirs
		for _, s := range []stage{stageInformer, stageReflector, stageDeltas, stageStore} {
			fmt.Fprintf(&b, "| %s ", c[s])
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", verdict(results[c]), verdict(results[other]), letterOf(assemblyOf(c)))
	}
	fmt.Fprintf(&b, "\n%d of the %d combinations can be made and converge. client-go's `SharedIndexInformer` is in %d of them; a combination "+
		"of that informer with another store, delta queue or reflector cannot exist, and in their place is client-go's `Controller`:\n\n", made, len(combinations()), wholes)
	for _, f := range footnotes {
		fmt.Fprintf(&b, "- %s: %s\n", f.letter, f.text)
	}
	return b.String()
}

func verdict(converges bool) string {
	if converges {
		return "converges"
	}
	return "does not converge"
}

func letterOf(a assembly) string {
	for _, f := range footnotes {
		if f.assembly == a {
			return f.letter
		}
	}
	return "?"
}

// compareTable holds the table of the page against the results, or makes it the same.
func compareTable(t *testing.T, results map[combination]bool) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := bytes.Cut(text, []byte(beginning))
	had, after, ends := bytes.Cut(rest, []byte(end))
	if !begins || !ends {
		t.Fatalf("%s has no lines %q and %q to put the table between", page, beginning, end)
	}
	want := table(results)
	if string(had) == want {
		return
	}
	if !*update {
		t.Errorf("the table of %s is not what the tests have found; run, from clientgo/: go test ./internal/swap -update", page)
		return
	}
	fresh := bytes.Join([][]byte{before, []byte(beginning), []byte(want), []byte(end), after}, nil)
	if err := os.WriteFile(page, fresh, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestWhatClientGosInformersTake holds the reasons of the table against client-go's
// source: a version that opens one of these seams fails it, and the table is to be made
// anew.
func TestWhatClientGosInformersTake(t *testing.T) {
	parts := map[string]reflect.Type{
		"store":       reflect.TypeFor[upstream.Store](),
		"delta queue": reflect.TypeFor[upstream.Queue](),
		"reflector":   reflect.TypeFor[*upstream.Reflector](),
	}
	for _, c := range []struct {
		options reflect.Type
		takes   string
	}{
		{reflect.TypeFor[upstream.SharedIndexInformerOptions](), ""},
		{reflect.TypeFor[upstream.InformerOptions](), ""},
		{reflect.TypeFor[upstream.Config](), "delta queue"},
	} {
		for name, part := range parts {
			if takes := hasField(c.options, part); takes != (name == c.takes) {
				t.Errorf("%v: a field for a %s: %v, which is not what the table says", c.options, name, takes)
			}
		}
	}
	if !reflect.TypeFor[*reflector.Reflector[any]]().Implements(reflect.TypeFor[reflector.Runner[any]]()) {
		t.Error("our reflector is no Runner")
	}
}

// hasField reports whether a struct has a field whose type is part, or does what part does.
func hasField(options, part reflect.Type) bool {
	for i := range options.NumField() {
		field := options.Field(i).Type
		if field == part || part.Kind() == reflect.Interface && field.Kind() == reflect.Interface && field.Implements(part) {
			return true
		}
	}
	return false
}
