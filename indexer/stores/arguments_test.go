package stores

import (
	"errors"
	"strings"
	"testing"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
)

// TestConstructorsRefuseWhatCannotWork gives each of them what nothing could be
// made of: the error says so at once, and nothing is made.
func TestConstructorsRefuseWhatCannotWork(t *testing.T) {
	less := func(a, b *thing) bool { return a.version < b.version }
	push := func([]*thing) {}
	none := object.Access[*thing]{}
	refusal := func(made bool, err error) error {
		if (err == nil) != made {
			t.Errorf("made %v with the error %v", made, err)
		}
		return err
	}
	for name, c := range map[string]struct {
		make func() error
		want string
	}{
		"FIFO: zero Access": {func() error {
			made, err := NewFIFOWithAccess(none, FIFOOptions{})
			return refusal(made != nil, err)
		}, object.ErrNoAccess.Error()},
		"Heap: zero Access": {func() error {
			made, err := NewHeapWithAccess(none, less)
			return refusal(made != nil, err)
		}, object.ErrNoAccess.Error()},
		"Heap: nil order": {func() error {
			made, err := NewHeapWithAccess(thingAccess(), nil)
			return refusal(made != nil, err)
		}, "give a less that is not nil"},
		"ExpiringStore: zero Access": {func() error {
			made, err := NewExpiringStoreWithAccess(none, ExpiringOptions[*thing]{})
			return refusal(made != nil, err)
		}, object.ErrNoAccess.Error()},
		"MutationCache: zero Access": {func() error {
			made, err := NewMutationCacheWithAccess(none, newThings(t), MutationCacheOptions[*thing]{})
			return refusal(made != nil, err)
		}, object.ErrNoAccess.Error()},
		"MutationCache: nil Indexer": {func() error {
			made, err := NewMutationCacheWithAccess(thingAccess(), nil, MutationCacheOptions[*thing]{})
			return refusal(made != nil, err)
		}, "give that of the informer"},
		"MutationCache: typed nil Indexer": {func() error {
			made, err := NewMutationCacheWithAccess(thingAccess(), (*indexer.Cache[*thing])(nil), MutationCacheOptions[*thing]{})
			return refusal(made != nil, err)
		}, "give that of the informer"},
		"UndeltaStore: nil Store": {func() error {
			made, err := NewUndeltaStore(nil, push)
			return refusal(made != nil, err)
		}, "needs a Store"},
		"UndeltaStore: typed nil Store": {func() error {
			made, err := NewUndeltaStore((*indexer.Cache[*thing])(nil), push)
			return refusal(made != nil, err)
		}, "needs a Store"},
		"UndeltaStore: nil push": {func() error {
			made, err := NewUndeltaStore(newThings(t), nil)
			return refusal(made != nil, err)
		}, "give a push that is not nil"},
	} {
		err := c.make()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if c.want == object.ErrNoAccess.Error() && !errors.Is(err, object.ErrNoAccess) {
			t.Errorf("%s: %v is not ErrNoAccess", name, err)
		}
	}
}
