// Package fence holds the import fences of the module: which package may
// import which, each with its reason. ARCHITECTURE.md has the same table. A layer that reaches for the one above
// it stops being usable alone, and that is what people take it for.
package fence

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/informant-go/informant"

// A rule binds the packages at and below dir, tests included. The longest
// matching dir wins.
type rule struct {
	dir    string
	may    []string // of ours: a package, or a tree when it ends in /...
	reason string
}

var rules = []rule{
	{".", nil, "the root is a page of documentation"},
	{"object", nil, "object is the ground that all others stand on"},
	{"workqueue", []string{"workqueue/...", "internal/..."}, "a work queue knows nothing of objects or servers"},
	{"indexer", []string{"object", "indexer/indexertest", "internal/..."}, "a store is of use without queue or reflector, and without stores of other kinds"},
	{"indexer/indexertest", []string{"object", "indexer/...", "internal/..."}, "the suite is that of every store"},
	{"indexer/stores", []string{"object", "indexer", "internal/..."}, "stores of other kinds stand on the interfaces that everybody has"},
	{"indexer/compact", []string{"object", "indexer", "indexer/indexertest", "deltafifo", "reflector/...", "informer", "internal/..."}, "a store of bytes stands on the store of objects, and its tests have an informer in front of it"},
	{"indexer/mutation", nil, "a detector watches the objects of any cache"},
	{"deltafifo", []string{"object", "deltafifo/...", "internal/..."}, "a queue of deltas meets the reflector through Sink alone"},
	{"reflector", []string{"object", "internal/..."}, "a reflector takes any source and feeds any Sink, ours or not"},
	{"reflector/httpsource", []string{"object", "reflector", "reflector/apitest", "internal/..."}, "a source serves reflectors, and knows no Sink; its tests a server"},
	{"reflector/apitest", []string{"object", "reflector/...", "internal/..."}, "the test server serves reflectors, not informers"},
	{"reflector/perturb", []string{"object", "reflector/...", "informer", "internal/..."}, "the wrappers know sources alone, and their tests an informer that is perturbed"},
	{"reflector/union", []string{"object", "indexer", "deltafifo", "reflector/...", "informer", "internal/..."}, "several reflectors are a Runner, which knows a sink alone, and its tests what is behind that"},
	{"informer", []string{"object", "workqueue/...", "indexer/...", "deltafifo/...", "reflector/...", "informer/...", "internal/..."}, "the informer composes the others"},
	{"internal", []string{"internal/..."}, "a leaf imports no package that may import it"},
	{"internal/watchcheck", []string{"object", "reflector", "internal/..."}, "what is recorded passes between a source and a sink"},
	{"internal/sim", []string{"..."}, "the simulation drives everything"},
	{"internal/fence", nil, "the fence reads source, it runs none"},
	{"examples", []string{"..."}, "a program may use everything"},
	{"docs", []string{"..."}, "a page may show everything"},
}

// apart lists packages of Go's own that one of ours does without, its tests
// aside.
var apart = []struct{ dir, not, reason string }{
	{"reflector", "net/http", "what speaks HTTP is a source, and the reflector takes any"},
}

// kept lists what of others only some of ours may import, tests included.
var kept = []struct {
	what, reason string
	dirs         []string
}{
	{"github.com/go-json-experiment/json", "it may change before it becomes encoding/json/v2, and only who decodes has a use for it", []string{"internal/kubejson", "reflector/httpsource"}},
}

// outside lists what the module may import of others. Whatever is added here is
// added to every user's build.
var outside = map[string]string{
	"k8s.io/apimachinery":                "the object model, Status errors and list options are the server's language",
	"k8s.io/utils":                       "clocks that tests can set",
	"k8s.io/klog/v2":                     "the logger that controllers share",
	"golang.org/x/time":                  "the token bucket of a rate limiter",
	"sigs.k8s.io/json":                   "the JSON decoder of apimachinery",
	"github.com/go-logr/logr":            "the type of klog's logger",
	"github.com/go-json-experiment/json": "a JSON decoder that takes half of the time: lists and watches in JSON are little else",
	"gopkg.in/evanphx/json-patch.v4":     "merge patches as the server applies them",
	"github.com/google/go-cmp":           "tests",
	"pgregory.net/rapid":                 "tests",
	"go.uber.org/goleak":                 "tests",
	"github.com/anishathalye/porcupine":  "tests",
}

func TestPackagesImportOnlyWhatTheirLayerMay(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../..", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if isOtherModule(file) || (strings.HasPrefix(entry.Name(), ".") && file != "../..") || entry.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(file, ".go") {
			files++
			checkFile(t, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("only %d files were read: the walk misses the module", files)
	}
}

// isOtherModule tells a nested module, which has fences of its own making: its
// go.mod.
func isOtherModule(dir string) bool {
	if dir == "../.." {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func checkFile(t *testing.T, file string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel("../..", file)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.ToSlash(filepath.Dir(rel))
	r, ok := ruleFor(dir)
	if !ok {
		t.Errorf("%s: no fence for %s: add one, with its reason", rel, dir)
		return
	}
	for _, imp := range parsed.Imports {
		name, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if ours, found := strings.CutPrefix(name, module+"/"); found {
			if !allowed(r, dir, ours) {
				t.Errorf("%s imports %s: %s", rel, ours, r.reason)
			}
			continue
		}
		for _, a := range apart {
			if dir == a.dir && name == a.not && !strings.HasSuffix(rel, "_test.go") {
				t.Errorf("%s imports %s: %s", rel, name, a.reason)
			}
		}
		if reason := keptFrom(dir, name); reason != "" {
			t.Errorf("%s imports %s: %s", rel, name, reason)
		}
		if strings.Contains(strings.SplitN(name, "/", 2)[0], ".") && !allowedOutside(name) {
			t.Errorf("%s imports %s: not among what the module may bring to its users", rel, name)
		}
	}
}

func ruleFor(dir string) (found rule, ok bool) {
	for _, r := range rules {
		if (dir == r.dir || strings.HasPrefix(dir, r.dir+"/")) && len(r.dir) >= len(found.dir) {
			found, ok = r, true
		}
	}
	return found, ok
}

func allowed(r rule, dir, ours string) bool {
	if ours == dir { // an external test of its own package
		return true
	}
	for _, m := range r.may {
		tree, isTree := strings.CutSuffix(m, "...")
		if isTree && (strings.HasPrefix(ours+"/", tree)) || ours == m {
			return true
		}
	}
	return false
}

func allowedOutside(name string) bool {
	for prefix := range outside {
		if name == prefix || strings.HasPrefix(name, prefix+"/") {
			return true
		}
	}
	return false
}

// keptFrom is why a package in dir may not import name, "" if it may.
func keptFrom(dir, name string) string {
	for _, k := range kept {
		if (name == k.what || strings.HasPrefix(name, k.what+"/")) && !slices.Contains(k.dirs, dir) {
			return k.reason
		}
	}
	return ""
}

func TestTheFenceTellsRightFromWrong(t *testing.T) {
	for _, c := range []struct {
		dir, imports string
		want         bool
	}{
		{"object", "object", true},
		{"object", "internal/x", false},
		{"workqueue/queuetest", "workqueue", true},
		{"workqueue", "object", false},
		{"indexer", "deltafifo", false},
		{"indexer", "indexer/stores", false},
		{"indexer/stores", "indexer", true},
		{"indexer/mutation", "indexer", false},
		{"indexer", "indexer/compact", false},
		{"indexer/compact", "indexer", true},
		{"indexer/compact", "indexer/compact/s2dict", false},
		{"reflector", "reflector/httpsource", false},
		{"reflector/httpsource", "reflector", true},
		{"reflector/httpsource", "deltafifo", false},
		{"reflector/apitest", "informer", false},
		{"reflector/perturb", "deltafifo", false},
		{"informer/debug", "informer", true},
		{"internal/eventlog", "informer", false},
		{"examples/quickstart", "informer", true},
	} {
		r, ok := ruleFor(c.dir)
		if !ok || allowed(r, c.dir, path.Clean(c.imports)) != c.want {
			t.Errorf("%s importing %s: want allowed=%v", c.dir, c.imports, c.want)
		}
	}
	if allowedOutside("github.com/klauspost/compress/s2") {
		t.Error("a compressor passes the fence of the root module: it has a module of its own")
	}
	if allowedOutside("k8s.io/client-go/tools/cache") {
		t.Error("client-go passes the fence of the root module")
	}
	if keptFrom("reflector", "github.com/go-json-experiment/json/jsontext") == "" || keptFrom("internal/kubejson", "github.com/go-json-experiment/json") != "" {
		t.Error("who may import the decoder of JSON is not told apart")
	}
	if !allowedOutside("k8s.io/apimachinery/pkg/watch") || allowedOutside("k8s.io/apimachineryx") {
		t.Error("prefixes are not matched at path elements")
	}
}

// row matches a row of the table of rooms: a folder, what lives there, and what
// it may import.
var row = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| (nothing|anything|`[^|]+`) \\|$")

func TestArchitectureSaysWhatTheFenceChecks(t *testing.T) {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		got = append(got, m[1]+": "+m[2])
	}
	for _, r := range rules {
		want = append(want, r.dir+": "+spoken(r.may))
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("the table of ARCHITECTURE.md has no row that says %s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("ARCHITECTURE.md says %s: no rule here does", line)
		}
	}
}

// spoken is what the table says for a rule's list.
func spoken(may []string) string {
	switch {
	case len(may) == 0:
		return "nothing"
	case slices.Contains(may, "..."):
		return "anything"
	}
	return "`" + strings.Join(may, "`, `") + "`"
}
