package main

import (
	"flag"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"k8s.io/client-go/rest"

	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/program/programtest"
)

func TestMain(m *testing.M) { programtest.Silence(); goleak.VerifyTestMain(m) }

// The line of README.md, with each engine.
func TestTheDemonstrationEnds(t *testing.T) {
	programtest.Demonstrates(t, command(), "The Application was deleted, and its objects with it.")
}

func TestACommandLineThatIsRefused(t *testing.T) {
	programtest.Refuses(t, command(), map[string]string{
		"-engine other":               "ours",
		"-webhooks https://localhost": "give a -kubeconfig too",
	})
}

func TestOptionsThatConflict(t *testing.T) {
	cfg := &rest.Config{Host: "http://127.0.0.1:1"}
	for want, line := range map[string][]string{
		"give one of them": {"-webhooks", "https://localhost:1", "-leader-elect"},
		"expected https":   {"-webhooks", "http://localhost"},
	} {
		p := command()
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		p.Flags(flags)
		if err := flags.Parse(line); err != nil {
			t.Fatal(err)
		}
		if err := p.Run(t.Context(), cfg, engine.Ours, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v", line, err)
		}
	}
}
