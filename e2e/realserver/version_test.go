package realserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/version"

	"github.com/informant-go/informant/e2e/realserver"
)

// The server is of the version that its module requires, so that who asks for another one
// has it.
func TestTheServerIsOfTheVersionOfItsModule(t *testing.T) {
	want, err := realserver.KubernetesVersion()
	if err != nil {
		t.Fatal(err)
	}
	s := server.Server(t) // its start has a limit of its own
	var got version.Info
	call(within(t, time.Minute), t, s, "/version", http.StatusOK, &got)
	minor := "v" + got.Major + "." + strings.TrimSuffix(got.Minor, "+") + "."
	if !strings.HasPrefix(want, minor) {
		t.Errorf("the server says that it is %s (%s), its module requires %s", minor, got.GitVersion, want)
	}
}
