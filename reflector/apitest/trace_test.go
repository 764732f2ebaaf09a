package apitest_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
)

// A trace has every write, also what was compacted, deleted, restored over or
// withdrawn, and each with its version.
func TestATraceHasEveryWrite(t *testing.T) {
	s := start(t, apitest.Options{})
	of := apitest.Of[*widget](s, widgets)
	check := must[*widget](t)
	v := func(obj *widget) string { return obj.ResourceVersion }
	first := v(check(of.Create(newWidget("n", "old", 1))))
	trace := of.Trace()
	a := v(check(of.Create(newWidget("n", "a", 1))))
	a2 := v(check(of.Modify("n", "a", func(w *widget) *widget { w.Spec.Size = 2; return w })))
	backup := s.Backup()
	check(of.Delete("n", "a"))
	gone := s.ResourceVersion()
	s.Compact()
	s.Restore(backup)
	b := v(check(of.Create(newWidget("n", "b", 1))))
	s.Withdraw(widgets)
	if err := s.Serve(widgets); err != nil {
		t.Fatal(err)
	}
	served := s.ResourceVersion()
	c := v(check(of.Create(newWidget("n", "c", 1))))

	eras, err := trace.Eras()
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, e := range eras {
		lines := []string{"at " + e.Version}
		for _, o := range e.Objects {
			lines = append(lines, fmt.Sprintf("%s@%s", o.Name, o.ResourceVersion))
		}
		for _, c := range e.Changes {
			lines = append(lines, fmt.Sprintf("%s %s@%s size %d", c.Type, c.Object.Name, c.Object.ResourceVersion, c.Object.Spec.Size))
			if c.Object.ResourceVersion != c.Version {
				t.Errorf("the object of the change at %s is of %s", c.Version, c.Object.ResourceVersion)
			}
		}
		got = append(got, lines)
	}
	want := [][]string{
		{"at " + first, "old@" + first, "ADDED a@" + a + " size 1", "MODIFIED a@" + a2 + " size 2", "DELETED a@" + gone + " size 2"},
		{"at " + a2, "a@" + a2, "old@" + first, "ADDED b@" + b + " size 1"},
		{"at " + served, "ADDED c@" + c + " size 1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +trace:\n%s", diff)
	}
}
