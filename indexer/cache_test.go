package indexer_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
)

// TestConstructorsSayWhatToGive proves that what a caller can get wrong is
// refused at once, with an error that says what to give instead, and that
// nothing is made.
func TestConstructorsSayWhatToGive(t *testing.T) {
	var none object.Access[*Machine]
	var noCache *indexer.Cache[*Machine]
	access := object.Meta[*Machine]()
	noFunc := indexer.Options[*Machine]{Name: "racks", Indexers: indexer.Indexers[*Machine]{"rack": nil}}
	cache := func(c *indexer.Cache[*Machine], err error) (bool, error) { return c != nil, err }
	lister := func(l indexer.Lister[*Machine], err error) (bool, error) { return l != indexer.Lister[*Machine]{}, err }
	for what, c := range map[string]struct {
		make func() (made bool, err error)
		says string
	}{
		"New with a nil index function": {
			func() (bool, error) { return cache(indexer.New(noFunc)) }, `racks: index "rack" has no index function: give one`,
		},
		"NewWithAccess with a nil index function": {
			func() (bool, error) { return cache(indexer.NewWithAccess(access, noFunc)) }, `racks: index "rack" has no index function: give one`,
		},
		"NewWithAccess with the zero Access": {
			func() (bool, error) { return cache(indexer.NewWithAccess(none, indexer.Options[*Machine]{})) }, "make one with Meta",
		},
		"NewLister with nil": {
			func() (bool, error) { return lister(indexer.NewLister[*Machine](nil, machines)) }, "was given no Indexer: give it a Cache",
		},
		"NewLister with a nil Cache": {
			func() (bool, error) { return lister(indexer.NewLister[*Machine](noCache, machines)) }, "was given no Indexer: give it a Cache",
		},
		"NewListerWithAccess with nil": {
			func() (bool, error) { return lister(indexer.NewListerWithAccess(access, nil, machines)) }, "was given no Indexer: give it a Cache",
		},
		"NewListerWithAccess with the zero Access": {
			func() (bool, error) {
				return lister(indexer.NewListerWithAccess(none, must(indexer.New(indexer.Options[*Machine]{})), machines))
			}, "make one with Meta",
		},
	} {
		made, err := c.make()
		if made || err == nil || !strings.HasPrefix(err.Error(), "indexer: ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: made %v, error %v, want one that says %q", what, made, err, c.says)
		}
		if strings.Contains(what, "zero Access") && !errors.Is(err, object.ErrNoAccess) {
			t.Errorf("%s: %v is no ErrNoAccess", what, err)
		}
	}
}

// TestAddIndexersSaysWhatToGive proves that an index name that is there already
// and a nil index function are refused, and that nothing is added then.
func TestAddIndexersSaysWhatToGive(t *testing.T) {
	c := must(indexer.New(indexer.Options[*Machine]{Name: "machines", Indexers: indexer.Indexers[*Machine]{"rack": byRack}}))
	for says, more := range map[string]indexer.Indexers[*Machine]{
		`"rack" in machines: choose another name`:  {"other": byRack, "rack": byRack},
		`index "none" has no index function: give`: {"other": byRack, "none": nil},
	} {
		err := c.AddIndexers(more)
		if err == nil || !strings.HasPrefix(err.Error(), "indexer: ") || !strings.Contains(err.Error(), says) {
			t.Errorf("AddIndexers: %v, want an error that says %q", err, says)
		}
		if errors.Is(err, indexer.ErrIndexExists) != strings.Contains(says, "rack") {
			t.Errorf("AddIndexers: %v is ErrIndexExists: %v", err, errors.Is(err, indexer.ErrIndexExists))
		}
		if n := len(c.GetIndexers()); n != 1 {
			t.Errorf("%d indexes after %v, want 1", n, err)
		}
	}
}
