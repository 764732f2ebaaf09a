package indexertest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/indexertest"
	"github.com/informant-go/informant/indexer/stores"
	"github.com/informant-go/informant/object"
)

var fakeAccess = object.Keyed(func(s string) (string, error) { return s, nil }, object.Fields[string]{})

func TestFakeStoreDoesWhatItIsTold(t *testing.T) {
	var f indexertest.FakeStore[string]
	if err := errors.Join(f.Add("a"), f.Update("a"), f.Delete("a"), f.Replace(nil, ""), f.Resync()); err != nil {
		t.Error(err)
	}
	f.Bookmark("1")
	if _, ok, err := f.Get("a"); ok || err != nil || f.List() != nil || f.ListKeys() != nil || f.LastStoreSyncResourceVersion() != "" {
		t.Error("an empty fake answers")
	}
	cache, err := indexer.NewWithAccess(fakeAccess, indexer.Options[string]{})
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	f = indexertest.FakeStore[string]{
		AddFunc: func(string) error { return refused }, UpdateFunc: cache.Update, DeleteFunc: cache.Delete,
		ReplaceFunc: cache.Replace, ResyncFunc: cache.Resync, GetFunc: cache.Get, GetByKeyFunc: cache.GetByKey,
		ListFunc: cache.List, ListKeysFunc: cache.ListKeys, BookmarkFunc: cache.Bookmark,
		LastStoreSyncResourceVersionFunc: cache.LastStoreSyncResourceVersion,
	}
	if !errors.Is(f.Add("a"), refused) {
		t.Error("Add does not do what it is told")
	}
	if err := errors.Join(f.Replace([]string{"a", "b"}, "3"), f.Update("c"), f.Delete("a"), f.Resync()); err != nil {
		t.Error(err)
	}
	f.Bookmark("4")
	_, b, _ := f.Get("b")
	_, c, _ := f.GetByKey("c")
	if got := fmt.Sprintln(b, c, len(f.List()), len(f.ListKeys()), f.LastStoreSyncResourceVersion()); got != "true true 2 2 4\n" {
		t.Errorf("the fake answers %s", got)
	}
}

func TestExpireAllBut(t *testing.T) {
	var expired []string
	s, err := stores.NewExpiringStoreWithAccess(fakeAccess, stores.ExpiringOptions[string]{
		Policy:    indexertest.ExpireAllBut[string]("stays"),
		OnExpired: func(key string) { expired = append(expired, key) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Add("stays"), s.Add("goes")); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.ListKeys(), expired); got != "[stays] [goes]" {
		t.Errorf("keys and expired: %s", got)
	}
}
