package indexertest

import (
	"errors"
	"fmt"

	"github.com/informant-go/informant/indexer"
)

var indexTests = []test{
	{"S3/an index follows its objects", indexFollows},
	{"S3/several values and the same value twice", severalValues},
	{"S3/indexes are added to a filled store", addToFilled},
	{"S3/a name that exists is refused", refuseName},
	{"S3/an unknown index is an error", unknownIndex},
	{"S4/a function that fails costs that place only", indexFails},
	{"S4/a function that panics costs that place only", indexPanics},
	{"S4/a later state gets its place back", placeBack},
}

func indexFollows(s *suite) {
	store := s.store(colors)
	for i := range 300 {
		s.must(store.Add(object("a", fmt.Sprint(i), fmt.Sprint(i+1), "red")))
	}
	s.must(store.Update(object("a", "7", "400", "blue")))
	s.must(store.Update(object("a", "8", "401")))
	s.must(store.Delete(object("a", "9", "402")))
	if n := len(s.by(store, "red")); n != 297 {
		s.errorf("%d are red, want 297", n)
	}
	s.equal("blue", s.by(store, "blue"), "a/7")
	shared, err := store.Index("color", object("", "any", "", "blue"))
	s.must(err)
	s.equal("Index", keys(shared), "a/7")
	s.must(store.Delete(object("a", "7", "403")))
	s.equal("values", store.ListIndexFuncValues("color"), "red")
}

func severalValues(s *suite) {
	store := s.store(colors)
	s.must(store.Add(object("a", "x", "1", "red", "blue", "red")))
	s.must(store.Add(object("a", "y", "2", "blue", "green")))
	s.equal("red", s.by(store, "red"), "a/x")
	s.equal("blue", s.by(store, "blue"), "a/x", "a/y")
	either, err := store.Index("color", object("", "any", "", "red", "blue", "none"))
	s.must(err)
	s.equal("Index", keys(either), "a/x", "a/y")
	s.must(store.Update(object("a", "x", "3", "green", "blue")))
	s.equal("red after", s.by(store, "red"))
	s.equal("green after", s.by(store, "green"), "a/x", "a/y")
	s.equal("values", store.ListIndexFuncValues("color"), "blue", "green")
}

func addToFilled(s *suite) {
	store := s.store(nil)
	s.must(store.Add(object("a", "x", "1", "red")))
	s.must(store.AddIndexers(colors))
	s.must(store.Add(object("a", "y", "2", "red")))
	s.equal("red", s.by(store, "red"), "a/x", "a/y")
	if _, ok := store.GetIndexers()["color"]; !ok {
		s.errorf("GetIndexers does not have what was added")
	}
}

func refuseName(s *suite) {
	store := s.store(colors)
	err := store.AddIndexers(indexer.Indexers[*Object]{"color": byColor, "other": byColor})
	if err == nil {
		s.errorf("no error")
	}
	if n := len(store.GetIndexers()); n != 1 {
		s.errorf("%d indexes, want 1", n)
	}
}

func unknownIndex(s *suite) {
	store := s.store(nil)
	if _, err := store.ByIndex("color", "red"); err == nil {
		s.errorf("ByIndex: no error")
	}
	if _, err := store.IndexKeys("color", "red"); err == nil {
		s.errorf("IndexKeys: no error")
	}
	if _, err := store.Index("color", object("a", "x", "")); err == nil {
		s.errorf("Index: no error")
	}
	s.equal("values", store.ListIndexFuncValues("color"))
}

// grayFails is an index next to color that fails for gray.
func grayFails(fail func() ([]string, error)) indexer.Indexers[*Object] {
	return indexer.Indexers[*Object]{
		"color": byColor,
		"fussy": func(o *Object) ([]string, error) {
			if len(o.Finalizers) > 0 && o.Finalizers[0] == "gray" {
				return fail()
			}
			return o.Finalizers, nil
		},
	}
}

func returnError() ([]string, error) { return []string{"left over"}, errors.New("gray is no color") }

func panicNow() ([]string, error) { panic("gray is no color") }

func indexFails(s *suite) { s.failing(returnError) }

func indexPanics(s *suite) { s.failing(panicNow) }

func (s *suite) failing(fail func() ([]string, error)) {
	store := s.store(grayFails(fail))
	gray := object("a", "gray", "2", "gray")
	s.must(store.Replace([]*Object{object("a", "x", "1", "red"), gray}, "2"))
	s.must(store.Add(object("a", "x", "3", "blue")))
	s.must(store.Update(object("a", "y", "4", "gray")))
	store.Apply([]indexer.Change[*Object]{{Key: "a/z", Object: object("a", "z", "5", "gray"), Type: indexer.ChangePut}}, "")
	if got, ok, _ := store.GetByKey("a/gray"); !ok || got != gray {
		s.errorf("the object is not stored")
	}
	s.equal("other index", s.by(store, "gray"), "a/gray", "a/y", "a/z")
	s.equal("values", store.ListIndexFuncValues("fussy"), "blue")
	s.soon("a write after a failure", func() { s.must(store.Delete(gray)) })
	s.equal("other index", s.by(store, "gray"), "a/y", "a/z")
}

func placeBack(s *suite) {
	store := s.store(grayFails(returnError))
	s.must(store.Add(object("a", "x", "1", "red")))
	s.must(store.Add(object("a", "x", "2", "gray")))
	s.equal("values", store.ListIndexFuncValues("fussy"))
	s.must(store.Add(object("a", "x", "3", "green")))
	s.equal("values", store.ListIndexFuncValues("fussy"), "green")
}
