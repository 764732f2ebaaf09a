package bench

import (
	"flag"
	"testing"
)

// Informant and ClientGo name the engines in the names of benchmarks.
const (
	Informant = "informant"
	ClientGo  = "client-go"
)

// Engine is one implementation behind the interface E of an area.
type Engine[E any] struct {
	// Name is the value of impl= in the benchmark's name.
	Name string
	// New makes a fresh engine. What it starts ends with tb's Cleanup.
	New func(tb testing.TB) E
}

// Case is a row of an area's table.
type Case[E any] struct {
	// Name is the middle part of the benchmark's name, and may hold slashes.
	Name string
	// Skip names engines that the case cannot run on, with the reason.
	Skip map[string]string
	// Run measures b.N operations (or b.Loop) on a fresh engine and fails
	// when the engine did not do them all.
	Run func(b *testing.B, engine E)
}

var list = flag.Bool("bench.list", false, "name the benchmarks that -bench matches and measure nothing")

// Run runs every case on every engine, the engines of a case next to each
// other, so that what a machine does to one it does to the other.
func Run[E any](b *testing.B, engines []Engine[E], cases []Case[E]) {
	for _, c := range cases {
		b.Run(c.Name, func(b *testing.B) {
			for _, e := range engines {
				if _, skip := c.Skip[e.Name]; skip {
					continue
				}
				b.Run("impl="+e.Name, func(b *testing.B) {
					if *list {
						return
					}
					b.ReportAllocs()
					c.Run(b, e.New(b))
				})
			}
		})
	}
}
