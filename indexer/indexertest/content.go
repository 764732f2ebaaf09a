package indexertest

import (
	"errors"

	"github.com/informant-go/informant/indexer"
	objects "github.com/informant-go/informant/object"
)

var contentTests = []test{
	{"store/add, update and delete", addUpdateDelete},
	{"store/an object without a key is refused", refuseNoKey},
	{"store/replace is the whole content", replaceContent},
	{"store/a replace that fails changes nothing", replaceFails},
	{"store/apply tells what it found", applyTells},
	{"store/replace tells what it changed", replaceTells},
	{"store/an object of the same version stays", replaceKeeps},
	{"store/lists are the caller's", listsAreCallers},
}

func addUpdateDelete(s *suite) {
	store := s.store(nil)
	first, second := object("a", "x", "1"), object("a", "x", "2")
	s.must(store.Add(first))
	if got, ok, err := store.Get(object("a", "x", "")); got != first || !ok || err != nil {
		s.errorf("Get after Add: %v, %v, %v", got, ok, err)
	}
	s.must(store.Update(second))
	s.must(store.Add(object("", "cluster", "3")))
	if got, ok, err := store.GetByKey("a/x"); got != second || !ok || err != nil {
		s.errorf("GetByKey after Update: %v, %v, %v", got, ok, err)
	}
	s.equal("keys", store.ListKeys(), "a/x", "cluster")
	s.must(store.Delete(object("a", "x", "4")))
	s.must(store.Delete(object("a", "never", "")))
	if got, ok, err := store.GetByKey("a/x"); got != nil || ok || err != nil {
		s.errorf("GetByKey after Delete: %v, %v, %v", got, ok, err)
	}
	if all := store.List(); len(all) != 1 || all[0].Name != "cluster" {
		s.errorf("List: %v", all)
	}
	s.must(store.Resync())
}

func refuseNoKey(s *suite) {
	store := s.store(nil)
	_, _, err := store.Get(nil)
	for call, err := range map[string]error{
		"Add": store.Add(nil), "Update": store.Update(nil), "Delete": store.Delete(nil), "Get": err,
	} {
		if keyError := (*objects.KeyError)(nil); !errors.As(err, &keyError) {
			s.errorf("%s(nil): %v, want a KeyError", call, err)
		}
	}
	if n := len(store.List()); n != 0 {
		s.errorf("%d objects", n)
	}
}

func replaceContent(s *suite) {
	store := s.store(colors)
	s.must(store.Add(object("a", "stays", "1", "red")))
	s.must(store.Add(object("a", "goes", "2", "red")))
	s.must(store.Replace([]*Object{object("a", "stays", "3", "blue"), object("a", "comes", "4", "blue")}, "9"))
	s.equal("keys", store.ListKeys(), "a/stays", "a/comes")
	s.equal("red", s.by(store, "red"))
	s.equal("blue", s.by(store, "blue"), "a/stays", "a/comes")
	s.equal("values", store.ListIndexFuncValues("color"), "blue")
	s.must(store.Replace(nil, "10"))
	s.equal("keys of nothing", store.ListKeys())
	s.equal("values of nothing", store.ListIndexFuncValues("color"))
}

func replaceFails(s *suite) {
	store := s.store(nil)
	s.must(store.Replace([]*Object{object("a", "x", "1")}, "5"))
	if err := store.Replace([]*Object{object("a", "y", "6"), nil}, "7"); err == nil {
		s.errorf("no error for an object without a key")
	}
	s.equal("keys", store.ListKeys(), "a/x")
	if v := store.LastStoreSyncResourceVersion(); v != "5" {
		s.errorf("version %q, want 5", v)
	}
}

func applyTells(s *suite) {
	store := s.store(nil)
	there := object("a", "there", "1")
	s.must(store.Add(there))
	changes := []indexer.Change[*Object]{
		{Key: "a/there", Object: object("a", "there", "2"), Type: indexer.ChangePut},
		{Key: "a/new", Object: object("a", "new", "3"), Type: indexer.ChangePut},
		{Key: "a/new", Object: object("a", "new", "4"), Type: indexer.ChangePut},
		{Key: "a/new", Type: indexer.ChangeRemove},
		{Key: "a/never", Type: indexer.ChangeRemove},
		{Key: "a/new", Object: object("a", "new", "5"), Type: indexer.ChangePut},
	}
	store.Apply(changes, "8")
	want := []*Object{there, nil, changes[1].Object, changes[2].Object, nil, nil}
	for i, c := range changes {
		if c.Old != want[i] || c.Existed != (want[i] != nil) {
			s.errorf("change %d found %v, %v, want %v", i, c.Old, c.Existed, want[i])
		}
	}
	s.equal("keys", store.ListKeys(), "a/there", "a/new")
}

func replaceTells(s *suite) {
	store := s.store(nil)
	old := map[string]*Object{}
	for _, o := range []*Object{object("a", "same", "1"), object("a", "changed", "2"), object("a", "gone", "3")} {
		old["a/"+o.Name] = o
		s.must(store.Add(o))
	}
	items := []*Object{object("a", "same", "1"), object("a", "changed", "4"), object("a", "new", "5")}
	told := map[string]indexer.Change[*Object]{}
	store.ReplaceAll(keysInOrder(items), items, "6", func(c indexer.Change[*Object]) {
		if _, twice := told[c.Key]; twice {
			s.errorf("%q is told twice", c.Key)
		}
		told[c.Key] = c
	})
	for key, want := range map[string]indexer.Change[*Object]{
		"a/same":    {Object: old["a/same"], Existed: true, Type: indexer.ChangeUnchanged},
		"a/changed": {Object: items[1], Old: old["a/changed"], Existed: true, Type: indexer.ChangePut},
		"a/new":     {Object: items[2], Type: indexer.ChangePut},
		"a/gone":    {Old: old["a/gone"], Existed: true, Type: indexer.ChangeRemove},
	} {
		c := told[key]
		if c.Type != want.Type || c.Existed != want.Existed {
			s.errorf("%q is told as %+v, want %+v", key, c, want)
		}
		if want.Type != indexer.ChangeRemove && c.Object != want.Object || want.Type != indexer.ChangeUnchanged && c.Old != want.Old {
			s.errorf("%q is told with other objects: %+v, want %+v", key, c, want)
		}
	}
	if len(told) != 4 {
		s.errorf("%d keys are told, want 4", len(told))
	}
}

func replaceKeeps(s *suite) {
	store := s.store(colors)
	first, unversioned := object("a", "x", "1", "red"), object("a", "y", "")
	s.must(store.Replace([]*Object{first, unversioned}, "1"))
	s.must(store.Replace([]*Object{object("a", "x", "1", "red"), object("a", "y", "")}, "2"))
	if got, _, _ := store.GetByKey("a/x"); got != first {
		s.errorf("an object of the same version was replaced")
	}
	if got, _, _ := store.GetByKey("a/y"); got == unversioned {
		s.errorf("an object without a version was not replaced")
	}
	s.equal("red", s.by(store, "red"), "a/x")
}

func listsAreCallers(s *suite) {
	store := s.store(colors)
	s.must(store.Add(object("a", "x", "1", "red")))
	store.List()[0] = nil
	store.ListKeys()[0] = "spoiled"
	objs, err := store.ByIndex("color", "red")
	s.must(err)
	objs[0] = nil
	store.ListIndexFuncValues("color")[0] = "spoiled"
	delete(store.GetIndexers(), "color")
	if all := store.List(); all[0] == nil {
		s.errorf("List gave out its own memory")
	}
	s.equal("keys", store.ListKeys(), "a/x")
	s.equal("red", s.by(store, "red"), "a/x")
	s.equal("values", store.ListIndexFuncValues("color"), "red")
}

func keysInOrder(items []*Object) []string {
	all := make([]string, 0, len(items))
	for _, o := range items {
		all = append(all, o.Namespace+"/"+o.Name)
	}
	return all
}
