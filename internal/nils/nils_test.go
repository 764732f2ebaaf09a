package nils

import (
	"errors"
	"testing"
)

func TestIs(t *testing.T) {
	var none error
	for _, v := range []any{nil, none, (*int)(nil), (func())(nil), map[string]int(nil), (chan int)(nil), []int(nil)} {
		if !Is(v) {
			t.Errorf("%T is nil", v)
		}
	}
	for _, v := range []any{0, "", struct{}{}, new(int), func() {}, map[string]int{}, make(chan int), []int{}, errors.New("")} {
		if Is(v) {
			t.Errorf("%T is not nil", v)
		}
	}
}
