package operators

import (
	"testing"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/informant-go/informant/e2e/realserver"
)

// server is that of all tests but TestApplication, whose webhooks are for all of a server.
var server realserver.Shared

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard()) // or controller-runtime complains that nobody has
	klog.SetLogger(logr.Discard())
	goleak.VerifyTestMain(realserver.StopAfter(m, &server))
}
