package main

import (
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"
)

func TestRowsAreJudged(t *testing.T) {
	r := parseResults([]string{
		lineOf("Store/update", informant, "500 ns/op 0 allocs/op"),
		lineOf("Store/update", clientGo, "1600 ns/op 7 allocs/op"),
		lineOf("Store/update", dropIn, "700 ns/op"),
		lineOf("Store/update", floor, "300 ns/op"),
		lineOf("Store/update", "xsync", "400 ns/op"),
		lineOf("Store/readers=1", informant, "850 writes/s"),
		lineOf("Store/readers=1", clientGo, "10 writes/s"),
		lineOf("Store/readers=1", control, "1000 writes/s"),
		lineOf("Store/read-stall", informant, "2000 p99.99-ns"),
		lineOf("Store/read-stall", clientGo, "100 p99.99-ns 2000000 longest-ns"),
		lineOf("Store/big", informant, "290 ns/op"),
		lineOf("Store/small", informant, "100 ns/op"),
		lineOf("Store/big", clientGo, "80 ns/op"),
		lineOf("Store/small", clientGo, "10 ns/op"),
		lineOf("PriorityQueue/cycle", informant, "100 ns/op"),
		lineOf("PriorityQueue/cycle", controllerRuntime, "700 ns/op"),
	})
	for _, c := range []struct {
		target target
		want   []string
	}{
		{target{bench: "Store/update", is: faster, want: 3},
			[]string{"Store/update, ns/op", "1,600 ns", "500 ns", "3.2×", "≥ 3.0×", "floor 300 ns", "yes"}},
		{target{bench: "Store/update", is: faster, want: 4, limit: "a lock"},
			[]string{"Store/update, ns/op", "1,600 ns", "500 ns", "3.2×", "≥ 4.0×", "floor 300 ns, a lock", "**no**"}},
		{target{bench: "Store/update", unit: "allocs/op", is: atMost, want: 0},
			[]string{"Store/update, allocs/op", "7 allocs", "0 allocs", "–", "≤ 0 allocs", "", "yes"}},
		{target{bench: "Store/update", unit: "allocs/op", is: faster, want: 3},
			[]string{"Store/update, allocs/op", "7 allocs", "0 allocs", "–", "≥ 3.0×", "", "yes"}},
		{target{bench: "Store/update", is: atMost, want: 100},
			[]string{"Store/update, ns/op", "1,600 ns", "500 ns", "3.2×", "≤ 100 ns", "floor 300 ns", "**no**"}},
		{target{bench: "Store/update", is: grows, want: 1.5, base: series{engine: floor}},
			[]string{"Store/update, ns/op", "1,600 ns", "500 ns", "3.2×", "ours / floor ≤ 1.50×, is 1.67×", "floor 300 ns", "**no**"}},
		{target{bench: "Store/readers=1", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
			[]string{"Store/readers=1, writes/s", "10 writes/s", "850 writes/s", "85×", "ours / control ≥ 0.90×, is 0.85×", "control 1,000 writes/s", "**no**"}},
		{target{bench: "Store/readers=1", unit: "writes/s", is: atLeast, want: 15},
			[]string{"Store/readers=1, writes/s", "10 writes/s", "850 writes/s", "85×", "≥ 15×", "control 1,000 writes/s", "yes"}},
		{target{bench: "Store/read-stall", unit: "p99.99-ns", want: 1000, base: series{unit: "longest-ns"}},
			[]string{"Store/read-stall, p99.99-ns", "100 ns, 2 ms longest-ns", "2,000 ns", "0.05×", "client-go longest-ns / ours ≥ 1,000×, is 1,000×", "", "yes, **behind client-go**"}},
		{target{bench: "Store/update", engine: dropIn, is: faster, want: 2},
			[]string{"Store/update (drop-in), ns/op", "1,600 ns", "700 ns", "2.3×", "≥ 2.0×", "floor 300 ns", "yes"}},
		{target{bench: "Store/big", is: grows, want: 3, base: series{bench: "Store/small", engine: informant}},
			[]string{"Store/big, ns/op", "80 ns, grew 8.0×", "290 ns", "0.28×", "ours / Store/small ≤ 3.0×, is 2.9×", "", "yes, **behind client-go**"}},
		{target{bench: "Store/big", is: shown},
			[]string{"Store/big, ns/op", "80 ns", "290 ns", "0.28×", "–", "", "–, **behind client-go**"}},
		{target{bench: "Store/update", is: shown, base: series{engine: "xsync"}},
			[]string{"Store/update, ns/op", "1,600 ns", "500 ns", "3.2×", "as good as xsync, is 0.80×", "floor 300 ns", "**no**"}},
		{target{bench: "PriorityQueue/cycle", is: faster, want: 6, base: series{engine: controllerRuntime}},
			[]string{"PriorityQueue/cycle, ns/op", "700 ns", "100 ns", "7.0×", "≥ 6.0×", "", "yes"}},
	} {
		row, ok := c.target.row(r)
		if want := "| " + strings.Join(c.want, " | ") + " |\n"; !ok || row.String() != want {
			t.Errorf("%+v:\n%swant\n%s", c.target, row, want)
		}
	}
	for _, never := range []target{
		{bench: "Store/never", is: faster, want: 1},
		{bench: "Store/readers=1", is: atMost, want: 1}, // in another unit
		{bench: "Store/small", is: faster, want: 1, base: series{engine: floor}},
	} {
		if _, ok := never.row(r); ok {
			t.Errorf("%+v has a row without figures", never)
		}
	}
}

func TestRowsThatAreBehindStandFirst(t *testing.T) {
	r := parseResults([]string{
		lineOf("A/good", informant, "1 ns/op"), lineOf("A/good", clientGo, "3 ns/op"),
		lineOf("A/missed", informant, "1 ns/op"), lineOf("A/missed", clientGo, "3 ns/op"),
		lineOf("A/slow", informant, "4 ns/op"), lineOf("A/slow", clientGo, "3 ns/op"),
		lineOf("A/slower", informant, "6 ns/op"), lineOf("A/slower", clientGo, "3 ns/op"),
	})
	measured, late, unmeasured, coming := rows(r, []target{
		{bench: "A/good", is: faster, want: 2}, {bench: "A/never"}, {bench: "A/missed", is: faster, want: 4},
		{bench: "A/slow", is: shown}, {bench: "A/later", comes: "with work"}, {bench: "A/slower", is: atMost, want: 9},
	})
	var names []string
	for _, made := range measured {
		names = append(names, made.bench)
	}
	if want := []string{"A/slower", "A/slow", "A/missed", "A/good"}; !slices.Equal(names, want) || late != 3 {
		t.Errorf("%v of which %d are late, want %v and 3", names, late, want)
	}
	if got := summary(append(measured, measured[0])); got != "2 of 4 rows that the other library has too are behind it. 3 of 4 targets are met.\n" {
		t.Errorf("the summary is %s", got)
	}
	if len(unmeasured) != 1 || unmeasured[0].bench != "A/never" || len(coming) != 1 || coming[0].bench != "A/later" {
		t.Errorf("unmeasured %v, coming %v", unmeasured, coming)
	}
}

// TestARatioIsThatOfTheRounds: a machine that becomes slower does so for both.
func TestARatioIsThatOfTheRounds(t *testing.T) {
	ours, theirs := series{"A/b", informant, "ns/op"}, series{"A/b", clientGo, "ns/op"}
	r := results{}
	for i := range 10 {
		slow := float64(1 + i%3)
		r[ours], r[theirs] = append(r[ours], 10*slow), append(r[theirs], 30*slow)
	}
	q, ok := r.better(theirs, ours)
	if got := ranged(q); !ok || got != "3.0×" {
		t.Errorf("%s, %v, want 3.0×", got, ok)
	}
	r[ours][0], r[ours][1], r[ours][2] = 15, 30, 45
	q, _ = r.better(theirs, ours)
	if got := ranged(q); got != "3.0× (2.0 to 3.0)" {
		t.Errorf("%s, want an interval", got)
	}
	r[ours] = r[ours][:9]
	if q, ok := r.better(theirs, ours); !ok || isKnown(q) {
		t.Errorf("%v, %v: rounds are divided that do not belong together", q, ok)
	}
	r[ours][4] = 0
	if _, ok := r.better(theirs, ours); ok {
		t.Error("it is divided by nothing")
	}
}

func TestWhatRunsForARow(t *testing.T) {
	there := []runnable{
		{nil, "Queue/cycle", informant}, {nil, "Queue/cycle", clientGo}, {nil, "Queue/cycle", floor},
		{nil, "Store/list", informant}, {nil, "Store/list", dropIn}, {nil, "Store/list", clientGo}, {nil, "Store/list", "xsync"},
		{nil, "Store/iterate", informant}, {nil, "Store/iterate", clientGo}, {nil, "Store/iterate", control},
		{nil, "Store/scale/objects=10/get", informant}, {nil, "Store/scale/objects=10/get", clientGo}, {nil, "Store/scale/objects=10/get", floor},
		{nil, "Store/scale/objects=20/get", informant}, {nil, "Store/scale/objects=20/get", clientGo},
		{nil, "Other/bench", informant},
	}
	all := []target{
		{bench: "Queue/cycle", is: grows, want: 1.4, base: series{engine: floor}},
		{bench: "Store/iterate", is: faster, want: 4, base: series{bench: "Store/list"}},
		{bench: "Store/scale/objects=20/get", is: grows, want: 3, base: series{bench: "Store/scale/objects=10/get", engine: informant}},
		{bench: "Store/later", comes: "with work"},
	}
	if err := missing(all, there); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range contestsFor(all, there, "") {
		for _, turn := range c.turns {
			got = append(got, c.name+" "+turn.engine+" "+turn.benchtime+": "+strings.Join(turn.benches, " "))
		}
	}
	want := []string{
		"Queue/cycle informant 200ms: Queue/cycle", "Queue/cycle client-go 200ms: Queue/cycle", "Queue/cycle floor 200ms: Queue/cycle",
		"Store client-go 100ms: Store/list Store/iterate", "Store informant 100ms: Store/iterate",
		"Store/scale/objects=10 informant 50ms: Store/scale/objects=10/get", "Store/scale/objects=10 client-go 50ms: Store/scale/objects=10/get",
		"Store/scale/objects=20 informant 50ms: Store/scale/objects=20/get", "Store/scale/objects=20 client-go 50ms: Store/scale/objects=20/get",
	}
	if d := diff.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	err := missing(append(all, target{bench: "Store/never", is: faster, want: 1}, target{bench: "Store/list", engine: dropIn, base: series{engine: floor}}), there)
	if err == nil {
		t.Fatal("rows without benchmarks are taken")
	}
	for _, want := range []string{"BenchmarkStore/never/impl=informant", "BenchmarkStore/never/impl=client-go", "BenchmarkStore/list/impl=floor", "add it"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in the error:\n%v", want, err)
		}
	}
}

// TestEveryRowHasItsBenchmark asks the benchmarks of the repository, and sees to it
// that a row is there once.
func TestEveryRowHasItsBenchmark(t *testing.T) {
	b, err := newBuilder("../..")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	}()
	contests, err := planned(t.Context(), b, slices.Concat(targets, charted, []target{headlines[0].target}), options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a round takes about %v", estimate(contests))
	seen := map[target]bool{}
	for _, target := range targets {
		if seen[target] {
			t.Errorf("%s is there twice", target.bench)
		}
		seen[target] = true
		if got := target.comes != ""; got != (target.unit == "" && target.goal != "") {
			t.Errorf("%s says which work brings it, and what is to be reached then, or neither", target.bench)
		}
	}
	for _, h := range headlines {
		if !slices.ContainsFunc(targets, func(t target) bool { return t.ours() == h.ours() && t.comes == "" }) {
			t.Errorf("the README shows %s, which is no row", h.bench)
		}
	}
	for _, c := range charted {
		if !slices.ContainsFunc(targets, func(t target) bool { return t.ours() == c.ours() && t.comes == "" }) {
			t.Errorf("the chart shows %s, which is no row", c.bench)
		}
	}
}
