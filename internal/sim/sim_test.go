package sim

import (
	"flag"
	"fmt"
	"testing"
)

var (
	seeds = flag.Uint64("sim.seeds", 30, "how many simulations to run")
	first = flag.Uint64("sim.first", 1, "the seed of the first one")
	only  = flag.Uint64("sim.seed", 0, "play the simulation of this seed alone")
	steps = flag.Int("sim.steps", 0, "play the first steps of each script only; 0 for all")
)

// R1, R2, R3, R4, S1, S3, S5, I1, I2, I3, I4, I5, I6, I9, I10, I11, I13, Q1, Q2, Q5: whatever
// happens to server, network and informer, everything agrees in the end, and
// nothing was told wrongly on the way.
func TestPipelineEndsInTheServersStateWhateverHappens(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) { Run(t, Invent(seed, *steps)) })
}

// eachSeed runs a simulation of each seed that the flags ask for.
func eachSeed(t *testing.T, run func(t *testing.T, seed uint64)) {
	from, n := *first, *seeds
	if *only > 0 {
		from, n = *only, 1
	}
	if testing.Short() {
		n = min(n, 10)
	}
	for seed := from; seed < from+n; seed++ {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			run(t, seed)
		})
	}
}

// A script is decided by its seed, and different seeds have different ones.
func TestScriptsAreDecidedByTheirSeeds(t *testing.T) {
	seen := make(map[string]uint64)
	ops := make(map[op]bool)
	for seed := range uint64(200) {
		s := Invent(seed, 0)
		if again := Invent(seed, 0); s.String() != again.String() {
			t.Fatalf("seed %d has two scripts:\n%v\n%v", seed, s, again)
		}
		if other, ok := seen[s.String()]; ok {
			t.Errorf("seeds %d and %d have the same script", seed, other)
		}
		seen[s.String()] = seed
		for _, each := range s.steps {
			ops[each.op] = true
		}
	}
	for _, o := range append(append(append([]op{opUp, opServe}, ordinary...), faults...), own...) {
		if !ops[o] {
			t.Errorf("no script has the step %q", o)
		}
	}
}
