package stores

import (
	"errors"
	"fmt"
	"testing"
)

func TestUndeltaStorePushesTheWholeState(t *testing.T) {
	var pushed []int
	s := NewUndeltaStore[*thing](newThings(t), func(all []*thing) { pushed = append(pushed, len(all)) })
	a, b := &thing{key: "a", version: "1"}, &thing{key: "b", version: "2"}
	if err := errors.Join(s.Add(a), s.Update(b), s.Delete(a), s.Replace([]*thing{a, b}, "3")); err != nil {
		t.Fatal(err)
	}
	if s.Add(&thing{}) == nil {
		t.Error("an object without a key is stored")
	}
	if fmt.Sprint(pushed) != "[1 2 1 2]" {
		t.Errorf("pushed %v", pushed)
	}
}
