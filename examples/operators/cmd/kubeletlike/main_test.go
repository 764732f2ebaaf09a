package main

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/examples/operators/program/programtest"
)

func TestMain(m *testing.M) { programtest.Silence(); goleak.VerifyTestMain(m) }

// The line of README.md, with each engine.
func TestTheDemonstrationEnds(t *testing.T) {
	programtest.Demonstrates(t, command(), "It was deleted, has stopped, and its object is gone.")
}

func TestACommandLineThatIsRefused(t *testing.T) {
	programtest.Refuses(t, command(), map[string]string{"-engine other": "ours", "-node=": "Node"})
}
