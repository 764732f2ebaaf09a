package realserver_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/informant-go/informant/e2e/realserver"
)

// server is for the tests that leave it as they found it.
var server realserver.Shared

// victimVariable makes the test binary start a server and wait to be killed.
const victimVariable = "REALSERVER_TEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victimVariable) != "" {
		beVictim()
	}
	ctrllog.SetLogger(logr.Discard())
	goleak.VerifyTestMain(realserver.StopAfter(m, &server))
}

// beVictim tells where its server is and waits for the end of standard input,
// which does not come before it is killed.
func beVictim() {
	s, err := realserver.Launch(context.Background(), realserver.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.Kubeconfig())
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}
