package workqueue

import (
	"sync"
	"testing"
	"testing/synctest"
)

// Q1 rests on the lock: of many that want it, one has it.
func TestTheLockIsHeldByOne(t *testing.T) {
	const goroutines, rounds = 8, 2000
	var l lock
	var wg sync.WaitGroup
	inside, entered := 0, 0
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				l.Lock()
				if inside++; inside != 1 {
					t.Errorf("%d hold the lock", inside)
				}
				entered++
				inside--
				l.Unlock()
			}
		})
	}
	wg.Wait()
	if entered != goroutines*rounds {
		t.Fatalf("the lock was taken %d times of %d", entered, goroutines*rounds)
	}
}

// Whoever wants a lock that is held for long gets it in the end, however long
// its holder sleeps.
func TestTheLockOutlastsItsAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lock
		l.Lock()
		trying, got := make(chan struct{}), make(chan struct{})
		go func() {
			close(trying)
			l.Lock()
			defer l.Unlock()
			close(got)
		}()
		<-trying
		for range 10 * attempts {
			for range pause {
			}
		}
		select {
		case <-got:
			t.Fatal("two hold the lock")
		default:
		}
		l.Unlock()
		<-got
	})
}
