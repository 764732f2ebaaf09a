package controllerruntime

import (
	"os"
	"testing"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/informant-go/informant/e2e/realserver"
)

var server realserver.Shared

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard()) // or controller-runtime complains that nobody has
	if task := os.Getenv(taskVariable); task != "" {
		beChild(task)
		return
	}
	goleak.VerifyTestMain(counted{realserver.StopAfter(m, &server), os.Stdout},
		// controller-runtime puts a watch.Filter around watches of metadata, which is
		// stuck for good if it has an event in hand when the watch is stopped, on
		// either engine.
		goleak.IgnoreTopFunction("k8s.io/apimachinery/pkg/watch.(*filteredWatch).loop"))
}
