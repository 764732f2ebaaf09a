package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/mod/modfile"
)

// sample is a program that uses client-go, below the root of the checkout.
const sample = "tools/consumer/testdata/shop"

// swap has the sample program on client-go's engine, on ours and on client-go's
// again, by the lines of README.md, and compares what it prints.
func (m *machine) swap(root string) error {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return err
	}
	dir := filepath.Join(m.dir, "shop")
	if err := m.copySample(root, dir); err != nil {
		return err
	}
	before, err := m.runs(dir, "k8s.io/client-go/tools/cache", "k8s.io/client-go/util/workqueue")
	if err != nil {
		return err
	}
	left, err := m.script(dir, readme, "there")
	if err != nil {
		return err
	}
	if !strings.Contains(left, "informers.NewSharedInformerFactory") {
		return fmt.Errorf("README.md's lines do not find what is left on client-go's engine; they print:\n%s", left)
	}
	with, err := m.runs(dir, base+"/clientgo/cache", base+"/clientgo/workqueue")
	if err != nil {
		return err
	}
	if _, err := m.script(dir, readme, "back"); err != nil {
		return err
	}
	after, err := m.runs(dir, "k8s.io/client-go/tools/cache", "k8s.io/client-go/util/workqueue")
	if err != nil {
		return err
	}
	if before != with || before != after {
		return fmt.Errorf("the sample program prints on client-go's engine\n%son ours\n%sand after the way back\n%s", before, with, after)
	}
	_, err = m.in(dir, "git", "diff", "--exit-code")
	return err
}

// copySample makes a module of the sample program, in a git repository of its own,
// that requires what clientgo requires of Kubernetes.
func (m *machine) copySample(root, dir string) error {
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, filepath.FromSlash(sample)))); err != nil {
		return err
	}
	raw, err := os.ReadFile(filepath.Join(root, "clientgo", "go.mod"))
	if err != nil {
		return err
	}
	theirs, err := modfile.Parse("go.mod", raw, nil)
	if err != nil {
		return err
	}
	commands := []string{"git init -q", "go mod init example.org/shop"}
	for _, r := range theirs.Require {
		if !r.Indirect && strings.HasPrefix(r.Mod.Path, "k8s.io/") {
			commands = append(commands, "go mod edit -require="+r.Mod.String())
		}
	}
	return m.all(dir, append(commands, "go mod tidy", "git add .")...)
}

// runs builds the sample program, which has to import packages, and returns what it
// prints.
func (m *machine) runs(dir string, packages ...string) (string, error) {
	fmt.Println("a program that imports", strings.Join(packages, " and "))
	imports, err := m.in(dir, "go", "list", "-f", "{{range .Imports}}{{.}}\n{{end}}", ".")
	if err != nil {
		return "", err
	}
	for _, pkg := range packages {
		if !strings.Contains("\n"+imports, "\n"+pkg+"\n") {
			return "", fmt.Errorf("the sample program does not import %s, but\n%s", pkg, imports)
		}
	}
	if err := m.all(dir, "go build -o "+filepath.Join(m.dir, "shop.exe")+" ."); err != nil {
		return "", err
	}
	return m.in(dir, filepath.Join(m.dir, "shop.exe"))
}

// script runs the lines of shell that a file has behind a mark, in a program's
// folder, and returns what they print.
func (m *machine) script(dir string, file []byte, mark string) (string, error) {
	lines, err := marked(file, mark)
	if err != nil {
		return "", err
	}
	return m.in(dir, "sh", "-e", "-c", lines)
}

func marked(file []byte, mark string) (string, error) {
	block := regexp.MustCompile("(?s)<!-- swap: " + regexp.QuoteMeta(mark) + " -->\n```sh\n(.*?)```")
	found := block.FindSubmatch(file)
	if found == nil {
		return "", fmt.Errorf("README.md has no block of shell behind <!-- swap: %s -->", mark)
	}
	return string(bytes.TrimSpace(found[1])), nil
}
