// Package programtest tests commands that are a program.Program.
package programtest

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/program"
)

// Silence discards what the libraries log, which is before any test.
func Silence() {
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
}

// Demonstrates runs p without a kubeconfig on each engine. It has to succeed and to print
// last in the end.
func Demonstrates(t *testing.T, p program.Program, last string) {
	for _, e := range engine.All {
		t.Run(string(e), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			var out, errs bytes.Buffer
			code := p.Command(ctx, []string{"-engine", string(e)}, &out, &errs)
			if code != 0 || errs.Len() != 0 || !strings.HasSuffix(out.String(), last+"\n") || !strings.Contains(out.String(), `"`+string(e)+`"`) {
				t.Errorf("exit code %d, output:\n%s%s", code, &out, &errs)
			}
		})
	}
}

// Refuses runs p with each command line, which has to fail with the words that belong to
// it.
func Refuses(t *testing.T, p program.Program, words map[string]string) {
	for line, want := range words {
		var out, errs bytes.Buffer
		code := p.Command(t.Context(), strings.Fields(line), &out, &errs)
		if code == 0 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit code %d, and %q, expected to contain %q", line, code, &errs, want)
		}
	}
}
