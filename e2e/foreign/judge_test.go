package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/bridge"
)

func sides(stock, ours records, left ...omission) result {
	return result{"p", map[bridge.Engine]*side{
		bridge.EngineClientGo:  {prepared: &prepared{}, records: stock},
		bridge.EngineInformant: {prepared: &prepared{left: left}, records: ours},
	}}
}

var (
	all    = regexp.MustCompile("")
	inside = cmp.AllowUnexported(verdict{}, exception{})
)

func TestVerdicts(t *testing.T) {
	good, bad, hung, off := record{outcome: passed, tries: 1}, record{outcome: failed, tries: 1}, record{outcome: unfinished, tries: 1}, record{outcome: skipped, tries: 1}
	for name, c := range map[string]struct {
		of     result
		listed []exception
		want   verdict
	}{
		"all is well": {
			of: sides(records{"TestA": good, "TestA/x": good, "TestB": off}, records{"TestA": good, "TestA/x": good, "TestB": off}),
		},
		"fails, hangs, is skipped, or is not run": {
			of: sides(
				records{"TestA": good, "TestB": good, "TestC": good, "TestD": good},
				records{"TestA": bad, "TestB": hung, "TestC": off}),
			want: verdict{faults: []string{"TestA", "TestB", "TestC", "TestD"}},
		},
		"a subtest that is not there any more": {
			of:   sides(records{"TestA": good, "TestA/x": good}, records{"TestA": good}),
			want: verdict{faults: []string{"TestA/x"}},
		},
		"a test that cannot apply": {
			of: sides(records{"TestA": good, "TestA/x": good}, records{}, omission{"TestA", "`secret`"}),
		},
		"listed": {
			of:     sides(records{"TestA": good, "TestA/x": good}, records{"TestA": bad, "TestA/x": bad}),
			listed: []exception{{"TestA/x", "why"}},
			want:   verdict{expected: []exception{{"TestA/x", "why"}}},
		},
		"listed, and another subtest fails": {
			of:     sides(records{"TestA": good, "TestA/x": good, "TestA/y": good}, records{"TestA": bad, "TestA/x": bad, "TestA/y": bad}),
			listed: []exception{{"TestA/x", "why"}},
			want:   verdict{expected: []exception{{"TestA/x", "why"}}, faults: []string{"TestA/y"}},
		},
		"listed, and passes": {
			of:     sides(records{"TestA": good}, records{"TestA": good}),
			listed: []exception{{"TestA", "why"}},
			want:   verdict{stale: []exception{{"TestA", "why"}}},
		},
		"fails on both, and on the other alone": {
			of:   sides(records{"TestA": bad, "TestB": bad}, records{"TestA": bad, "TestB": good}),
			want: verdict{both: []string{"TestA"}, oursAlone: []string{"TestB"}},
		},
		"the program fails at its end": {
			of:   sides(records{"TestA": good}, records{"TestA": good, wholeProgram: bad}),
			want: verdict{faults: []string{wholeProgram}},
		},
		"passes at the second try": {
			of:   sides(records{"TestA": good}, records{"TestA": record{outcome: passed, tries: 2}}),
			want: verdict{again: []string{"TestA"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, judge(c.of, c.listed, all), inside); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOneSideAloneIsJudgedAsIfAllPassedOnTheOther(t *testing.T) {
	of := sides(nil, records{"TestA": record{outcome: failed}, "TestB": record{outcome: skipped}})
	delete(of.sides, bridge.EngineClientGo)
	if v := judge(of, nil, all); len(v.faults) != 1 || v.faults[0] != "TestA" {
		t.Errorf("%+v", v)
	}
}

func TestEventsOfAProgram(t *testing.T) {
	const events = `{"Action":"start"}
{"Action":"run","Test":"TestA"}
{"Action":"run","Test":"TestA/x"}
{"Action":"output","Test":"TestA/x","Output":"said\n"}
{"Action":"fail","Test":"TestA/x"}
{"Action":"fail","Test":"TestA"}
{"Action":"pass","Test":"TestB"}
{"Action":"skip","Test":"TestC"}
{"Action":"run","Test":"TestD"}
{"Action":"output","Output":"panic: boom\n"}
`
	got, err := parseEvents(strings.NewReader(events), []string{"TestA", "TestB", "TestC", "TestD", "TestE"}, errors.New("exit 2"))
	if err != nil {
		t.Fatal(err)
	}
	want := records{
		"TestA": {failed, "", 1}, "TestA/x": {failed, "said\n", 1}, "TestB": {passed, "", 1}, "TestC": {skipped, "", 1},
		"TestD": {unfinished, "", 1}, "TestE": {unfinished, "", 1},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(record{})); diff != "" {
		t.Error(diff)
	}
	got, err = parseEvents(strings.NewReader(`{"Action":"pass","Test":"TestB"}{"Action":"output","Output":"leak"}`), []string{"TestB"}, errors.New("exit 1"))
	if r := got[wholeProgram]; err != nil || r.outcome != failed || !strings.Contains(r.output, "leak") {
		t.Errorf("a program that fails after its tests: %+v, %v", got, err)
	}
}

func TestTheReportSaysWhatIsWrongAndIsWrittenBetweenItsMarks(t *testing.T) {
	of := sides(records{"TestA": record{outcome: passed}}, records{"TestA": record{outcome: failed, output: "said"}}, omission{"TestB", "`secret`"})
	r := report{suite: "client-go", title: "Tests", version: "v1", command: "go", date: time.Unix(0, 0), all: []string{"p", "q"}, results: []result{of}}
	r.verdicts = append(r.verdicts, judge(of, nil, all))
	if r.err() == nil {
		t.Error("a fault is no error")
	}
	if !strings.Contains(r.outputs(), "said") {
		t.Errorf("what the test printed is lost: %s", r.outputs())
	}
	path := filepath.Join(t.TempDir(), "README.md")
	marks := "a\n<!-- results: client-go -->\n<!-- end of results: client-go -->\nb\n"
	if err := os.WriteFile(path, []byte(marks), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what was written before goes
		if err := r.writeInto(path); err != nil {
			t.Fatal(err)
		}
	}
	other := r
	other.results = []result{{"q", of.sides}}
	if err := other.writeInto(path); err != nil { // what was written of others stays
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| `p` | informant | 1 | 1 | 1 | 0 | 1 |", "| `q` | informant | 1 | 1 | 1 | 0 | 1 |", "`p`: pass on client-go's engine and not on ours: `TestA`", "`q`: cannot apply"} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("%q is there %d times in\n%s", want, strings.Count(string(text), want), text)
		}
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if r.writeInto(path) == nil {
		t.Error("a file without marks is written")
	}
}

func TestReasonsAreThere(t *testing.T) {
	for pkg, listed := range exceptions {
		name, _, _ := strings.Cut(pkg, " ")
		if suites[name] == nil {
			t.Errorf("%q: there is no such suite", pkg)
		}
		for _, e := range listed {
			if len(e.reason) < 20 {
				t.Errorf("%s %s has no reason", pkg, e.test)
			}
		}
	}
}

func TestOptionsThatConflictAreRefused(t *testing.T) {
	fine := options{suite: "client-go", engine: "both", timeout: time.Minute}
	if _, err := fine.runner(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*options){
		"no suite":               func(o *options) { o.suite = "" },
		"no engine":              func(o *options) { o.engine = "mine" },
		"no expression":          func(o *options) { o.run = "(" },
		"a part is written":      func(o *options) { o.run, o.write = "TestA", true },
		"one side is written":    func(o *options) { o.engine, o.write = "ours", true },
		"tried again too seldom": func(o *options) { o.again = -1 },
		"no time":                func(o *options) { o.timeout = 0 },
	} {
		o := fine
		change(&o)
		if _, err := o.runner(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
