package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"
)

// lineOf is a line of the benchmarks.
func lineOf(bench, engine, figures string) string {
	return "Benchmark" + bench + "/impl=" + engine + "-2 1 " + figures
}

func TestARunFollowsTheOptions(t *testing.T) {
	for _, c := range []struct {
		o    options
		want []string
	}{
		{options{count: 10, timeout: "1h"},
			[]string{"test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", "1s", "-count", "10", "-timeout", "1h", "./bench"}},
		{options{count: 1, timeout: "1h", bench: "Queue", benchtime: "1x"},
			[]string{"test", "-run", "^$", "-bench", "Queue", "-benchmem", "-benchtime", "1x", "-count", "1", "-timeout", "1h", "./bench"}},
	} {
		if d := diff.Diff(c.want, c.o.run()); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	}
}

func TestARecordCanBeReadAgain(t *testing.T) {
	rec := &record{
		from:  [][2]string{{dateKey, "2026-01-02"}, {goKey, "go1.26"}, {comparedKey, "k8s.io/client-go v0.37.2"}, {cpusKey, "2 CPUs"}, {commandKey, "go test -bench 'a|b'"}},
		lines: strings.Split(sample, "\n"),
	}
	again, err := readRecord(string(rec.bytes()))
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
		if _, err := readRecord(wrong); err == nil {
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
