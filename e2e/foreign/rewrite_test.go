package main

import (
	"strings"
	"testing"
)

const controllerTest = `// A comment.
package widget // and another

import (
	"k8s.io/client-go/informers"
	kcache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	meta "k8s.io/client-go/metadata/metadatainformer"
)

func make() {
	f := informers.NewSharedInformerFactory(nil, 0)
	g := meta.NewSharedInformerFactory(nil, 0)
	_, _ = f, g
	var _ kcache.Store
	_ = workqueue.New()
}

func shadow(informers struct{ NewSharedInformerFactory func() }) {
	informers.NewSharedInformerFactory()
}
`

func TestImportsAndFactoriesAreReplacedAndLinesStay(t *testing.T) {
	got, done, err := rewrite("widget_test.go", []byte(controllerTest), standIns)
	if err != nil {
		t.Fatal(err)
	}
	if want := (changes{imports: 2, factories: 2}); done != want {
		t.Errorf("done: %+v, want %+v", done, want)
	}
	lines := strings.Split(string(got), "\n")
	for line, want := range map[int]string{
		2:  `package widget; import informantwrapped "github.com/informant-go/informant/e2e/foreign/wrapped" // and another`,
		5:  `	"k8s.io/client-go/informers"`,
		6:  `	kcache "github.com/informant-go/informant/clientgo/cache"`,
		7:  `	"github.com/informant-go/informant/clientgo/workqueue"`,
		12: `	f := informantwrapped.NewSharedInformerFactory(nil, 0)`,
		13: `	g := informantwrapped.NewMetadataSharedInformerFactory(nil, 0)`,
		20: `	informers.NewSharedInformerFactory()`,
	} {
		if have := lines[line-1]; have != want {
			t.Errorf("line %d is\n%s\nwant\n%s", line, have, want)
		}
	}
	for _, use := range []string{"\nvar _ = informers.NewSharedInformerFactory\n", "\nvar _ = meta.NewSharedInformerFactory\n"} {
		if !strings.Contains(string(got), use) {
			t.Errorf("the import may be without a use: %q is not there", use)
		}
	}
}

func TestAConstructorOfAPackageThatIsReplacedStays(t *testing.T) {
	const text = "package p\n\nimport \"k8s.io/client-go/informers\"\n\nvar f = informers.NewSharedInformerFactory(nil, 0)\n"
	got, done, err := rewrite("p.go", []byte(text), map[string]string{clientGo + "/informers": "copy"})
	want := strings.Replace(text, clientGo+"/informers", "copy", 1)
	if err != nil || string(got) != want || done != (changes{imports: 1}) {
		t.Errorf("done: %+v, %v\n%s", done, err, got)
	}
}

func TestAFileWithoutBothStaysAsItIs(t *testing.T) {
	const text = "package p\n\nimport \"fmt\"\n\nfunc f() { fmt.Println() }\n"
	got, done, err := rewrite("p.go", []byte(text), standIns)
	if err != nil || string(got) != text || done != (changes{}) {
		t.Errorf("done: %+v, %v\n%s", done, err, got)
	}
}
