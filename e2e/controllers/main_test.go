package controllers

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/e2e/realserver"
)

var engine = flag.String("controllers.engine", "", "the engine of the informers, informant or client-go; both, one after the other, if empty")

var server realserver.Shared

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(realserver.StopAfter(m, &server))
}
