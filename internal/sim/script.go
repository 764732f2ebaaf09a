package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/informant-go/informant/reflector/apitest"
)

// names is how many different jobs there are.
const names = 40

// op is what a step does.
type op string

const (
	opPut      op = "put"
	opRelabel  op = "relabel"
	opDelete   op = "delete"
	opRecreate op = "recreate"
	opBurst    op = "burst"
	opPause    op = "pause"
	opRest     op = "rest" // until nothing more happens at this moment

	opCut      op = "cut"
	opStall    op = "stall"
	opResume   op = "resume"
	opInject   op = "inject"
	opCompact  op = "compact"
	opExpire   op = "expire"
	opDown     op = "down"
	opUp       op = "up"
	opWithdraw op = "withdraw"
	opServe    op = "serve"

	opLast    op = "last"    // a fault for minutes to hours
	opKink    op = "bend"    // a source that is otherwise than expected
	opFreeze  op = "freeze"  // our process stands still
	opReborn  op = "reborn"  // the server restarts without its history
	opRestore op = "restore" // and this time from a backup
	opBloat   op = "bloat"   // an object becomes too large
	opRefuse  op = "refuse"  // the transform refuses an object for a while

	opRestart op = "restart"
	opJoin    op = "join"
	opRemove  op = "remove"
	opIndex   op = "add index"
)

// step is one thing that happens. What n means depends on op: the number of a
// job, an amount, a variant.
type step struct {
	op    op
	n     int
	size  int
	pause time.Duration
	fault fault
	kink  kink
}

func (s step) String() string {
	switch s.op {
	case opPause:
		return fmt.Sprint("pause ", s.pause)
	case opRestart:
		return fmt.Sprintf("restart after %v with %d changes", s.pause, s.n)
	case opInject:
		return fmt.Sprint("inject ", s.fault)
	case opLast:
		return fmt.Sprintf("%v, for %v", s.fault, s.pause)
	case opKink:
		return fmt.Sprintf("%s (%d), for %v", s.kink, s.n, s.pause)
	case opFreeze, opRefuse:
		return fmt.Sprintf("%s %d for %v", s.op, s.n, s.pause)
	case opRest, opStall, opResume, opCompact, opExpire, opDown, opUp, opWithdraw, opServe, opIndex:
		return string(s.op)
	case opPut, opRelabel, opRecreate:
		return fmt.Sprintf("%s %d (%d)", s.op, s.n, s.size)
	}
	return fmt.Sprintf("%s %d", s.op, s.n)
}

// Script is what happens in one simulation.
type Script struct {
	// Seed is what it was invented from.
	Seed uint64

	setup setup
	steps []step
}

// setup is how the parts are configured.
type setup struct {
	objects int // at the start

	deltaFIFO        bool
	disableStreaming bool
	anyVersion       bool // the first list in pages shows any state
	pageSize         int64
	least, most      time.Duration // watch timeouts
	jitter           float64
	bookmarks        time.Duration
	history          int
	resync           time.Duration
	relistUpdates    bool

	unversioned bool  // the source has no versions
	unordered   bool  // the reflector is told not to compare them
	bound       int   // of the queue, 0 for none
	limit       int64 // of the server's pages, whatever it is asked for; 0 for none
	stubborn    int   // the job that the transform always refuses, -1 for none

	// resume reports whether stalled streams go on when the faults end, or
	// have to be found out.
	resume bool
}

// Invent makes the script of a seed, of at most maxSteps steps if that is
// above 0. One script in six is without faults.
func Invent(seed uint64, maxSteps int) Script {
	r := rand.New(rand.NewPCG(seed, 0x51))
	s := Script{Seed: seed, setup: drawSetup(r)}
	s.setup.anyVersion = seed%3 == 0
	d := drawer{r: r, calm: r.IntN(6) == 0}
	for range 20 + r.IntN(40) {
		s.steps = append(s.steps, d.draw()...)
	}
	if maxSteps > 0 {
		s.steps = s.steps[:min(maxSteps, len(s.steps))]
	}
	return s
}

func drawSetup(r *rand.Rand) setup {
	s := setup{
		objects:          r.IntN(60),
		deltaFIFO:        r.IntN(3) == 0,
		disableStreaming: r.IntN(2) == 0,
		pageSize:         pick[int64](r, 0, 0, -1, 3, 7),
		jitter:           pick(r, 0, -1.0),
		bookmarks:        pick(r, time.Minute, time.Minute, 10*time.Second),
		history:          pick(r, 0, 0, 16, 200),
		resync:           pick(r, 0, 0, 30*time.Second, 5*time.Minute),
		relistUpdates:    r.IntN(4) == 0,
		resume:           r.IntN(2) == 0,
		unversioned:      r.IntN(12) == 0,
		unordered:        r.IntN(12) == 0,
		bound:            pick(r, 0, 0, 0, 1, 5, 60),
		limit:            pick[int64](r, 0, 0, 0, 0, 0, 9),
		stubborn:         pick(r, -1, -1, -1, -1, 3),
	}
	s.least = pick(r, 5*time.Minute, 5*time.Minute, 2*time.Minute)
	s.most = s.least * time.Duration(1+r.IntN(2))
	return s
}

// drawer invents steps and remembers what has to be undone.
type drawer struct {
	r    *rand.Rand
	calm bool
	size int
}

// weighted has an entry for each time that an op is to be as likely as the
// others.
var (
	ordinary = []op{opPut, opPut, opPut, opRelabel, opRelabel, opDelete, opRecreate, opBurst, opPause, opPause, opRest}
	faults   = []op{opCut, opCut, opStall, opResume, opInject, opInject, opInject, opInject, opCompact, opExpire, opDown, opWithdraw}
	lasting  = []op{opLast, opLast, opLast, opKink, opKink, opKink, opFreeze, opReborn, opRestore, opBloat, opBloat, opRefuse}
	own      = []op{opRestart, opJoin, opJoin, opRemove, opIndex}
)

func (d *drawer) draw() []step {
	n := d.r.IntN(20)
	switch {
	case n < 11 || d.calm && n < 18:
		return []step{d.step(pick(d.r, ordinary...))}
	case n < 16:
		return d.disaster(pick(d.r, faults...))
	case n < 18:
		return []step{d.step(pick(d.r, lasting...))}
	}
	return []step{d.step(pick(d.r, own...))}
}

// disaster is a fault and what belongs to it: some time in which it lasts, and
// some changes meanwhile.
func (d *drawer) disaster(o op) []step {
	steps := []step{d.step(o)}
	end := map[op]op{opDown: opUp, opWithdraw: opServe}[o]
	switch {
	case end != "":
		for range d.r.IntN(3) {
			steps = append(steps, d.step(pick(d.r, ordinary...)))
		}
		return append(steps, d.step(end))
	case o == opInject && d.r.IntN(2) == 0, o == opExpire, o == opCompact && d.r.IntN(2) == 0:
		return append(steps, d.step(opCut)) // so that a request meets the fault
	}
	return steps
}

func (d *drawer) step(o op) step {
	d.size++
	s := step{op: o, n: d.r.IntN(names), size: d.size}
	switch o {
	case opBurst:
		s.n = pick(d.r, 10, 30, 120)
	case opPause:
		s.pause = pick(d.r, time.Millisecond, 100*time.Millisecond, 3*time.Second, 40*time.Second, 3*time.Minute, 12*time.Minute)
	case opRestart:
		s.n, s.pause = d.r.IntN(6), pick(d.r, 0, time.Second, 10*time.Minute)
	case opCut:
		s.n = int(pick(d.r, apitest.Cleanly, apitest.Abruptly, apitest.MidFrame))
	case opInject:
		s.fault = drawFault(d.r)
	case opLast:
		s.fault, s.pause = drawLasting(d.r), pick(d.r, 3*time.Minute, 3*time.Minute, 20*time.Minute, time.Hour, 3*time.Hour)
	case opKink:
		s.kink, s.pause = pick(d.r, kinks...), pick(d.r, time.Minute, 10*time.Minute, 40*time.Minute)
	case opFreeze:
		s.pause = pick(d.r, time.Minute, 12*time.Minute, time.Hour)
	case opBloat:
		s.n %= 4 // so that some jobs become too large more than once
	case opRefuse:
		s.n, s.pause = 4+s.n%4, pick(d.r, time.Minute, 15*time.Minute)
	}
	return s
}

// performs reports whether the script has one of the ops.
func (s Script) performs(ops ...op) bool {
	return slices.ContainsFunc(s.steps, func(each step) bool { return slices.Contains(ops, each.op) })
}

// String writes the script down, for whoever looks for the reason of a
// failure.
func (s Script) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, %+v\n", s.Seed, s.setup)
	for i, each := range s.steps {
		fmt.Fprintf(&b, "%4d %v\n", i+1, each)
	}
	return b.String()
}
