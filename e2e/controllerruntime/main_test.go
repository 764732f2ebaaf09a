package controllerruntime

import (
	"testing"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/informant-go/informant/e2e/realserver"
)

var server realserver.Shared

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard()) // or controller-runtime complains that nobody has
	goleak.VerifyTestMain(realserver.StopAfter(m, &server))
}
