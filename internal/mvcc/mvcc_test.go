package mvcc

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// number is a Cell with the Garbage to it.
type number struct{ Cell[int] }

func (n *number) Collect(col *Collector) { n.Trim(col, n) }

// recycled is number as a Recycled cell.
type recycled struct{ Recycled[int] }

func (r *recycled) Collect(col *Collector) { r.Trim(col, r) }

func (n *number) states() (count int) { return states(&n.Cell) }

func states(c *Cell[int]) (count int) {
	for node := c.head.Load(); node != nil; node = node.prev.Load() {
		count++
	}
	return count
}

func newCollector(clock *Clock) *Collector {
	col := new(Collector)
	col.Init(clock)
	return col
}

func (n *number) set(clock *Clock, col *Collector, value int) {
	v, fresh := n.Edit(clock.Now() + 1)
	if *v = value; fresh {
		col.Retire(n)
	}
}

func TestPinnedVersionsStayAndOthersGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var clock Clock
		col := newCollector(&clock)
		cells := make([]number, 3)
		var summary recycled // counts the commits
		model := make([]int, len(cells))
		pins := map[Pin][]int{}
		t.Repeat(map[string]func(*rapid.T){
			"commit": func(t *rapid.T) {
				for range rapid.IntRange(0, 3).Draw(t, "writes") {
					i := rapid.IntRange(0, len(cells)-1).Draw(t, "cell")
					model[i]++
					cells[i].set(&clock, col, model[i])
				}
				sum, fresh := summary.Edit(clock.Now() + 1)
				if *sum++; fresh {
					col.Retire(&summary)
				}
				clock.Commit(clock.Now() + 1)
				if !col.PutOff() {
					col.Collect()
				}
			},
			"pin": func(*rapid.T) {
				if len(pins) < 40 {
					pins[clock.Pin()] = append([]int(nil), model...)
				}
			},
			"release": func(*rapid.T) {
				for pin := range pins {
					delete(pins, pin)
					clock.Release(pin)
					return
				}
			},
			"step": func(t *rapid.T) {
				n := rapid.IntRange(0, 3).Draw(t, "n")
				before := col.Held()
				more := col.Step(n)
				if looked := before - col.Held(); looked > n {
					t.Fatalf("a step of %d took out %d things", n, looked)
				}
				if held := col.Held(); !more && len(pins) == 0 && held > 0 {
					t.Fatalf("nothing is pinned, %d things are held, and no step is left", held)
				}
			},
			"": func(t *rapid.T) {
				versions := map[uint64]bool{}
				for pin, want := range pins {
					versions[pin.Version()] = true
					if got := value(summary.At(pin.Version())); got != int(pin.Version()) {
						t.Fatalf("version %d is number %d", pin.Version(), got)
					}
					for i := range cells {
						if got := value(cells[i].At(pin.Version())); got != want[i] {
							t.Fatalf("cell %d in version %d is %d, want %d", i, pin.Version(), got, want[i])
						}
					}
				}
				settled := rapid.Bool().Draw(t, "settled")
				if settled {
					col.CollectNow()
				}
				for i := range cells {
					if got := value(cells[i].Latest(&clock)); got != model[i] {
						t.Fatalf("cell %d is %d, want %d", i, got, model[i])
					}
					if got := value(summary.At(clock.Now())); got != int(clock.Now()) {
						t.Fatalf("version %d is number %d", clock.Now(), got)
					}
					if n := states(&summary.cell); settled && n > len(versions)+1 {
						t.Fatalf("%d summaries for %d pinned versions", n, len(versions))
					}
					if n := cells[i].states(); settled && n > len(versions)+1 {
						t.Fatalf("cell %d has %d states for %d pinned versions", i, n, len(versions))
					}
				}
			},
		})
		for pin := range pins {
			clock.Release(pin)
		}
		col.CollectNow()
		for i := range cells {
			if cells[i].states() > 1 || col.Held() > 0 || col.Waiting() {
				t.Fatal("something is left when all pins are gone")
			}
		}
	})
}

func value(v *int) int {
	if v == nil {
		return 0
	}
	return *v
}

// TestReadersSeeCommitsWhole has a writer that keeps all cells equal in every
// version, and readers that see them unequal if they see parts of a commit.
func TestReadersSeeCommitsWhole(t *testing.T) {
	var clock Clock
	col := newCollector(&clock)
	cells := make([]number, 8)
	var summary recycled
	var stop atomic.Bool
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for !stop.Load() {
				pin := clock.Pin()
				first := value(cells[0].At(pin.Version()))
				if got := value(summary.At(pin.Version())); got != first {
					t.Errorf("the summary of a version is %d, its cells are %d", got, first)
				}
				for i := range cells {
					if got := value(cells[i].At(pin.Version())); got != first {
						t.Errorf("cells of one version are %d and %d", first, got)
					}
				}
				clock.Release(pin)
				before := value(cells[0].Latest(&clock))
				if after := value(cells[7].Latest(&clock)); after < before {
					t.Errorf("read %d, then %d", before, after)
				}
			}
		})
	}
	for n := range 5_000 {
		for i := range cells {
			cells[i].set(&clock, col, -1)
			cells[i].set(&clock, col, n+1)
		}
		sum, fresh := summary.Edit(clock.Now() + 1)
		if *sum = n + 1; fresh {
			col.Retire(&summary)
		}
		clock.Commit(clock.Now() + 1)
		col.Collect()
		if n%100 == 0 {
			runtime.Gosched()
		}
	}
	stop.Store(true)
	readers.Wait()
	col.CollectNow()
	for i := range cells {
		if n := cells[i].states(); n != 1 {
			t.Errorf("cell %d has %d states at the end", i, n)
		}
	}
}

// TestARecycledCellAllocatesNothingWithoutPins proves what Recycled is for, and
// that a node a Pin can reach is not used anew.
func TestARecycledCellAllocatesNothingWithoutPins(t *testing.T) {
	var clock Clock
	col := newCollector(&clock)
	var r recycled
	commit := func() {
		v, fresh := r.Edit(clock.Now() + 1)
		if *v++; fresh {
			col.Retire(&r)
		}
		clock.Commit(clock.Now() + 1)
		col.Collect()
	}
	commit()
	commit()
	if n := testing.AllocsPerRun(100, commit); n != 0 {
		t.Errorf("%v allocations for a commit", n)
	}
	pin := clock.Pin()
	pinned := r.At(pin.Version())
	want := *pinned
	for range 10 {
		commit()
	}
	if *pinned != want {
		t.Errorf("a pinned value changed from %d to %d", want, *pinned)
	}
	clock.Release(pin)
}
