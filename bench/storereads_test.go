package bench

import (
	"runtime"
	"sync/atomic"
	"testing"
)

func getParallel(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		var readers atomic.Int64
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			i := int(readers.Add(1)) * n / 3 % n
			for pb.Next() {
				if !s.get(s.keys[i]) {
					b.Error("a key is missing")
				}
				if i++; i == n {
					i = 0
				}
			}
		})
	}
}

func getOne(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s, i := engine.filled(b, n), 0
		for b.Loop() {
			if !s.get(s.keys[i]) {
				b.Fatal("a key is missing")
			}
			if i++; i == n {
				i = 0
			}
		}
	}
}

func listAll(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		for b.Loop() {
			if got := s.list(); got != n {
				b.Fatalf("%d objects, want %d", got, n)
			}
		}
		perObject(b, n)
	}
}

// listUpdated lists a store whose pods were stored one by one since it was
// filled, with lists between.
func listUpdated(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		s.pass(b, func() { s.list() })
		runtime.GC()
		for b.Loop() {
			if got := s.list(); got != n {
				b.Fatalf("%d objects, want %d", got, n)
			}
		}
		perObject(b, n)
	}
}

func iterateAll(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		for b.Loop() {
			if got := s.iterate(); got != n {
				b.Fatalf("%d objects, want %d", got, n)
			}
		}
		perObject(b, n)
	}
}

// byIndex asks for one namespace after the other.
func byIndex(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s, i := engine.filled(b, n), 0
		values := make([]string, Namespaces)
		for i := range values {
			values[i] = indexValue("namespace", i)
		}
		for b.Loop() {
			if got := s.byIndex("namespace", values[i%Namespaces]); got != n/Namespaces {
				b.Fatalf("%d objects, want %d", got, n/Namespaces)
			}
			i++
		}
		perObject(b, n/Namespaces)
	}
}

func snapshotAndDrop(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		for b.Loop() {
			if got := s.snapshot(); got != n {
				b.Fatalf("%d objects, want %d", got, n)
			}
		}
	}
}

// perObject reports the time of an operation divided by the n objects that it
// was about, so that sizes can be compared.
func perObject(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/object")
}
