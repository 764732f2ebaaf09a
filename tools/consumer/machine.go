package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// machine is that of a user: a folder for programs, with a Go command that has our
// modules from proxy and all others from where this machine takes them.
type machine struct {
	dir string
	env []string
}

func newMachine(dir, proxy string) (*machine, error) {
	theirs, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		return nil, err
	}
	shared, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		return nil, err
	}
	// A module cache of its own keeps the invented version out of the
	// machine's; the downloads that the machine has serve as a proxy first.
	downloads := filepath.Join(strings.TrimSpace(string(shared)), "cache", "download")
	proxies := []string{"file://" + filepath.ToSlash(proxy), "file://" + filepath.ToSlash(downloads), strings.TrimSpace(string(theirs))}
	return &machine{dir: dir, env: append(os.Environ(),
		"GOWORK=off", "GOFLAGS=-modcacherw -trimpath", "GONOSUMDB="+base+",*",
		"GOMODCACHE="+filepath.Join(dir, "modcache"), "GOBIN="+filepath.Join(dir, "bin"), "GOPROXY="+strings.Join(proxies, ","),
	)}, nil
}

// in runs a command in a program's folder and returns what it printed.
func (m *machine) in(dir, name string, args ...string) (string, error) {
	var complaints strings.Builder
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, m.env, &complaints
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, out, complaints.String())
	}
	return string(out), nil
}

// all runs one command after the other in a program's folder.
func (m *machine) all(dir string, commands ...string) error {
	for _, c := range commands {
		words := strings.Fields(c)
		if _, err := m.in(dir, words[0], words[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// use makes a program that imports a package of one of our modules.
func (m *machine) use(module, pkg string) error {
	dir, err := os.MkdirTemp(m.dir, "program")
	if err != nil {
		return err
	}
	source := fmt.Sprintf("package main\n\nimport _ %q\n\nfunc main() {}\n", pkg)
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644),
		m.all(dir, "go mod init example.org/program", "go get "+module+"@"+version, "go mod tidy", "go build -o program ."),
	)
}

// install installs one of our commands.
func (m *machine) install(pkg string) error {
	return m.all(m.dir, "go install "+pkg+"@"+version)
}
