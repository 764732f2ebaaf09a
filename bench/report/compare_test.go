package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
)

// machine runs no benchmarks: figures says what they take. No time passes that
// others could use.
type machine struct {
	figures func(build, bench, engine string, run int) string
	ran     []string
	// busy is what the processors have done for others.
	busy time.Duration
}

func (m *machine) comparison(rounds int, names ...string) *comparison {
	c := &comparison{
		measurement: m.measurement(rounds),
		base:        &build{name: "base", of: "abc (before)"}, new: &build{name: "new", of: "def (after)"},
	}
	c.contests = c.contestsOf(names, alone)
	return c
}

func (m *machine) measurement(rounds int) measurement {
	return measurement{
		rounds: rounds, progress: io.Discard,
		busy:   func() (time.Duration, bool) { return m.busy, true },
		header: [][2]string{{dateKey, "2026-01-02"}, {goKey, "go1.26"}, {comparedKey, "client-go"}, {cpusKey, "2 CPUs"}, {commandKey, "go"}},
		run:    m.run,
	}
}

func (m *machine) run(_ context.Context, t turn) ([]string, time.Duration, error) {
	lines := []string{"goos: linux", "cpu: Some CPU"}
	for _, pattern := range strings.Split(t.pattern(), "|") {
		bench, engine, _ := strings.Cut(strings.NewReplacer("^Benchmark", "", "^", "", "$", "").Replace(pattern), "/impl=")
		m.ran = append(m.ran, fmt.Sprintf("%s %s %s", t.build.name, bench, engine))
		if figures := m.figures(t.build.name, bench, engine, len(m.ran)); figures != "" {
			lines = append(lines, lineOf(bench, engine, figures))
		}
	}
	return append(lines, "PASS"), 0, nil
}

func TestBuildsRunInTurn(t *testing.T) {
	m := &machine{figures: func(build, bench, engine string, _ int) string {
		if build == "base" && bench == "Store/fresh" {
			return ""
		}
		return "7 ns/op"
	}}
	c := m.comparison(3, lineOf("Store/update", informant, "0 ns/op"), lineOf("Store/update", clientGo, "0 ns/op"),
		lineOf("Store/update", floor, "0 ns/op"), "PASS", lineOf("Store/fresh", dropIn, "0 ns/op"))
	rec, err := c.record(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"base Store/update informant", "new Store/update informant", "new Store/update client-go",
		"base Store/fresh drop-in", "new Store/fresh drop-in",
		"new Store/update informant", "new Store/update client-go", "base Store/update informant",
		"new Store/fresh drop-in",
		"new Store/update client-go", "base Store/update informant", "new Store/update informant",
		"new Store/fresh drop-in",
	}
	if d := diff.Diff(want, m.ran); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	b := parseBuilds(rec.lines)
	for s, n := range map[series]int{
		{"Store/update", informant, "ns/op"}: 3, {"Store/fresh", dropIn, "ns/op"}: 0,
	} {
		if got := len(b.base[s]); got != n {
			t.Errorf("%d figures of %v in base, want %d", got, s, n)
		}
		if got := len(b.new[s]); got != 3 {
			t.Errorf("%d figures of %v in new, want 3", got, s)
		}
	}
	again, err := readRecord(string(rec.bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff(rec.bytes(), again.bytes()); d != "" {
		t.Error(d)
	}
	doc := string(document(again, "go run", "the table"))
	for _, want := range []string{"abc (before)", "def (after)", "Some CPU", "0% of the processors"} {
		if !strings.Contains(doc, want) {
			t.Errorf("%q is not in the document:\n%s", want, doc)
		}
	}
}

func TestRowsMayRunTogether(t *testing.T) {
	c := new(machine).comparison(1)
	c.contests = c.contestsOf([]string{
		lineOf("Store/get", informant, "0 ns/op"), lineOf("Store/get", clientGo, "0 ns/op"),
		lineOf("Store/snapshot", informant, "0 ns/op"),
		lineOf("Store/scale/objects=10/p99.9", informant, "0 ns/op"), lineOf("Store/scale/objects=10/read/all", informant, "0 ns/op"),
		lineOf("Store/scale/objects=20/get", informant, "0 ns/op"),
	}, together)
	var got []string
	for _, contest := range c.contests {
		for _, turn := range contest.turns {
			got = append(got, contest.name+" "+turn.build.name+" "+turn.pattern())
		}
	}
	want := []string{
		"Store base ^BenchmarkStore$/^get$/^impl=informant$|^BenchmarkStore$/^snapshot$/^impl=informant$",
		"Store new ^BenchmarkStore$/^get$/^impl=informant$|^BenchmarkStore$/^snapshot$/^impl=informant$",
		"Store new ^BenchmarkStore$/^get$/^impl=client-go$",
		`Store/scale/objects=10 base ^BenchmarkStore$/^scale$/^objects=10$/^p99\.9$/^impl=informant$|^BenchmarkStore$/^scale$/^objects=10$/^read$/^all$/^impl=informant$`,
		`Store/scale/objects=10 new ^BenchmarkStore$/^scale$/^objects=10$/^p99\.9$/^impl=informant$|^BenchmarkStore$/^scale$/^objects=10$/^read$/^all$/^impl=informant$`,
		"Store/scale/objects=20 base ^BenchmarkStore$/^scale$/^objects=20$/^get$/^impl=informant$",
		"Store/scale/objects=20 new ^BenchmarkStore$/^scale$/^objects=20$/^get$/^impl=informant$",
	}
	if d := diff.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// rounds are the lines of rounds in which a benchmark took so much, with a
// hundredth more in each.
func rounds(n int, build, bench, engine string, figures map[string]float64) (lines []string) {
	for i := range n {
		var text []string
		for _, unit := range []string{"ns/op", "ns/object", "writes/s", "B/op", "allocs/op"} {
			if value, ok := figures[unit]; ok {
				text = append(text, fmt.Sprintf("%v %s", value*(1+float64(i)/100), unit))
			}
		}
		lines = append(lines, buildKey+build, lineOf(bench, engine, strings.Join(text, " ")))
	}
	return lines
}

func TestComparisonTable(t *testing.T) {
	rec := &record{lines: slices.Concat(
		rounds(10, "base", "Store/update", informant, map[string]float64{"ns/op": 200, "B/op": 1, "allocs/op": 0}),
		rounds(10, "new", "Store/update", informant, map[string]float64{"ns/op": 100, "B/op": 0, "allocs/op": 0}),
		rounds(10, "new", "Store/update", clientGo, map[string]float64{"ns/op": 400, "B/op": 70, "allocs/op": 7}),
		rounds(10, "base", "Store/list", dropIn, map[string]float64{"ns/op": 1000, "ns/object": 10}),
		rounds(10, "new", "Store/list", dropIn, map[string]float64{"ns/op": 1200, "ns/object": 12}),
		rounds(10, "base", "Store/readers", informant, map[string]float64{"ns/op": 1000, "writes/s": 1000}),
		rounds(10, "new", "Store/readers", informant, map[string]float64{"ns/op": 2000, "writes/s": 500}),
		rounds(10, "new", "Store/readers", clientGo, map[string]float64{"ns/op": 2000, "writes/s": 100}),
		rounds(10, "base", "Store/get", informant, map[string]float64{"ns/op": 100}),
		rounds(10, "new", "Store/get", informant, map[string]float64{"ns/op": 101}),
		rounds(10, "new", "Store/fresh", informant, map[string]float64{"ns/op": 100}),
	)}
	got, err := comparisonTable(rec)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| Store/update, ns/op | 418 ns ±3% | 209 ns ±3% | 104 ns ±3% | 2.0× | 0.000 | 4.0× |\n",
		"| Store/update, B/op | 73.2 B ±3% | 1.04 B ±3% | 0 B | – | 0.000 | – |\n",
		"| Store/list (drop-in), ns/object | – | 10.4 ns/object ±3% | 12.5 ns/object ±3% | 0.83× | 0.000 | – |\n",
		"| Store/readers, writes/s | 104 writes/s ±3% | 1,045 writes/s ±3% | 522 writes/s ±3% | 0.50× | 0.000 | 5.0× |\n",
		"| Store/get, ns/op | – | 104 ns ±3% | 106 ns ±3% | 0.99× | ~ | – |\n",
		"| Store/fresh, ns/op | – | – | 104 ns ±3% | – | – | – |\n",
		"Medians of 10 rounds",
		"significantly: Store/list (drop-in), ns/object; Store/readers, writes/s.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in the table:\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n| Store/"); n != 6 {
		t.Errorf("the table has %d rows, want 6:\n%s", n, got)
	}
	for _, wrong := range []string{"a look", "loaded"} {
		if strings.Contains(got, wrong) {
			t.Errorf("%q is in the table:\n%s", wrong, got)
		}
	}
	if _, err := comparisonTable(&record{lines: rounds(1, "new", "Store/get", clientGo, map[string]float64{"ns/op": 1})}); err == nil {
		t.Error("a table of nothing")
	}
}

func TestAComparisonThatIsNoResultSaysSo(t *testing.T) {
	busy := &load{wall: time.Second, others: time.Second, cpus: 2}
	rec := &record{
		from:  [][2]string{{othersKey, busy.String()}},
		lines: rounds(9, "new", "Store/get", informant, map[string]float64{"ns/op": 1}),
	}
	got, err := comparisonTable(rec)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Fewer than 10 rounds", "The machine was loaded", "significantly: nothing."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in the table:\n%s", want, got)
		}
	}
}

func TestAnInterruptedComparisonKeepsWhatIsComplete(t *testing.T) {
	names := []string{lineOf("Store/get", informant, "0 ns/op"), lineOf("Store/list", informant, "0 ns/op")}
	for after, want := range map[int]int{3: 0, 6: 1, 11: 2} { // four runs make a round
		ctx, cancel := context.WithCancel(t.Context())
		m := &machine{figures: func(_, _, _ string, run int) string {
			if run == after {
				cancel()
			}
			return "100 ns/op"
		}}
		c := m.comparison(enough, names...)
		run := c.run
		c.run = func(ctx context.Context, t turn) ([]string, time.Duration, error) {
			lines, used, _ := run(ctx, t)
			return lines, used, ctx.Err()
		}
		runs, err := c.runs(ctx, true)
		if err == nil || !strings.Contains(err.Error(), "interrupted") || len(runs) > 1 || len(runs) == 0 && want != 0 {
			t.Fatalf("after %d runs: %d records, %v", after, len(runs), err)
		}
		if want == 0 {
			continue
		}
		b := parseBuilds(runs[0].lines)
		for _, bench := range []string{"Store/get", "Store/list"} {
			s := series{bench, informant, "ns/op"}
			if len(b.base[s]) != want || len(b.new[s]) != want {
				t.Errorf("after %d runs: %d and %d figures of %s, want %d", after, len(b.base[s]), len(b.new[s]), bench, want)
			}
		}
	}
}

func TestTheGateFailsForWhatIsWorseTwice(t *testing.T) {
	names := []string{lineOf("Store/update", informant, "0 ns/op"), lineOf("Store/list", informant, "0 ns/op")}
	const once = 2 * 2 * enough // runs until the second measurement begins
	for name, c := range map[string]struct {
		list func(run int) string
		runs int
		want string
	}{
		"never": {func(int) string { return "105 ns/op" }, 1, ""},
		"once": {func(run int) string {
			if run <= once {
				return "150 ns/op"
			}
			return "100 ns/op"
		}, 2, ""},
		"twice": {func(int) string { return "150 ns/op" }, 2, "-gate: worse than abc (before) by more than 10% in two runs: Store/list, ns/op"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &machine{figures: func(build, bench, engine string, run int) string {
				if build == "new" && bench == "Store/list" {
					return c.list(run)
				}
				return "100 ns/op"
			}}
			runs, err := m.comparison(enough, names...).runs(t.Context(), true)
			if len(runs) != c.runs || fmt.Sprint(err) != cmp.Or(c.want, "<nil>") {
				t.Errorf("%d runs, want %d: %v, want %q", len(runs), c.runs, err, c.want)
			}
			if len(runs) == 2 && slices.Contains(m.ran[once:], "new Store/update informant") {
				t.Error("what was not worse is measured again")
			}
			out := filepath.Join(t.TempDir(), "out")
			if err := (options{raw: out + ".raw", out: out}).keep(runs); err != nil {
				t.Fatal(err)
			}
			if doc, _ := os.ReadFile(out); strings.Contains(string(doc), "## Again") != (len(runs) == 2) {
				t.Errorf("the document of %d runs is\n%s", len(runs), doc)
			}
		})
	}
}

// TestTheGateSaysNothingOfALoadedMachine proves it of the second run: the first one
// is in TestALoadedMachineIsRefusedOrMarked.
func TestTheGateSaysNothingOfALoadedMachine(t *testing.T) {
	m := &machine{}
	m.figures = func(build, _, _ string, run int) string {
		if run > 2*enough {
			m.busy += time.Hour
		}
		if build == "new" {
			return "150 ns/op"
		}
		return "100 ns/op"
	}
	runs, err := m.comparison(enough, lineOf("Store/get", informant, "0 ns/op")).runs(t.Context(), true)
	if len(runs) != 2 || !runs[1].isLoaded() || !errors.Is(err, errNoVerdict) {
		t.Errorf("%d runs: %v", len(runs), err)
	}
}

// TestTheGateIsAboutThisLibrary: what it is compared with may become slower.
func TestTheGateIsAboutThisLibrary(t *testing.T) {
	names := []string{lineOf("Store/get", "informant-b", "0 ns/op"), lineOf("Store/get", "xsync", "0 ns/op")}
	m := &machine{figures: func(string, string, string, int) string { return "1 ns/op" }}
	if _, err := m.comparison(1, names...).record(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"base Store/get informant-b", "new Store/get informant-b", "new Store/get xsync"}; !slices.Equal(m.ran, want) {
		t.Errorf("ran %q, want %q", m.ran, want)
	}
	rec := &record{lines: slices.Concat(
		rounds(10, "base", "Store/get", "xsync", map[string]float64{"ns/op": 100}),
		rounds(10, "new", "Store/get", "xsync", map[string]float64{"ns/op": 200}),
	)}
	if got := worse(rec); len(got) != 0 {
		t.Errorf("worse are %v", got)
	}
}

func TestALoadedMachineIsRefusedOrMarked(t *testing.T) {
	m := &machine{}
	m.figures = func(string, string, string, int) string {
		m.busy += time.Hour
		return "100 ns/op"
	}
	c := m.comparison(enough, lineOf("Store/get", informant, "0 ns/op"))
	runs, err := c.runs(t.Context(), true)
	if len(runs) != 1 || !runs[0].isLoaded() || err == nil || !strings.Contains(err.Error(), "no verdict") {
		t.Errorf("a machine that is loaded while it measures: %v, %v", runs, err)
	}
	c.loaded = true
	if runs, err := c.runs(t.Context(), true); len(runs) != 1 || !runs[0].isLoaded() || err != nil {
		t.Errorf("with -loaded: %v, %v", runs, err)
	}
	c.loaded, m.ran = false, nil
	c.busy = func() (time.Duration, bool) {
		m.busy += time.Hour
		return m.busy, true
	}
	if runs, err := c.runs(t.Context(), false); len(runs) != 0 || len(m.ran) != 0 || err == nil || !strings.Contains(err.Error(), "-loaded") {
		t.Errorf("a machine that is loaded before: %v, %v", runs, err)
	}
	c.busy = func() (time.Duration, bool) { return 0, false }
	if runs, err := c.runs(t.Context(), false); err != nil || !strings.Contains(runs[0].value(othersKey), "not known") {
		t.Errorf("a system that does not say: %v, %v", runs, err)
	}
}

func TestTheTimeOfTheProcessorsIsRead(t *testing.T) {
	const stat = "cpu  100 10 20 5000 600 3 4 1 7 7\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
	if got, ok := parseStat(stat); got != 138*tick || !ok {
		t.Errorf("%v, %v, want %v", got, ok, 138*tick)
	}
	for _, wrong := range []string{"", "cpu 1 2", "cpu0 1 2 3 4 5 6 7 8", "cpu a 2 3 4 5 6 7 8"} {
		if _, ok := parseStat(wrong); ok {
			t.Errorf("%q is read", wrong)
		}
	}
}

// sampleBench are the benchmarks of a repository, in the place of ours.
const sampleBench = `package bench

import (
	"flag"
	"testing"
)

var list = flag.Bool("bench.list", false, "")

func BenchmarkSample(b *testing.B) {
	for _, impl := range []string{"informant", "client-go"} {
		b.Run("row/impl="+impl, func(b *testing.B) {
			if *list {
				return
			}
			b.ReportMetric(TAKES, "ns/op")
		})
	}
}
`

// repository is an empty one, with functions that run git and write files in it.
func repository(t *testing.T) (root string, git func(args ...string) string, put func(name, text string)) {
	t.Helper()
	root = t.TempDir()
	for _, name := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+name+"_NAME", "Somebody")
		t.Setenv("GIT_"+name+"_EMAIL", "somebody@example.com")
	}
	git = func(args ...string) string {
		t.Helper()
		out, err := output(root, "git", args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	put = func(name, text string) {
		t.Helper()
		if err := write(filepath.Join(root, name), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "--quiet")
	return root, git, put
}

// TestACommitAndTheCheckoutAreCompiled compares a commit of a repository with
// what stands there now.
func TestACommitAndTheCheckoutAreCompiled(t *testing.T) {
	root, git, put := repository(t)
	put("go.mod", "module example.com/sample\n\ngo 1.26.0\n")
	put("bench/sample_test.go", strings.ReplaceAll(sampleBench, "TAKES", "100"))
	git("add", ".")
	git("commit", "--quiet", "--message", "slow & steady")
	put("bench/sample_test.go", strings.ReplaceAll(sampleBench, "TAKES", "50"))

	b, err := newBuilder(root)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newComparison(t.Context(), b, options{compare: "HEAD", bench: "Sample/row", benchtime: "1x", timeout: "1m", count: 2, loaded: true})
	if err != nil {
		t.Fatal(err)
	}
	c.progress = io.Discard
	rec, err := c.record(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table, err := comparisonTable(rec)
	if want := "| Sample/row, ns/op | 50 ns | 100 ns | 50 ns | 2.0× | ~ | 1.00× |\n"; err != nil || !strings.Contains(table, want) {
		t.Errorf("%v: %q is not in\n%s", err, want, table)
	}
	if of := rec.value(baseKey); !strings.HasSuffix(of, "(slow & steady)") {
		t.Errorf("base is %s", of)
	}
	if of := rec.value(newKey); !strings.Contains(of, "not committed") {
		t.Errorf("new is %s", of)
	}
	for what, o := range map[string]options{
		"no commit":    {compare: "nothing", bench: "."},
		"no benchmark": {compare: "HEAD..HEAD", bench: "Nothing"},
	} {
		b, err := newBuilder(root)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newComparison(t.Context(), b, o); err == nil {
			t.Errorf("%s: no error", what)
		}
		if err := b.close(); err != nil {
			t.Error(err)
		}
	}
	if err := b.close(); err != nil {
		t.Error(err)
	}
	if trees := git("worktree", "list"); strings.Contains(trees, "\n") {
		t.Errorf("worktrees are left:\n%s", trees)
	}
	if _, err := os.Stat(b.temp); !os.IsNotExist(err) {
		t.Errorf("files are left: %v", err)
	}
}
