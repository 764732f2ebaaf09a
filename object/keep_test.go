package object

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"pgregory.net/rapid"
)

func TestAKeeperKeepsWhatIsNamed(t *testing.T) {
	k, err := NewKeeper[*machine]("spec.tools.image", "spec.tools.env", "spec.files.a", "spec.disks.d.Path", "spec.anything.list", "status.conditions.Since", "metadata.name")
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.Keep(newMachine("a", 1))
	if err != nil {
		t.Fatal(err)
	}
	all := newMachine("a", 1)
	want := &machine{TypeMeta: all.TypeMeta, ObjectMeta: all.ObjectMeta}
	for _, has := range all.Spec.Tools {
		want.Spec.Tools = append(want.Spec.Tools, tool{Image: has.Image, Env: has.Env})
	}
	want.Spec.Files = map[string][]byte{"a": all.Spec.Files["a"]}
	want.Spec.Disks = map[string]disk{"d": {Path: all.Spec.Disks["d"].Path}}
	want.Spec.Anything = all.Spec.Anything
	want.Status.Conditions = []condition{{Since: all.Status.Conditions[0].Since}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestAKeeperOfWholeFields(t *testing.T) {
	k, err := NewKeeper[*machine]("spec.tools.image", "spec", "spec.node") // the whole spec, whatever the order
	if err != nil {
		t.Fatal(err)
	}
	got, _ := k.Keep(newMachine("a", 1))
	want := newMachine("a", 1)
	want.Status = machineStatus{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	none, err := NewKeeper[*machine]()
	if err != nil {
		t.Fatal(err)
	}
	got, _ = none.Keep(newMachine("a", 1))
	if want.Spec = (machineSpec{}); !reflect.DeepEqual(got, want) {
		t.Errorf("without a path: %+v", got)
	}
	if got, _ := none.Keep(nil); got != nil {
		t.Errorf("nil became %v", got)
	}
}

func TestAKeeperOfUnstructured(t *testing.T) {
	k, err := NewKeeper[*unstructured.Unstructured]("spec.parts.name", `data.tls\.crt`, "status.own.deeper")
	if err != nil {
		t.Fatal(err)
	}
	got, _ := k.Keep(unstructuredOf(t, `{"apiVersion":"v1","kind":"K","metadata":{"name":"a"},"spec":{"parts":[{"name":"x","size":1},7],"other":1},"data":{"tls.crt":"c","tls":{"crt":1}},"status":{"own":3},"more":1}`))
	want := unstructuredOf(t, `{"apiVersion":"v1","kind":"K","metadata":{"name":"a"},"spec":{"parts":[{"name":"x"},7]},"data":{"tls.crt":"c"},"status":{"own":3}}`)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	if got, _ := k.Keep(nil); got != nil {
		t.Errorf("nil became %v", got)
	}
}

func TestAPathThatLeadsNowhereIsAnError(t *testing.T) {
	for path, want := range map[string]string{
		"spec.nodeName":            "spec.nodeName",
		"spec.tools.limits.cpu.i":  "spec.tools.limits.cpu.i",
		"spec.Node":                "spec.Node",
		"status.phase.deeper":      "status.phase.deeper",
		"metadata.nothing":         "", // it is kept whole
		"spec.tools.probe.Port.a":  "spec.tools.probe.Port.a",
		"":                         "",
		"spec..node":               "spec..node",
		`spec.node\`:               `spec.node\`,
		"status.conditions.Since.": "status.conditions.Since.",
	} {
		_, err := NewKeeper[*machine]("spec.node", path)
		if path == "metadata.nothing" {
			if err != nil {
				t.Errorf("%q: %v", path, err)
			}
			continue
		}
		var pathErr *PathError
		if !errors.As(err, &pathErr) || pathErr.Path != want || pathErr.Type != "*object.machine" || pathErr.Unwrap() == nil {
			t.Errorf("%q: %v", path, err)
			continue
		}
		if !strings.HasPrefix(err.Error(), "object: no Keeper for ") || !strings.Contains(err.Error(), "*object.machine") {
			t.Errorf("%q: %v", path, err)
		}
	}
	if _, err := NewKeeper[metav1.Object]("spec"); err == nil || !strings.Contains(err.Error(), "interface") {
		t.Errorf("an interface: %v", err)
	}
}

func TestPathsAreSplitAtTheirDots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.StringMatching(`[a-z.\\ü]{1,6}`), 1, 5).Draw(t, "names")
		quote := strings.NewReplacer(`.`, `\.`, `\`, `\\`)
		var quoted []string
		for _, name := range names {
			quoted = append(quoted, quote.Replace(name))
		}
		got, err := splitPath(strings.Join(quoted, "."))
		if err != nil || !slices.Equal(got, names) {
			t.Fatalf("%q is split into %q, %v; want %q", quoted, got, err, names)
		}
	})
}
