package main

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"
)

// lineOf is a line of the benchmarks.
func lineOf(bench, engine, figures string) string {
	return "Benchmark" + bench + "/impl=" + engine + "-2 1 " + figures
}

func TestTargetsAreJudged(t *testing.T) {
	r := parseResults([]string{
		lineOf("Store/update", informant, "500 ns/op 0 allocs/op"),
		lineOf("Store/update", clientGo, "1600 ns/op 7 allocs/op"),
		lineOf("Store/update", dropIn, "700 ns/op"),
		lineOf("Store/update", floor, "300 ns/op"),
		lineOf("Store/readers=1", informant, "850 writes/s"),
		lineOf("Store/readers=1", clientGo, "10 writes/s"),
		lineOf("Store/readers=1", control, "1000 writes/s"),
		lineOf("Store/read-stall", informant, "2000 p99.99-ns"),
		lineOf("Store/read-stall", clientGo, "90 p99.99-ns 2000000 longest-ns"),
		lineOf("Store/big", informant, "290 ns/op"),
		lineOf("Store/small", informant, "100 ns/op"),
		lineOf("Store/big", clientGo, "80 ns/op"),
		lineOf("Store/small", clientGo, "10 ns/op"),
	})
	for _, c := range []struct {
		target target
		want   []string
	}{
		{target{bench: "Store/update", is: faster, want: 3},
			[]string{"Store/update, ns/op", "1,600 ns", "500 ns", "300 ns", "client-go / ours", "3.2×", "≥ 3.0×", "yes"}},
		{target{bench: "Store/update", is: faster, want: 4},
			[]string{"Store/update, ns/op", "1,600 ns", "500 ns", "300 ns", "client-go / ours", "3.2×", "≥ 4.0×", "no"}},
		{target{bench: "Store/update", unit: "allocs/op", is: atMost, want: 0},
			[]string{"Store/update, allocs/op", "7 allocs", "0 allocs", "", "ours", "0 allocs", "≤ 0 allocs", "yes"}},
		{target{bench: "Store/update", is: atMost, want: 100},
			[]string{"Store/update, ns/op", "1,600 ns", "500 ns", "300 ns", "ours", "500 ns", "≤ 100 ns", "no"}},
		{target{bench: "Store/readers=1", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
			[]string{"Store/readers=1, writes/s", "10 writes/s", "850 writes/s", "1,000 writes/s", "ours / control", "0.85×", "≥ 0.90×", "no"}},
		{target{bench: "Store/read-stall", unit: "p99.99-ns", want: 1000, base: series{unit: "longest-ns"}},
			[]string{"Store/read-stall, p99.99-ns", "90 ns, 2 ms client-go longest-ns", "2,000 ns", "", "client-go longest-ns / ours", "1,000×", "≥ 1,000×", "yes"}},
		{target{bench: "Store/update", engine: dropIn, is: faster, want: 2},
			[]string{"Store/update (drop-in), ns/op", "1,600 ns", "700 ns", "300 ns", "client-go / ours", "2.3×", "≥ 2.0×", "yes"}},
		{target{bench: "Store/big", is: grows, want: 3, base: series{bench: "Store/small", engine: informant}},
			[]string{"Store/big, ns/op", "80 ns, grew 8.0×", "290 ns", "", "ours / Store/small", "2.9×", "≤ 3.0×", "yes"}},
	} {
		row, ok := c.target.row(r)
		if want := "| " + strings.Join(c.want, " | ") + " |\n"; !ok || row.String() != want {
			t.Errorf("%+v:\n%swant\n%s", c.target, row, want)
		}
	}
	if _, ok := (target{bench: "Store/never", is: faster, want: 1}).row(r); ok {
		t.Error("a target without figures has a row")
	}
	table, err := targetTable(r, []target{{bench: "Store/update", want: 3}, {bench: "Store/never", want: 1}})
	if err != nil || !strings.Contains(table, "1 of 1 targets are met. Not measured: Store/never.") {
		t.Errorf("%v, %s", err, table)
	}
	if _, err := targetTable(results{}, targets); err == nil {
		t.Error("a table of nothing")
	}
}

// TestTargetsAreRun makes sure that the plan of the table runs what it is about.
func TestTargetsAreRun(t *testing.T) {
	for _, target := range targets {
		for _, bench := range []string{target.bench, cmp.Or(target.base.bench, target.bench)} {
			if !slices.ContainsFunc(tables["targets"].plan, func(p part) bool { return p.matches(bench) }) {
				t.Errorf("nothing runs %s", bench)
			}
		}
	}
	if tables["targets"].plan[0].matches("Store/update") {
		t.Error("the queue's part runs the store")
	}
}

// matches reports whether go test would run a benchmark: each element of the
// pattern has to match one of the name.
func (p part) matches(bench string) bool {
	names := strings.Split("Benchmark"+bench, "/")
	for i, pattern := range strings.Split(p.bench, "/") {
		if i < len(names) && !regexp.MustCompile(pattern).MatchString(names[i]) {
			return false
		}
	}
	return true
}

func TestPlansFollowTheOptions(t *testing.T) {
	got := tables["targets"].runs(options{count: 10, timeout: "1h"})[4:]
	want := [][]string{
		{"test", "-run", "^$", "-bench", "^BenchmarkStore$/^scale$/objects=(10000|100000)$", "-benchmem", "-benchtime", "100ms", "-count", "10", "-timeout", "1h", "./bench"},
		{"test", "-run", "^$", "-bench", "^BenchmarkStore$/^scale$/objects=1000000$", "-benchmem", "-benchtime", "100ms", "-count", "5", "-timeout", "1h", "./bench"},
	}
	if d := diff.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	got = tables["benchstat"].runs(options{count: 1, timeout: "1h", bench: "Queue", benchtime: "1x"})
	want = [][]string{{"test", "-run", "^$", "-bench", "Queue", "-benchmem", "-benchtime", "1x", "-count", "1", "-timeout", "1h", "./bench"}}
	if d := diff.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestARecordCanBeReadAgain(t *testing.T) {
	rec := &record{
		from:  [][2]string{{dateKey, "2026-01-02"}, {goKey, "go1.26"}, {comparedKey, "k8s.io/client-go v0.37.2"}, {cpusKey, "2 CPUs"}, {commandKey, "go test -bench 'a|b'"}},
		lines: strings.Split(sample, "\n"),
	}
	again, err := readRecord(bytes.NewReader(rec.bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff(rec.bytes(), again.bytes()); d != "" {
		t.Error(d)
	}
	doc := string(document(again, "go run ./bench/report", "the table"))
	for _, want := range []string{"2026-01-02", "Some CPU, 2 CPUs", "go1.26", "client-go v0.37.2", `'a\|b'`, "the table"} {
		if !strings.Contains(doc, want) {
			t.Errorf("%q is not in the document:\n%s", want, doc)
		}
	}
	for _, wrong := range []string{"", sample, "date: today\n" + sample} {
		if _, err := readRecord(strings.NewReader(wrong)); err == nil {
			t.Errorf("read without an error: %q", wrong)
		}
	}
	rec.lines = []string{"PASS"}
	if rec.check() == nil {
		t.Error("a record without figures is taken for one")
	}
}

func TestATableIsInserted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "RESULTS.md")
	put := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("before\n<!-- report targets -->\nold\n<!-- end of report -->\nafter\n")
	for range 2 {
		if err := insert(file, "targets", []byte("new\n")); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if want := "before\n<!-- report targets -->\n\nnew\n\n<!-- end of report -->\nafter\n"; string(got) != want || err != nil {
		t.Errorf("%v\n%s", err, got)
	}
	for _, text := range []string{"", "<!-- report targets -->\n", "<!-- report others -->\n<!-- end of report -->"} {
		put(text)
		if err := insert(file, "targets", []byte("new\n")); err == nil {
			t.Errorf("inserted into %q", text)
		}
	}
}

func TestColumnsAreInTheOrderOfTheComparison(t *testing.T) {
	got := columns([]string{
		lineOf("Store/a", "other", "1 ns/op"), lineOf("Store/a", control, "1 ns/op"),
		lineOf("Store/a", informant, "1 ns/op"), lineOf("Store/a", clientGo, "1 ns/op"),
	})
	if want := []string{clientGo, informant, control, "other"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
