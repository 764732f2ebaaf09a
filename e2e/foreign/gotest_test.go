package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// flaky is a program of tests of which TestB fails at its first run, and TestC ends the
// program when it is not alone.
const flaky = `#!/bin/sh
run=$(echo "$@" | sed 's/.*-test.run=//')
case "$run" in *TestA*) printf '=== RUN   TestA\n--- PASS: TestA (0.00s)\n' ;; esac
case "$run" in *TestB*)
	printf '=== RUN   TestB\n=== RUN   TestB/x\nsaid\n'
	if [ -e ran ]; then echo '--- PASS: TestB (0.00s)'; echo '    --- PASS: TestB/x (0.00s)'
	else touch ran; code=1; echo '--- FAIL: TestB (0.00s)'; echo '    --- FAIL: TestB/x (0.00s)'; fi ;;
esac
case "$run" in *TestB*TestC*) printf '=== RUN   TestC\npanic: boom\n'; echo FAIL; exit 2 ;; esac
case "$run" in *TestC*) printf '=== RUN   TestC\n--- PASS: TestC (0.00s)\n' ;; esac
[ -z "$code" ] && echo PASS || echo FAIL
exit ${code:-0}
`

func TestWhatFailsIsTriedAgainAlone(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "tests")
	if err := os.WriteFile(program, []byte(flaky), 0o755); err != nil {
		t.Fatal(err)
	}
	p := tests{program: program, dir: dir, names: []string{"TestA", "TestB", "TestC", "Other"}, timeout: time.Minute}
	once, err := p.run(t.Context(), regexp.MustCompile("^Test"))
	if err != nil {
		t.Fatal(err)
	}
	for test, want := range map[string]outcome{"TestA": passed, "TestB": failed, "TestB/x": failed, "TestC": unfinished} {
		if got := once[test]; got.outcome != want || got.tries != 1 {
			t.Errorf("%s has %s after %d tries, want %s", test, got.outcome, got.tries, want)
		}
	}
	if err := os.Remove(filepath.Join(dir, "ran")); err != nil {
		t.Fatal(err)
	}
	p.again = 1
	again, err := p.run(t.Context(), regexp.MustCompile("^Test"))
	if err != nil {
		t.Fatal(err)
	}
	for test, want := range map[string]record{"TestA": {passed, "", 1}, "TestB": {passed, "", 2}, "TestB/x": {passed, "", 2}, "TestC": {passed, "", 2}} {
		if got := again[test]; got.outcome != want.outcome || got.tries != want.tries {
			t.Errorf("%s has %s after %d tries, want %s after %d", test, got.outcome, got.tries, want.outcome, want.tries)
		}
	}
	if len(again) != 4 {
		t.Errorf("%d tests are known: %v", len(again), again)
	}
}

func TestAProgramThatCannotRunIsAnError(t *testing.T) {
	p := tests{program: filepath.Join(t.TempDir(), "none"), dir: t.TempDir(), names: []string{"TestA"}, timeout: time.Minute}
	if _, err := p.run(t.Context(), regexp.MustCompile("")); err == nil {
		t.Error("no error")
	}
}
