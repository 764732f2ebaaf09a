package sim

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
)

// crashEnv makes the process of TestAPanickingHandlerEndsTheProcess the one
// that is to crash.
const crashEnv = "INFORMANT_SIM_CRASH"

// I8: unless somebody has asked for something else, a handler that panics ends
// the process, as with client-go, and its last words name informer and reason.
func TestAPanickingHandlerEndsTheProcess(t *testing.T) {
	if os.Getenv(crashEnv) != "" {
		crash()
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), crashEnv+"=1")
	out, err := cmd.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 {
		t.Fatalf("the process ended with %v:\n%s", err, out)
	}
	for _, word := range []string{"panic: " + errBad.Error(), `informer="jobs"`} {
		if !strings.Contains(string(out), word) {
			t.Errorf("%q is not in its last words:\n%s", word, out)
		}
	}
}

// crash runs an informer over an object for which a handler panics; it does
// not return.
func crash() {
	server := must(apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{resource}}))
	must(apitest.Of[*Job](server, resource).Create(newJob(badJob)))
	in := must(informer.New(must(httpsource.New(httpsource.Config[*Job]{
		Client: server.Client(), BaseURL: server.URL,
		Group: resource.Group, Version: resource.Version, Resource: resource.Resource,
	})), informer.Options[*Job]{Name: "jobs"}))
	must(in.AddHandler(informer.HandlerFunc[*Job](func(context.Context, informer.Event[*Job]) { panic(errBad) }), informer.HandlerOptions{}))
	_ = in.Run(context.Background()) // the panic comes first
}
