package main

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/examples/operators/program/programtest"
)

func TestMain(m *testing.M) { programtest.Silence(); goleak.VerifyTestMain(m) }

// The line of README.md, with each engine.
func TestTheDemonstrationEnds(t *testing.T) {
	programtest.Demonstrates(t, command(), "Its Deployment is gone too.")
}

func TestACommandLineThatIsRefused(t *testing.T) {
	programtest.Refuses(t, command(), map[string]string{"-engine other": "ours", "extra": `unexpected argument "extra"`, "-kubeconfig /none": "/none"})
}
