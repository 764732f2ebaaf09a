package parallelize_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/clientgo/parallelize"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Each piece is worked on once, whatever the numbers.
func TestUntil(t *testing.T) {
	for _, pieces := range []int{-1, 0, 1, 7, 100} {
		for _, workers := range []int{-1, 0, 1, 3, 200} {
			for _, chunk := range []int{-1, 0, 1, 8, 1000} {
				t.Run(fmt.Sprint(pieces, workers, chunk), func(t *testing.T) {
					done := make([]atomic.Int32, max(pieces, 0))
					o := parallelize.Options{Workers: workers, ChunkSize: chunk}
					err := parallelize.Until(t.Context(), o, pieces, func(i int) { done[i].Add(1) })
					if err != nil {
						t.Fatal(err)
					}
					for i := range done {
						if n := done[i].Load(); n != 1 {
							t.Errorf("piece %d was worked on %d times", i, n)
						}
					}
				})
			}
		}
	}
}

// A worker takes a chunk of pieces at a time, and does them in their order.
func TestUntilWorksInChunks(t *testing.T) {
	const chunk = 5
	var done [23]atomic.Bool
	o := parallelize.Options{Workers: 4, ChunkSize: chunk}
	err := parallelize.Until(t.Context(), o, len(done), func(i int) {
		if i%chunk != 0 && !done[i-1].Load() {
			t.Errorf("piece %d was begun before the one before it in the chunk was done", i)
		}
		runtime.Gosched()
		done[i].Store(true)
	})
	if err != nil {
		t.Error(err)
	}
}

// The end of the context ends the work between two pieces.
func TestUntilTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := parallelize.Until(ctx, parallelize.Options{ChunkSize: 10}, 100, func(i int) {
		if n++; i == 4 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || n != 5 {
		t.Errorf("%d pieces, %v", n, err)
	}
	// An end that left nothing out is none.
	err = parallelize.Until(context.Background(), parallelize.Options{}, 1, func(int) {})
	if err != nil {
		t.Error(err)
	}
}

// A panic goes on in the caller, once the other workers have returned.
func TestUntilPassesAPanicOn(t *testing.T) {
	var running atomic.Int32
	defer func() {
		if r := recover(); r != "piece 3" || running.Load() != 0 {
			t.Errorf("recovered %v with %d pieces running", r, running.Load())
		}
	}()
	parallelize.Until(t.Context(), parallelize.Options{Workers: 4}, 100, func(i int) {
		running.Add(1)
		defer running.Add(-1)
		if i == 3 {
			panic("piece 3")
		}
	})
	t.Error("no panic")
}
