package main

import (
	"strings"
	"testing"
)

const faults = `# a comment
test ./a -run TestA
== one is wrong
a/b.go
-	x := 1
-	y := 2
+	x := 2
== another is left out
a/c.go
-	z()
`

func TestParseReadsFaults(t *testing.T) {
	all, err := parse(faults)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d faults, %v", len(all), err)
	}
	if m := all[0]; m.what != "one is wrong" || m.file != "a/b.go" || len(m.from) != 2 || len(m.to) != 1 || strings.Join(m.test, " ") != "./a -run TestA" {
		t.Errorf("the first fault is %+v", m)
	}
	for what, text := range map[string]string{
		"no fault begins":  "test x\na/b.go\n",
		"is no line":       "test x\n== a\na/b.go\na/c.go\n",
		"no lines to take": "test x\n== a\na/b.go\n+\tx()\n",
		"or no tests":      "== a\na/b.go\n-\tx()\n",
	} {
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%q gives %v, want an error that says %q", text, err, what)
		}
	}
}

func TestApplyPutsLinesInPlaceOfOthers(t *testing.T) {
	all, _ := parse(faults)
	got, err := all[0].apply("{\n\tx := 1\n\ty := 2\n}\n")
	if err != nil || got != "{\n\tx := 2\n}\n" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := all[1].apply("{\n\tz()\n}\n"); err != nil || got != "{\n}\n" {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"", "\tz()\n\tz()\n"} {
		if _, err := all[1].apply(text); err == nil || !strings.Contains(err.Error(), "not once") {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

func TestVerdictSaysWhatFoundAFault(t *testing.T) {
	for output, want := range map[string]string{
		"--- FAIL: TestA (0.1s)\nFAIL\n":                      "TestA",
		"=== RUN\npanic: runtime error: nil\n\ngoroutine 1\n": "panic: runtime error: nil",
		"WARNING: DATA RACE\n--- FAIL: TestB (0.1s)\nFAIL\n":  "WARNING: DATA RACE",
	} {
		if by, err := verdict([]byte(output), true); err != nil || by != want {
			t.Errorf("%q is found by %q, %v, want %q", output, by, err, want)
		}
	}
	for _, output := range []string{"FAIL\tx [build failed]\n", "no such file\n"} {
		if by, err := verdict([]byte(output), true); err == nil {
			t.Errorf("%q is found by %q", output, by)
		}
	}
	if by, err := verdict([]byte("ok\n"), false); by != "" || err != nil {
		t.Errorf("%q, %v", by, err)
	}
}
