package word

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"unsafe"
)

func TestKindOfSaysHowATypeIsStored(t *testing.T) {
	for what, c := range map[string]struct{ got, want Kind }{
		"pointer":                 {KindOf[*int](), Pointer},
		"map":                     {KindOf[map[string]int](), Pointer},
		"channel":                 {KindOf[chan int](), Pointer},
		"function":                {KindOf[func()](), Pointer},
		"unsafe pointer":          {KindOf[unsafe.Pointer](), Pointer},
		"any":                     {KindOf[any](), Interface},
		"error":                   {KindOf[error](), Interface},
		"int":                     {KindOf[int](), None},
		"string":                  {KindOf[string](), None},
		"slice":                   {KindOf[[]int](), None},
		"one pointer in a struct": {KindOf[struct{ p *int }](), None},
	} {
		if c.got != c.want {
			t.Errorf("%s is kind %d, want %d", what, c.got, c.want)
		}
	}
}

// exchange puts values into one place, one after the other, and checks that Load
// and LoadAll give what was put there last, and Swaps what the kind promises.
func exchange[T comparable](t *testing.T, values []T, swaps func(from, to T) bool) {
	t.Helper()
	k := KindOf[T]()
	place := make([]T, 3)
	for _, v := range values {
		if got, want := Swaps(k, &place[1], &v), swaps(place[1], v); got != want {
			t.Errorf("%T: Swaps from %v to %v: %v, want %v", v, place[1], v, got, want)
		}
		if Swaps(k, &place[1], &v) {
			Swap(k, &place[1], &v)
		} else {
			place[1] = v
		}
		all := make([]T, 3)
		LoadAll(k, all, place)
		if Load(k, &place[1]) != v || all[1] != v || all[0] != place[0] || all[2] != place[2] {
			t.Errorf("%T: %v was stored, Load gives %v, LoadAll %v", v, v, Load(k, &place[1]), all)
		}
	}
}

func always[T any](_, _ T) bool { return true }
func never[T any](_, _ T) bool  { return false }

func TestSwapIsLoaded(t *testing.T) {
	one, two := 1, 2
	exchange(t, []*int{&one, &two, nil, &one}, always)
	exchange(t, []chan int{make(chan int), nil, make(chan int)}, always)
	exchange(t, []int{1, 2, 3}, never)
	sameType := func(from, to any) bool { return from != nil && fmt.Sprintf("%T", from) == fmt.Sprintf("%T", to) }
	exchange(t, []any{1, 2, "a", "b", &one, &two, (*int)(nil), nil, nil, 7}, sameType)
	errs := []error{io.EOF, errors.New("another"), io.ErrUnexpectedEOF, &testError{}, nil}
	exchange(t, errs, func(from, to error) bool { return sameType(from, to) })
}

type testError struct{}

func (*testError) Error() string { return "test" }

// TestReadersSeeWholeObjects proves that a reader beside a writer sees one of the
// objects that were stored, with its own type and value. The race detector and
// checkptr look on.
func TestReadersSeeWholeObjects(t *testing.T) {
	t.Run("pointer", func(t *testing.T) {
		beside(t, func(i int) *[2]int { return &[2]int{i, -i} }, func(p *[2]int) bool { return p[0] == -p[1] })
	})
	t.Run("interface", func(t *testing.T) {
		beside(t, func(i int) any { return [2]int{i, -i} }, func(v any) bool { a := v.([2]int); return a[0] == -a[1] })
	})
}

func beside[T any](t *testing.T, make func(int) T, whole func(T) bool) {
	k := KindOf[T]()
	place := []T{make(0), make(0)}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			all := []T{make(0), make(0)}
			for range 20_000 {
				LoadAll(k, all, place)
				if !whole(Load(k, &place[0])) || !whole(all[0]) || !whole(all[1]) {
					t.Error("a reader saw half of an object")
					return
				}
			}
		})
	}
	for i := range 20_000 {
		obj := make(i)
		Swap(k, &place[i%2], &obj)
	}
	wg.Wait()
}
