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

// ModuleVariable is the environment variable that names the folder of another module
// to build the server in, with another version of Kubernetes; a relative one is from the
// folder of the module that the test runs in.
const ModuleVariable = "INFORMANT_SERVER_MODULE"

// executable builds the server and returns its path. Each test process builds
// once, and mostly finds that there is nothing to do.
var executable = sync.OnceValues(build)

func build() (string, error) {
	module, err := moduleFolder()
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
	sum := sha256.Sum256([]byte(filepath.Join(module, "go.mod")))
	path := filepath.Join(cache, "apiserver-"+hex.EncodeToString(sum[:6]))

	// The test processes of several packages build at the same time.
	unlock, err := lock(path + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	args := []string{"build", "-race=false", "-ldflags=-s -w", "-o", path}
	if os.Getenv(ModuleVariable) != "" {
		// Its go.mod follows that of this module, when somebody builds it.
		args = append(args, "-mod=mod")
	}
	if out, err := goCommand(module, append(args, program)...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the API server: %w\n%s", err, out)
	}
	return path, nil
}

// moduleFolder is that of the module that the server is built in: the one that the test
// runs in, unless ModuleVariable names another.
func moduleFolder() (string, error) {
	out, err := goCommand("", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if file == "" || file == os.DevNull {
		return "", errors.New("the tests run outside their module, so the API server cannot be built")
	}
	other := os.Getenv(ModuleVariable)
	if other == "" {
		return filepath.Dir(file), nil
	}
	if !filepath.IsAbs(other) {
		other = filepath.Join(filepath.Dir(file), other)
	}
	if _, err := os.Stat(filepath.Join(other, "go.mod")); err != nil {
		return "", fmt.Errorf("%s names no module to build the API server in: %w", ModuleVariable, err)
	}
	return other, nil
}

// goCommand runs in dir, "" for the folder of the test.
func goCommand(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	return cmd
}
