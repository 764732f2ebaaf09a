//lint:file-ignore SA1019 what is deprecated has to work too

package cache_test

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
)

// says calls what may panic, and returns the text of the error or panic.
func says(call func() error) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint("panic: ", r)
		}
	}()
	if err := call(); err != nil {
		return err.Error()
	}
	return ""
}

func failing(any) ([]string, error) { return nil, errNoName }
func nameless() *corev1.Pod         { return newPod("ns", "", "") }

func refuse(any) (any, error) { return nil, errNoName }

// makers are the constructors of one package.
type makers struct {
	name       string
	store      func(upstream.KeyFunc, ...upstream.StoreOption) upstream.Store
	indexer    func(upstream.KeyFunc, upstream.Indexers, ...upstream.StoreOption) upstream.Indexer
	threadSafe func(upstream.Indexers) upstream.ThreadSafeStore
	expiring   func(upstream.KeyFunc) upstream.Store
	heap       func() clientGoHeap
	fifo       func() upstream.Queue
	deltas     func(upstream.DeltaFIFOOptions) upstream.Queue
	real       func(upstream.RealFIFOOptions) upstream.Queue
	informer   makeInformer
}

var both = []makers{
	{"client-go", upstream.NewStore, upstream.NewIndexer,
		func(i upstream.Indexers) upstream.ThreadSafeStore {
			return upstream.NewThreadSafeStore(i, upstream.Indices{})
		},
		func(k upstream.KeyFunc) upstream.Store { return upstream.NewTTLStore(k, 1) },
		func() clientGoHeap { return upstream.NewHeap(podKey, byVersion) },
		func() upstream.Queue { return upstream.NewFIFO(podKey) },
		func(o upstream.DeltaFIFOOptions) upstream.Queue { return upstream.NewDeltaFIFOWithOptions(o) },
		func(o upstream.RealFIFOOptions) upstream.Queue { return upstream.NewRealFIFOWithOptions(o) },
		engines[0].make},
	{"informant", cache.NewStore, cache.NewIndexer,
		func(i upstream.Indexers) upstream.ThreadSafeStore {
			return cache.NewThreadSafeStore(i, upstream.Indices{})
		},
		func(k upstream.KeyFunc) upstream.Store { return cache.NewTTLStore(k, 1) },
		func() clientGoHeap { return cache.NewHeap(podKey, byVersion) },
		func() upstream.Queue { return cache.NewFIFO(podKey) },
		func(o upstream.DeltaFIFOOptions) upstream.Queue { return cache.NewDeltaFIFOWithOptions(o) },
		func(o upstream.RealFIFOOptions) upstream.Queue { return cache.NewRealFIFOWithOptions(o) },
		engines[1].make},
}

// calls are calls that fail, by a name that sorts them.
var calls = map[string]func(m makers) error{
	"store: Add":         func(m makers) error { return m.store(podKey).Add(nameless()) },
	"store: Update":      func(m makers) error { return m.store(podKey).Update(nameless()) },
	"store: Delete":      func(m makers) error { return m.store(podKey).Delete(nameless()) },
	"store: Replace":     func(m makers) error { return m.store(podKey).Replace([]any{nameless()}, "1") },
	"store: Get":         func(m makers) error { _, _, err := m.store(podKey).Get(nameless()); return err },
	"store: no metadata": func(m makers) error { return m.store(upstream.MetaNamespaceKeyFunc).Add("p") },
	"store: a transform": func(m makers) error {
		return m.store(podKey, upstream.WithTransformer(refuse)).Add(newPod("ns", "p", ""))
	},
	"store: Transaction": func(m makers) error {
		return m.store(podKey).(upstream.TransactionStore).Transaction(upstream.Transaction{Object: nameless(), Type: upstream.TransactionTypeAdd})
	},
	"index: ByIndex":    func(m makers) error { _, err := m.indexer(podKey, nil).ByIndex("x", "y"); return err },
	"index: IndexKeys":  func(m makers) error { _, err := m.indexer(podKey, nil).IndexKeys("x", "y"); return err },
	"index: Index":      func(m makers) error { _, err := m.indexer(podKey, nil).Index("x", nameless()); return err },
	"index: of a store": func(m makers) error { _, err := m.threadSafe(nil).ByIndex("x", "y"); return err },
	"index: its own error": func(m makers) error {
		_, err := m.indexer(podKey, upstream.Indexers{"x": failing}).Index("x", nameless())
		return err
	},
	"index: a conflict": func(m makers) error {
		return m.indexer(podKey, upstream.Indexers{"x": failing, "y": failing}).AddIndexers(upstream.Indexers{"x": failing, "y": failing, "z": failing})
	},
	"index: a write": func(m makers) error {
		return m.indexer(podKey, upstream.Indexers{"x": failing}).Add(newPod("ns", "p", ""))
	},
	"index: a list": func(m makers) error {
		return m.indexer(podKey, upstream.Indexers{"x": failing}).Replace([]any{newPod("ns", "p", "")}, "1")
	},
	"index: added later": func(m makers) error {
		s := m.indexer(podKey, upstream.Indexers{})
		must(s.Add(newPod("ns", "p", "")))
		return s.AddIndexers(upstream.Indexers{"x": failing})
	},
	"namespace: no metadata": func(m makers) error {
		_, err := m.indexer(podKey, upstream.Indexers{"x": upstream.MetaNamespaceIndexFunc}).Index("x", "p")
		return err
	},
	"expiring: Add":     func(m makers) error { return m.expiring(podKey).Add(nameless()) },
	"expiring: Delete":  func(m makers) error { return m.expiring(podKey).Delete(nameless()) },
	"expiring: Replace": func(m makers) error { return m.expiring(podKey).Replace([]any{nameless()}, "1") },
	"expiring: Get":     func(m makers) error { _, _, err := m.expiring(podKey).Get(nameless()); return err },

	"heap: no key":      func(m makers) error { return m.heap().Add(nameless()) },
	"heap: nothing":     func(m makers) error { return m.heap().Delete(newPod("ns", "p", "")) },
	"heap: closed, Pop": func(m makers) error { _, err := closed(m.heap()).Pop(); return err },
	"heap: closed, Add": func(m makers) error { return closed(m.heap()).Add(newPod("ns", "p", "")) },
	"heap: closed, AddIfNotPresent": func(m makers) error {
		return closed(m.heap()).AddIfNotPresent(newPod("ns", "p", ""))
	},
	"heap: closed, BulkAdd":         func(m makers) error { return closed(m.heap()).BulkAdd([]any{newPod("ns", "p", "")}) },
	"heap: closed, BulkAdd nothing": func(m makers) error { return closed(m.heap()).BulkAdd(nil) },
	"heap: closed, no key":          func(m makers) error { return closed(m.heap()).Add(nameless()) },
	"heap: closed, BulkAdd no key":  func(m makers) error { return closed(m.heap()).BulkAdd([]any{nameless()}) },
	"heap: closed, Delete":          func(m makers) error { return closed(m.heap()).Delete(newPod("ns", "p", "")) },

	"informer: a transform": func(m makers) error { return stoppedInformer(m).SetTransform(nil) },
	"informer: a handler of errors": func(m makers) error {
		return stoppedInformer(m).SetWatchErrorHandler(nil)
	},
	"informer: an index": func(m makers) error { return stoppedInformer(m).AddIndexers(upstream.Indexers{"x": failing}) },
	"informer: a handler": func(m makers) error {
		_, err := stoppedInformer(m).AddEventHandler(upstream.ResourceEventHandlerFuncs{})
		return suffix(err, " was not added to shared informer")
	},
	"informer: a foreign handle": func(m makers) error {
		return prefix(stoppedInformer(m).RemoveEventHandler(foreign{}), "invalid key type ")
	},
}

// suffix and prefix leave out of an error what is not text: client-go prints
// whole values there.
func suffix(err error, from string) error {
	_, text, found := strings.Cut(err.Error(), from)
	return fmt.Errorf("%v %s", found, text)
}

func prefix(err error, to string) error {
	return fmt.Errorf("%v", strings.HasPrefix(err.Error(), to))
}

func closed(h clientGoHeap) clientGoHeap {
	h.Close()
	return h
}

func stoppedInformer(m makers) upstream.SharedIndexInformer {
	// client-go's lists all the same, now and then.
	source, _ := lists(emptyList())
	informer := m.informer(source, noOptions())
	over := make(chan struct{})
	close(over)
	informer.Run(over)
	return informer
}

func init() {
	none := upstream.NewStore(podKey)
	for name, make := range map[string]func(m makers, transform upstream.TransformFunc) upstream.Queue{
		"FIFO": func(m makers, _ upstream.TransformFunc) upstream.Queue { return m.fifo() },
		"DeltaFIFO": func(m makers, f upstream.TransformFunc) upstream.Queue {
			return m.deltas(upstream.DeltaFIFOOptions{KeyFunction: podKey, KnownObjects: none, Transformer: f})
		},
		"RealFIFO": func(m makers, f upstream.TransformFunc) upstream.Queue {
			return m.real(upstream.RealFIFOOptions{KeyFunction: podKey, KnownObjects: none, Transformer: f})
		},
		"atomic RealFIFO": func(m makers, f upstream.TransformFunc) upstream.Queue {
			return m.real(upstream.RealFIFOOptions{KeyFunction: podKey, AtomicEvents: true, Transformer: f})
		},
	} {
		queueCalls(name, make)
	}
	for name, opts := range map[string]upstream.RealFIFOOptions{
		"known objects with atomic events":            {AtomicEvents: true, KnownObjects: none},
		"no known objects":                            {},
		"unlocking without atomic events":             {KnownObjects: none, UnlockWhileProcessing: true},
		"unlocking, and no known objects":             {UnlockWhileProcessing: true},
		"bookmarks without atomic events":             {KnownObjects: none, EmitDeltaTypeBookmark: true},
		"bookmarks and unlocking, and nothing atomic": {KnownObjects: none, EmitDeltaTypeBookmark: true, UnlockWhileProcessing: true},
	} {
		calls["RealFIFO of "+name] = func(m makers) error { m.real(opts); return nil }
	}
}

func queueCalls(name string, make func(makers, upstream.TransformFunc) upstream.Queue) {
	pod := newPod("ns", "p", "")
	pass := func(obj any) (any, error) { return obj, nil }
	for what, do := range map[string]func(q upstream.Queue, obj any) error{
		"Add":    upstream.Queue.Add,
		"Update": upstream.Queue.Update,
		"Replace": func(q upstream.Queue, obj any) error {
			return q.Replace([]any{newPod("ns", "q", ""), obj}, "1")
		},
		"Delete": func(q upstream.Queue, obj any) error {
			must(q.Add(pod)) // so that there is something to delete
			return q.Delete(obj)
		},
	} {
		if name != "atomic RealFIFO" || what != "Replace" { // doc.go: an object without a key fails its list
			calls[name+": no key, "+what] = func(m makers) error { return do(make(m, nil), nameless()) }
			calls[name+": no deltas, "+what] = func(m makers) error { return do(make(m, nil), upstream.Deltas{}) }
		}
		calls[name+": a transform, "+what] = func(m makers) error {
			if name == "FIFO" || what == "Delete" {
				return nil
			}
			return do(make(m, refuse), pod)
		}
	}
	calls[name+": closed"] = func(m makers) error {
		q := make(m, pass)
		q.Close()
		_, err := q.Pop(func(any, bool) error { return nil })
		return err
	}
	calls[name+": of process"] = func(m makers) error {
		q := make(m, pass)
		must(q.Add(pod))
		_, err := q.Pop(func(any, bool) error { return errNoName })
		return err
	}
}

// Programs match client-go's texts, for want of error values: kube-scheduler and
// controller-runtime's users "indexer conflict", others "informer has already
// started". Each call says what client-go's says, and may say more behind it.
// The kind of TestReviewErrorTexts.
func TestErrorsBeginWithClientGosTexts(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		want := says(func() error { return calls[name](both[0]) })
		got := says(func() error { return calls[name](both[1]) })
		if !strings.HasPrefix(got, want) || (want == "") != (got == "") {
			t.Errorf("%s:\n client-go %q\n informant %q", name, want, got)
		}
		if strings.Contains(got, "interface {}") {
			t.Errorf("%s: names no type: %q", name, got)
		}
	}
}

// elsewhere are texts of client-go's sources that the calls do not bring about,
// with the reason, or with the test that does.
var elsewhere = map[string]string{
	"ReplacedAll did not contain ReplacedAllInfo: %T":                    "of deltas that only a faulty queue makes",
	"SyncAll did not contain SyncAllInfo: %T":                            "as ReplacedAll",
	"bookmark delta did not contain BookmarkInfo: %T":                    "as ReplacedAll",
	"unexpected error when handling deltas: %v":                          "of a store of the engine's own, which has no errors",
	"Delta type %s is not supported in batch processing":                 "as ReplacedAll",
	"not all items in the batch successfully processed: %s":              "goes from process to the queue, and no further",
	"object given as Process argument is not Deltas":                     "as ReplacedAll",
	"Impossible dedupDeltas":                                             "client-go calls it impossible",
	"couldn't queue object: %v":                                          "of known objects that the queue cannot key; ours keeps the key that it knows them by",
	"couldn't queue object: %w":                                          "as the one before",
	"object was removed from heap data":                                  "of a heap that is broken",
	"stop requested":                                                     "inside the reflector",
	"failed to list %v: %w":                                              "TestTheWatchErrorHandlerIsToldWhatClientGoTells",
	"unsupported list gvk: %v, type: %v":                                 "TestUnusableListsAreReported",
	"unable to understand list result %#v: %v":                           "cannot happen: the pager has asked before",
	"unable to understand list result %#v (%v)":                          "TestAListThatCannotBeTakenIsReported",
	"unable to sync list result: %v":                                     "TestAListThatCannotBeTakenIsReported",
	"unable to sync watch-list result: %w":                               "inside the reflector: a list in pages follows",
	"%s: awaiting required bookmark event":                               "a warning in the log; ours asks for a list in pages",
	"%s: hasn't received required bookmark event":                        "as the one before",
	"informer is stopping":                                               "inside the informer",
	"transaction not supported":                                          "of a ThreadSafeStore without transactions, of which there is none",
	"indexer %q does not exist":                                          "client-go calls it impossible",
	"informer name cannot be empty":                                      "client-go's function",
	"informer name %q is already registered":                             "client-go's function",
	"too many keys: %v":                                                  "client-go's function",
	"unexpected empty indexKeys":                                         "client-go's function",
	"no indexer has been provided to the mutation cache":                 "client-go's type",
	"not implemented":                                                    "client-go's type",
	"at most one HandlerOptions may be passed, got %d":                   "client-go's type",
	"failed to sync all caches: %s: %w":                                  "client-go's type",
	"handle does not support ShutdownChan()":                             "client-go's function; ours do",
	"unexpected key format: %q":                                          "client-go's function",
	"handler %v was not added to shared informer because it has stopped": "asked for without the handler",
	"invalid key type %t":                                                "asked for without the handle",
}

// Every text of client-go's sources is brought about by a call of
// TestErrorsBeginWithClientGosTexts, or has a reason: a new one shows.
func TestEveryErrorOfClientGoIsAskedFor(t *testing.T) {
	said := ""
	for _, call := range calls {
		said += says(func() error { return call(both[0]) }) + "\n"
	}
	texts := upstreamTexts(t)
	if len(texts) < 50 {
		t.Fatalf("only %d texts found", len(texts))
	}
	for _, text := range texts {
		known := func(beginning string) bool { return strings.HasPrefix(text, beginning) }
		if !mentioned(said, text) && !slices.ContainsFunc(slices.Collect(maps.Keys(elsewhere)), known) {
			t.Errorf("nothing asks for %q", text)
		}
	}
}

// mentioned reports whether said has the longest part of text that is no verb.
func mentioned(said, text string) bool {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '%' })
	for i := range parts[1:] {
		parts[i+1] = strings.TrimLeft(parts[i+1], "+#vsqtdwT")
	}
	longest := slices.MaxFunc(parts, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	return strings.Contains(said, longest)
}

// upstreamTexts are the strings of errors and panics in client-go's sources.
func upstreamTexts(t *testing.T) (texts []string) {
	dir, err := goList("-f", "{{.Dir}}", upstreamPath)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				texts = append(texts, textOf(call)...)
			}
			return true
		})
	}
	return texts
}

func textOf(call *ast.CallExpr) []string {
	var name string
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
		if pkg, ok := f.X.(*ast.Ident); !ok || pkg.Name != "errors" && pkg.Name != "fmt" {
			return nil
		}
	}
	if name != "panic" && name != "Errorf" && name != "New" || len(call.Args) == 0 {
		return nil
	}
	if lit, ok := call.Args[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if text, err := strconv.Unquote(lit.Value); err == nil {
			return []string{text}
		}
	}
	return nil
}

// A KeyError is one to errors.As, and what it is about to errors.Is.
func TestKeyErrorsCanBeAskedFor(t *testing.T) {
	for name, call := range calls {
		if !strings.Contains(name, "no key") {
			continue
		}
		for _, m := range both {
			err := call(m)
			var keyErr cache.KeyError
			if isKey := errors.As(err, &keyErr); err != nil && err.Error() != "heap is closed" && (!isKey || !errors.Is(err, errNoName)) {
				t.Errorf("%s, %s: %T %v", name, m.name, err, err)
			}
		}
	}
}
