package eventlog

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

// L1, L2, L3: readers that come, pause and go while entries are appended each
// see a stretch without holes, and everybody gets to the end.
func TestReadersRunBesideAWriter(t *testing.T) {
	const total, readers = 20_000, 4
	var log Log[int]
	var wg sync.WaitGroup
	for i := range readers {
		r := log.Join()
		wg.Go(func() { follow(t, r, 0, total, i%2 == 1) })
	}
	batch := make([]int, 0, 8)
	for next := 0; next < total; {
		batch = batch[:0]
		for len(batch) <= next%7 && next+len(batch) < total {
			batch = append(batch, next+len(batch))
		}
		log.Append(batch)
		next += len(batch)
		if next%1024 < 4 {
			late := log.Join()
			from := next
			wg.Go(func() { follow(t, late, from, min(from+500, total), false) })
		}
		if next%64 == 0 {
			runtime.Gosched()
		}
	}
	wg.Wait()
	if log.readers != 0 || log.tail != nil {
		t.Errorf("%d readers left, tail %p", log.readers, log.tail)
	}
}

// follow reads the entries from, from+1 … up to to and leaves.
func follow(t *testing.T, r *Reader[int], from, to int, single bool) {
	defer r.Leave()
	for from < to {
		entries := r.Next()
		if single && len(entries) > 1 {
			entries = entries[:1]
			r.Interrupt()
		}
		for _, e := range entries {
			if e != from {
				t.Errorf("got entry %d, want %d", e, from)
				return
			}
			from++
		}
		r.Advance(len(entries))
	}
}

// L3: neither an Append nor an Interrupt is needed twice, whether it comes
// before the reader waits or after.
func TestWakeUpsAreNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log Log[string]
		r := log.Join()
		r.Interrupt()
		if got := r.Next(); got != nil {
			t.Fatalf("an interrupted Next returned %v", got)
		}
		got := make(chan []string)
		next := func() { got <- r.Next() }

		go next()
		synctest.Wait() // the reader is parked
		r.Interrupt()
		if entries := <-got; entries != nil {
			t.Fatalf("an interrupted Next returned %v", entries)
		}

		go next()
		synctest.Wait() // parked again
		log.Append([]string{"a", "b"})
		if entries := <-got; len(entries) != 2 {
			t.Fatalf("Next returned %v", entries)
		}
		r.Advance(2)

		start := time.Now()
		go func() {
			r.Pause(time.Minute)
			got <- nil
		}()
		synctest.Wait() // the reader pauses
		r.Interrupt()
		<-got
		r.Pause(time.Second)
		if d := time.Since(start); d != time.Second {
			t.Errorf("an interrupted and a full pause took %v", d)
		}
		r.Leave()
	})
}

// L4: an entry that everybody has read is not kept alive by a log whose readers
// are parked.
func TestReadEntriesAreReleased(t *testing.T) {
	var log Log[*[1 << 16]byte]
	readers := []*Reader[*[1 << 16]byte]{log.Join(), log.Join()}
	entry := new([1 << 16]byte)
	pointer := weak.Make(entry)
	log.Append([]*[1 << 16]byte{entry})
	entry = nil

	for i, r := range readers {
		r.Advance(len(r.Next()))
		if i == 0 && !log.park(r) {
			t.Fatal("the first reader has something to read")
		}
		runtime.GC()
		if i == 0 && pointer.Value() == nil {
			t.Fatal("an entry was gone before everybody had read it")
		}
	}
	log.park(readers[1])
	runtime.GC()
	if pointer.Value() != nil {
		t.Error("an entry that everybody has read is still held")
	}
	runtime.KeepAlive(readers)
	runtime.KeepAlive(&log)
}

// L4: what lies behind the slowest reader is garbage while the log goes on.
func TestChunksBehindTheSlowestReaderAreGarbage(t *testing.T) {
	var log Log[int]
	r := log.Join()
	log.Append(make([]int, 1))
	first := weak.Make(log.tail)
	log.Append(make([]int, 2*chunkSize-1))
	runtime.GC()
	if first.Value() == nil {
		t.Fatal("a chunk was gone before it was read")
	}
	r.Advance(len(r.Next()))
	r.Next()
	runtime.GC()
	if first.Value() != nil {
		t.Error("a chunk that nobody reads any more is held")
	}
	runtime.KeepAlive(r)
	runtime.KeepAlive(&log)
}

// A reader that has joined holds no chunk, so that to join and leave costs no more
// than the reader.
func TestJoiningMakesNoChunk(t *testing.T) {
	var log Log[[1 << 12]byte]
	r := log.Join()
	log.Append(make([][1 << 12]byte, 0))
	if log.tail != nil || !r.Parked() {
		t.Error("a log to which nothing was appended holds a chunk")
	}
	r.Leave()
	log.Append(make([][1 << 12]byte, 1))
	if log.tail != nil {
		t.Error("a log without readers holds a chunk")
	}
}

// A reader that keeps up costs no allocation.
func TestKeepingUpDoesNotAllocate(t *testing.T) {
	var log Log[int]
	r := log.Join()
	entries := make([]int, 10)
	allocs := testing.AllocsPerRun(1000, func() {
		log.Append(entries)
		r.Advance(len(r.Next()))
		log.park(r)
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// L3: AppendBut leaves a parked reader asleep, which Append and Interrupt wake as
// ever, behind what it was spared; Unread never waits.
func TestASparedReaderSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log Log[string]
		r, other := log.Join(), log.Join()
		if entries := r.Unread(); entries != nil {
			t.Fatalf("an empty log has %v", entries)
		}
		log.Append([]string{"0"})
		for _, reader := range []*Reader[string]{r, other} {
			reader.Advance(len(reader.Unread()))
		}
		r.Next() // the token of that Append
		got := make(chan []string)
		go func() { got <- r.Next() }()
		synctest.Wait() // r is parked
		log.AppendBut([]string{"a", "b"}, []*Reader[string]{r, other})
		synctest.Wait() // whoever was woken has run
		if !r.Parked() || r.Position() != 3 || r.Unread() != nil {
			t.Errorf("a spared reader was woken, or is at %d", r.Position())
		}
		if entries := other.Unread(); len(entries) != 2 {
			t.Errorf("who is not parked reads everything, and has %v", entries)
		}
		log.Append([]string{"c"})
		if entries := <-got; len(entries) != 1 || entries[0] != "c" {
			t.Errorf("Next returned %v", entries)
		}
		r.Leave()
		other.Leave()
	})
}

// L3: an alarm wakes a parked reader like an Interrupt, and one that comes later finds
// it at the end of the log.
func TestAnAlarmWakesAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log Log[string]
		r := log.Join()
		start := time.Now()
		if entries := r.NextUntil(time.After(time.Minute)); entries != nil || time.Since(start) != time.Minute {
			t.Fatalf("NextUntil returned %v after %v", entries, time.Since(start))
		}
		if !r.Parked() {
			t.Error("it is not parked any more")
		}
		alarm := time.After(time.Hour)
		time.AfterFunc(time.Minute, func() { log.Append([]string{"a"}) })
		if entries := r.NextUntil(alarm); len(entries) != 1 {
			t.Errorf("NextUntil returned %v", entries)
		}
		r.Leave()
	})
}
