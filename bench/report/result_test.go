package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `goos: linux
cpu: Some CPU
BenchmarkStore/update
BenchmarkStore/update/impl=informant-2   100   500.0 ns/op   408 B/op   6 allocs/op
BenchmarkStore/update/impl=informant-2   100   700.0 ns/op   408 B/op   6 allocs/op
BenchmarkStore/update/impl=informant-2   100   600.0 ns/op   408 B/op   6 allocs/op
BenchmarkStore/update/impl=client-go-2   100   1800 ns/op   120 B/op   7 allocs/op
BenchmarkStore/update/impl=floor   100   200 ns/op
BenchmarkStore/readers=1/impl=informant-16   1   9000 writes/s
BenchmarkOther/update-2   100   1 ns/op
--- FAIL: BenchmarkStore/list
PASS
ok  	github.com/informant-go/informant/bench	3.5s`

func TestParseResults(t *testing.T) {
	want := results{
		{"Store/update", informant, "ns/op"}:       {500, 700, 600},
		{"Store/update", informant, "B/op"}:        {408, 408, 408},
		{"Store/update", informant, "allocs/op"}:   {6, 6, 6},
		{"Store/update", clientGo, "ns/op"}:        {1800},
		{"Store/update", clientGo, "B/op"}:         {120},
		{"Store/update", clientGo, "allocs/op"}:    {7},
		{"Store/update", floor, "ns/op"}:           {200},
		{"Store/readers=1", informant, "writes/s"}: {9000},
	}
	got := parseResults(strings.Split(sample, "\n"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestMedianAndSpread(t *testing.T) {
	s := series{"Store/update", informant, "ns/op"}
	for _, c := range []struct {
		values         []float64
		median, spread float64
	}{
		{[]float64{3}, 3, 0},
		{[]float64{1, 3}, 2, 0},
		{[]float64{90, 100, 110, 80, 120}, 100, 0}, // too few to know
		{[]float64{90, 100, 110, 50, 120, 100, 100, 100, 100, 40}, 100, 0.5},
		{[]float64{100, 100, 100, 100, 100, 100, 100, 100, 100, 900}, 100, 0}, // one that is far off
		{make([]float64, 10), 0, 0},
	} {
		r := results{s: c.values}
		if m, ok := r.median(s); m != c.median || !ok {
			t.Errorf("median of %v: %v, %v, want %v", c.values, m, ok, c.median)
		}
		if got := r.spread(s); got != c.spread {
			t.Errorf("spread of %v: %v, want %v", c.values, got, c.spread)
		}
	}
	if _, ok := (results{}).median(s); ok {
		t.Error("nothing has a median")
	}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{0, "allocs/op", "0 allocs"},
		{4.713, "ns/op", "4.71 ns"},
		{49.15, "ns/op", "49.1 ns"},
		{1994.4, "ns/op", "1,994 ns"},
		{26464, "ns/op", "26.5 µs"},
		{84_444_318, "ns/op", "84.4 ms"},
		{2_868_694_148, "longest-ns", "2.87 s"},
		{10.99, "ns/object", "11.0 ns/object"},
		{9279, "add-ns/object", "9,279 ns/object"},
		{96.44, "B/object", "96.4 B/object"},
		{1_333_528, "writes/s", "1,333,528 writes/s"},
		{408, "B/op", "408 B"},
	} {
		if got := amount(c.value, c.unit); got != c.want {
			t.Errorf("%v in %s is written as %q, want %q", c.value, c.unit, got, c.want)
		}
	}
	for ratio, want := range map[float64]string{0.5: "0.50×", 1.126: "1.13×", 4.26: "4.3×", 1500: "1,500×"} {
		if got := times(ratio); got != want {
			t.Errorf("%v is written as %q, want %q", ratio, got, want)
		}
	}
	s := series{"a", informant, "ns/op"}
	if got := (results{s: {90, 100, 110, 50, 120, 100, 100, 100, 100, 40}}).figure(s); got != "100 ns ±50%" {
		t.Errorf("a figure that varies is written as %q", got)
	}
	if got := (results{}).figure(s); got != "–" {
		t.Errorf("a figure that is missing is written as %q", got)
	}
}
