package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files of testdata")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := write(file, got); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run the test with -update, and look at what it writes", err)
	}
	if d := diff.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s, -want +got:\n%s", file, d)
	}
}

// here is a record of a machine and commit, without figures.
func here(command string) *record {
	return &record{from: [][2]string{
		{dateKey, "2026-01-02"}, {goKey, "go1.26"}, {comparedKey, "k8s.io/client-go v0.37.2"}, {cpusKey, "2 CPUs, linux/amd64"},
		{commandKey, command}, {processorKey, "Some CPU"}, {commitKey, "abc (what was done)"},
	}}
}

const someCommand = "go run ./bench/report -results"

// rowsOf runs a benchmark with two engines, of which the second one is twice as slow.
func (m *machine) rowsOf(rounds int) *measurement {
	if m.figures == nil {
		m.figures = func(_, _, engine string, _ int) string {
			if engine == clientGo {
				return "200 ns/op"
			}
			return "100 ns/op"
		}
	}
	made := m.measurement(rounds)
	b := &build{name: "bench", of: "the checkout"}
	made.contests = contestsFor([]target{{bench: "Queue/cycle", is: shown}},
		[]runnable{{b, "Queue/cycle", informant}, {b, "Queue/cycle", clientGo}}, "")
	return &made
}

// fileOf is a file with so many complete rounds.
func fileOf(t *testing.T, rounds int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "results.txt")
	rec, err := begun(file, here(someCommand))
	if err != nil {
		t.Fatal(err)
	}
	if err := new(machine).rowsOf(rounds).fill(t.Context(), rec, file); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestARunOfResultsGoesOnWhereItWasInterrupted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.txt")
	ctx, cancel := context.WithCancel(t.Context())
	m := &machine{}
	first := m.rowsOf(4)
	run := first.run
	first.run = func(ctx context.Context, turn turn) ([]string, time.Duration, error) {
		if len(m.ran) == 5 { // in the third round
			cancel()
		}
		lines, used, _ := run(ctx, turn)
		return lines, used, ctx.Err()
	}
	rec, err := begun(file, here(someCommand))
	if err != nil {
		t.Fatal(err)
	}
	err = first.fill(ctx, rec, file)
	if err == nil || !strings.Contains(err.Error(), "interrupted") || !strings.Contains(err.Error(), "same command") {
		t.Fatalf("interrupted: %v", err)
	}
	// What a machine that fails may leave.
	if err := appendLines(file, []string{buildKey + "bench", lineOf("Queue/cycle", informant, "9 ns/op")}); err != nil {
		t.Fatal(err)
	}
	if rec, err = begun(file, here(someCommand)); err != nil {
		t.Fatal(err)
	}
	if _, others := complete(rec.lines); len(others) != 2 {
		t.Fatalf("%d rounds are complete, want 2: %q", len(others), rec.lines)
	}
	again := &machine{}
	if err := again.rowsOf(4).fill(t.Context(), rec, file); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"bench Queue/cycle informant", "bench Queue/cycle client-go", // the third, in the order of the first
		"bench Queue/cycle client-go", "bench Queue/cycle informant",
	}
	if d := diff.Diff(want, again.ran); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff(string(rec.bytes()), string(text)); d != "" {
		t.Errorf("the file is not what is told of, -told +file:\n%s", d)
	}
	done, err := rec.finished()
	if err != nil {
		t.Fatal(err)
	}
	if got := done.value(roundsKey); got != "4" {
		t.Errorf("%s rounds, want 4", got)
	}
	if got := parseResults(done.lines)[series{"Queue/cycle", informant, "ns/op"}]; !slices.Equal(got, []float64{100, 100, 100, 100}) {
		t.Errorf("figures are %v", got)
	}
	// There is nothing left to do.
	idle := &machine{}
	if err := idle.rowsOf(4).fill(t.Context(), rec, file); err != nil || len(idle.ran) != 0 {
		t.Errorf("%v, ran %q", err, idle.ran)
	}
}

func TestFiguresFromElsewhereAreRefused(t *testing.T) {
	file := fileOf(t, 1)
	if rec, err := readRounds(file, here("go run another")); err != nil {
		t.Errorf("figures of this machine are refused: %v", err)
	} else if rec.value(commandKey) != someCommand {
		t.Errorf("their command is %s", rec.value(commandKey))
	}
	if _, err := begun(file, here("go run another")); err == nil || !strings.Contains(err.Error(), "same flags") {
		t.Errorf("another command goes on: %v", err)
	}
	for key, want := range map[string]string{
		cpusKey: "another machine", processorKey: "another machine", goKey: "another version of Go",
		comparedKey: "another version of client-go", commitKey: "another commit",
	} {
		now := here(someCommand)
		for i := range now.from {
			if now.from[i][0] == key {
				now.from[i][1] += " b"
			}
		}
		for what, read := range map[string]func() error{
			"-from": func() error { _, err := readRounds(file, now); return err },
			"-raw":  func() error { _, err := begun(file, now); return err },
		} {
			err := read()
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "into another file") {
				t.Errorf("%s, %s: %v", what, key, err)
			}
		}
	}
	changed := here(someCommand)
	changed.from[6][1] += uncommitted
	other := filepath.Join(t.TempDir(), "results.txt")
	if _, err := begun(other, changed); err != nil {
		t.Errorf("changes cannot be measured: %v", err)
	}
	if _, err := begun(other, changed); err == nil || !strings.Contains(err.Error(), "commit them") {
		t.Errorf("changes go on: %v", err)
	}
	if err := write(other, []byte("BenchmarkA/impl=b 1 2 ns/op\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := readRounds(other, here(someCommand)); err == nil || !strings.Contains(err.Error(), "-raw") {
		t.Errorf("a file that says nothing of itself: %v", err)
	}
	if _, err := here(someCommand).finished(); err == nil || !strings.Contains(err.Error(), "no round") {
		t.Errorf("no rounds: %v", err)
	}
}

func TestARoundOnALoadedMachineDoesNotCount(t *testing.T) {
	m := &machine{}
	loadedUntil := func(run int) {
		m.figures = func(_, _, _ string, now int) string {
			if now <= run {
				m.busy += time.Hour
			}
			return "100 ns/op"
		}
	}
	loadedUntil(2) // the first round
	rec := here(someCommand)
	if err := m.rowsOf(2).fill(t.Context(), rec, ""); err != nil || len(m.ran) != 6 {
		t.Errorf("a round is loaded: %v, ran %q", err, m.ran)
	}
	done, err := rec.finished()
	if err != nil || done.isLoaded() || done.value(roundsKey) != "2" {
		t.Errorf("%v: %s rounds, %s", err, done.value(roundsKey), done.value(othersKey))
	}

	m.ran = nil
	loadedUntil(1000)
	file := filepath.Join(t.TempDir(), "results.txt")
	rec, err = begun(file, here(someCommand))
	if err != nil {
		t.Fatal(err)
	}
	err = m.rowsOf(2).fill(t.Context(), rec, file)
	if err == nil || !strings.Contains(err.Error(), "-loaded") || !strings.Contains(err.Error(), "same command") || len(m.ran) != 2*tries {
		t.Errorf("all rounds are loaded: %v, ran %q", err, m.ran)
	}
	if rec, err = begun(file, here(someCommand)); err != nil || len(rec.lines) != 0 {
		t.Errorf("%v: loaded rounds are kept: %q", err, rec.lines)
	}

	marked := m.rowsOf(2)
	marked.loaded = true
	if err := marked.fill(t.Context(), rec, file); err != nil {
		t.Fatal(err)
	}
	if done, err = rec.finished(); err != nil || !done.isLoaded() {
		t.Errorf("%v: figures of a loaded machine are not marked: %s", err, done.value(othersKey))
	}
	page, err := resultsPage(done, []target{{bench: "Queue/cycle", is: shown}}, nil)
	if err != nil || !strings.Contains(string(page), "The machine was loaded: these are no results.") {
		t.Errorf("%v: the page is not marked:\n%s", err, page)
	}

	before := new(machine).rowsOf(1)
	before.busy = func() (time.Duration, bool) { m.busy += time.Hour; return m.busy, true }
	if err := before.fill(t.Context(), here(someCommand), ""); err == nil || !strings.Contains(err.Error(), "-loaded") {
		t.Errorf("a machine that is loaded before: %v", err)
	}
}

func TestABenchmarkThatFailsItsCheckEndsTheRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.txt")
	rec, err := begun(file, here(someCommand))
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{}
	failing := m.rowsOf(3)
	run := failing.run
	failing.run = func(ctx context.Context, turn turn) ([]string, time.Duration, error) {
		if len(m.ran) == 3 {
			return nil, 0, turn.build.failed(turn.pattern(), errors.New("exit status 1"), []byte("--- FAIL: it lost a key"))
		}
		return run(ctx, turn)
	}
	err = failing.fill(t.Context(), rec, file)
	if err == nil {
		t.Fatal("nothing is said")
	}
	for _, want := range []string{"it lost a key", "BenchmarkQueue", "mend", "same command"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in the error:\n%v", want, err)
		}
	}
	if rec, err = begun(file, here(someCommand)); err != nil {
		t.Fatal(err)
	}
	if _, others := complete(rec.lines); len(others) != 1 {
		t.Errorf("%d rounds are kept, want 1", len(others))
	}
}

func TestResultsAreNotMixedWithOtherRuns(t *testing.T) {
	for _, o := range []options{
		{compare: "main", count: 10}, {table: "benchstat", count: 10}, {gate: true, count: 10}, {together: true, count: 10},
		{from: "a", raw: "b"}, {from: "a", bench: "b"}, {count: 0},
	} {
		if err := o.checkResults(); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	for _, o := range []options{{count: 10, raw: "a", into: "b", loaded: true, bench: "c"}, {from: "a", into: "b"}} {
		if err := o.checkResults(); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if got := (options{count: 10}).resultsCommand(); got != someCommand {
		t.Errorf("the command is %s", got)
	}
	if got := (options{count: 2, bench: "Queue|Store", loaded: true}).resultsCommand(); got != someCommand+" -bench 'Queue|Store' -count 2 -loaded" {
		t.Errorf("the command is %s", got)
	}
}

// samples are ten rounds of made-up figures: those of everything that charts and
// headlines show, and of writes beside readers. Ours wander by some percent.
func samples(t *testing.T) *record {
	t.Helper()
	rec := here(someCommand)
	for round := range 10 {
		wander := 1 + float64(round%4)/100
		rec.lines = append(rec.lines, "cpu: Some CPU")
		for i, c := range charted {
			ours, base := c.ours(), c.theirs()
			rec.lines = append(rec.lines, lineOf(ours.bench, ours.engine, figureOf(100*wander, ours.unit)))
			if ours.engine == informant { // client-go runs once
				rec.lines = append(rec.lines, lineOf(base.bench, base.engine, figureOf(55*float64(i+1), base.unit)))
			}
		}
		rec.lines = append(rec.lines, lineOf("Queue/cycle", floor, figureOf(80, "ns/op")))
		for i, readers := range []string{"0", "1", "10", "40", "80"} {
			writes := 1e6 / float64(i+1)
			for engine, n := range map[string]float64{informant: 0.8 * writes * wander, clientGo: 5e5 / math.Pow10(i), control: writes} {
				rec.lines = append(rec.lines, lineOf("Store/readers="+readers, engine, figureOf(n, "writes/s")))
			}
		}
		rec.lines = append(rec.lines, roundKey+string(rune('0'+round))+", other programs: they used 1% of the processors")
	}
	done, err := rec.finished()
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func figureOf(value float64, unit string) string {
	return strings.ReplaceAll(digits(value), ",", "") + " " + unit
}

// sampleRows are some of those that samples has, and others.
var sampleRows = []target{
	{bench: "Queue/cycle", is: grows, want: 1.4, base: series{engine: floor}},
	{bench: "Queue/burst", is: faster, want: 2.5},
	{bench: "Store/update", is: faster, want: 2, limit: "one lookup"},
	{bench: "Store/update", engine: dropIn, is: faster, want: 3},
	{bench: "Store/list", is: shown},
	{bench: "Store/readers=1", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
	{bench: "Reflector/sync-protobuf", comes: "with protobuf decoding", goal: "1.1×"},
}

func TestThePageOfResults(t *testing.T) {
	page, err := resultsPage(samples(t), sampleRows, []picture{{name: ratiosName, alt: ratiosAlt}})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "results.md", page)
	if _, err := resultsPage(samples(t), []target{{bench: "Store/never", is: faster, want: 1}}, nil); err == nil || !strings.Contains(err.Error(), "-bench") {
		t.Errorf("a page of nothing: %v", err)
	}
}

func TestTheChartsOfResults(t *testing.T) {
	for _, draw := range charts {
		made, err := draw(parseResults(samples(t).lines))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, made.name, made.svg)
		again, err := draw(parseResults(samples(t).lines))
		if err != nil || !bytes.Equal(made.svg, again.svg) {
			t.Errorf("%s is not the same twice: %v", made.name, err)
		}
		words := textOf(t, made.svg)
		want := []string{informant, clientGo, control, "40", "readers"}
		if made.name == ratiosName {
			want = []string{"0.54×", "3.3×"}
			for _, c := range charted {
				want = append(want, nameOf(c.ours()))
			}
		}
		for _, name := range want {
			if !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(word, name) }) {
				t.Errorf("%q is not in %s: %q", name, made.name, words)
			}
		}
		if !bytes.Contains(made.svg, []byte("fill:#FFFFFF")) {
			t.Errorf("%s does not stand on white", made.name)
		}
		if nothing, err := draw(results{}); err != nil || nothing.svg != nil {
			t.Errorf("a chart of nothing: %v", err)
		}
	}
	some, err := ratiosChart(results{
		{"Store/list", informant, "ns/op"}: {1}, {"Store/list", clientGo, "ns/op"}: {2},
	})
	if err != nil {
		t.Fatal(err)
	}
	words := textOf(t, some.svg)
	if n := len(slices.DeleteFunc(words, func(word string) bool { return word != "not measured in this run" })); n != len(charted)-1 {
		t.Errorf("%d rows are said not to be measured, want %d", n, len(charted)-1)
	}
}

// textOf parses a chart and returns its texts.
func textOf(t *testing.T, svg []byte) (words []string) {
	t.Helper()
	in := xml.NewDecoder(bytes.NewReader(svg))
	for inText := false; ; {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return words
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inText = token.Name.Local == "text"
		case xml.EndElement:
			inText = false
		case xml.CharData:
			if inText {
				words = append(words, string(token))
			}
		}
	}
}

func TestAREADMEShowsSomeOfTheResults(t *testing.T) {
	dir := t.TempDir()
	readme, page := filepath.Join(dir, "README.md"), filepath.Join(dir, "bench", "RESULTS.md")
	before := "# A project\n\n<!-- report figures -->\nold\n<!-- end of report -->\nmore\n"
	if err := write(readme, []byte(before)); err != nil {
		t.Fatal(err)
	}
	o := options{out: page, into: readme}
	for range 2 {
		if err := o.writeResults("", samples(t), sampleRows); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "readme.md", got)
	for _, name := range []string{"RESULTS.md", ratiosName, readersName} {
		if _, err := os.Stat(filepath.Join(dir, "bench", name)); err != nil {
			t.Error(err)
		}
	}

	// What was not measured is shown nowhere, and what was before is not left.
	few := here(someCommand)
	few.lines = []string{lineOf("Queue/burst", informant, "1 ns/op"), lineOf("Queue/burst", clientGo, "2 ns/op"), roundKey + "1, other programs: they used 1% of the processors"}
	done, err := few.finished()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.writeResults("", done, sampleRows); err == nil || !strings.Contains(err.Error(), "Store/update, Store/delete-add") || !strings.Contains(err.Error(), "without -bench") {
		t.Errorf("a README without figures: %v", err)
	}
	if after, _ := os.ReadFile(readme); !bytes.Equal(got, after) {
		t.Errorf("the README is changed by a run that failed:\n%s", after)
	}
	small, err := os.ReadFile(page)
	if err != nil || strings.Contains(string(small), ".svg") || !strings.Contains(string(small), "Store/list, ns/op: not measured in this run.") {
		t.Errorf("%v: the page of one row is\n%s", err, small)
	}
	for _, name := range []string{ratiosName, readersName} {
		if _, err := os.Stat(filepath.Join(dir, "bench", name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left of another run: %v", name, err)
		}
	}
	if err := write(readme, []byte("no marks\n")); err != nil {
		t.Fatal(err)
	}
	if err := o.writeResults("", samples(t), sampleRows); err == nil || !strings.Contains(err.Error(), "<!-- report figures -->") {
		t.Errorf("a README without marks: %v", err)
	}
}

// TestTheCommitIsThatOfTheCode: a page that is committed does not make the figures
// of another commit of them.
func TestTheCommitIsThatOfTheCode(t *testing.T) {
	root, git, put := repository(t)
	commit := func(file, message string) {
		put(file, message)
		git("add", ".")
		git("commit", "--quiet", "--message", message)
	}
	check := func(want string) {
		t.Helper()
		if got, err := measuredCommit(root); err != nil || !strings.HasSuffix(got, want) {
			t.Errorf("%v: the commit is %s, want %s", err, got, want)
		}
	}
	commit("queue/queue.go", "the code")
	check("(the code)")
	for _, file := range []string{"README.md", "bench/RESULTS.md", "bench/ratios.svg", "bench/report/page.go"} {
		put(file, "changed")
		check("(the code)")
		commit(file, "the results")
		check("(the code)")
	}
	put("bench/store_test.go", "changed")
	check("(the code)" + uncommitted)
	commit("bench/store_test.go", "a benchmark")
	check("(a benchmark)")
}
