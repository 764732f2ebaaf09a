package realserver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// program is the import path of the server.
const program = "github.com/informant-go/informant/e2e/apiserver"

// executable builds the server and returns its path. Each test process builds
// once, and mostly finds that there is nothing to do.
var executable = sync.OnceValues(build)

func build() (string, error) {
	module, err := moduleFile()
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "informant-e2e")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	// Two checkouts must not take the executable from one another.
	sum := sha256.Sum256([]byte(module))
	path := filepath.Join(cache, "apiserver-"+hex.EncodeToString(sum[:6]))

	// The test processes of several packages build at the same time.
	unlock, err := lock(path + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if out, err := goCommand("build", "-race=false", "-ldflags=-s -w", "-o", path, program).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the API server: %w\n%s", err, out)
	}
	return path, nil
}

// moduleFile is the go.mod of the module that the test runs in.
func moduleFile() (string, error) {
	out, err := goCommand("env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	module := strings.TrimSpace(string(out))
	if module == "" || module == os.DevNull {
		return "", errors.New("the tests run outside their module, so the API server cannot be built")
	}
	return module, nil
}

func goCommand(args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	return cmd
}
