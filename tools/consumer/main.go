// Command consumer builds a program that uses every published module of this
// repository as a stranger would: by version, from a module proxy, without
// go.work and without a replace. The proxy is a folder that it fills from the
// checkout. What it catches is a nested go.mod that only works beside its
// siblings.
//
// Usage: consumer [-root DIR]
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

// version is the one that the nested go.mod files require of one another.
const version = "v0.1.0"

const base = "github.com/informant-go/informant"

// published are the folders of the modules that users can require, with a
// package of each.
var published = []struct{ dir, pkg string }{
	{".", base + "/informer"},
	{"clientgo", base + "/clientgo/cache"},
	{"clientgo/controllerruntime", base + "/clientgo/controllerruntime"},
}

func main() {
	root := flag.String("root", ".", "the folder of the checkout")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "consumer:", err)
		os.Exit(1)
	}
	fmt.Println("consumer: ok")
}

func run(root string) (err error) {
	work, err := os.MkdirTemp("", "consumer")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	proxy := filepath.Join(work, "proxy")
	for _, p := range published {
		if err := publish(root, p.dir, proxy); err != nil {
			return fmt.Errorf("publishing %s: %w", p.dir, err)
		}
	}
	return build(filepath.Join(work, "program"), proxy, filepath.Join(work, "modcache"))
}

// publish lays out one module as the proxy protocol wants it. Its go.mod loses
// the replaces, which would not reach a user either.
func publish(root, dir, proxy string) error {
	mod := module.Version{Path: strings.TrimSuffix(base+"/"+filepath.ToSlash(dir), "/."), Version: version}
	at := filepath.Join(proxy, filepath.FromSlash(mod.Path), "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	raw, err := os.ReadFile(filepath.Join(root, dir, "go.mod"))
	if err != nil {
		return err
	}
	bare, err := withoutReplaces(raw)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	if err := modzip.CreateFromDir(&packed, mod, filepath.Join(root, dir)); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		version + ".mod":  bare,
		version + ".info": []byte(`{"Version":"` + version + `"}`),
		version + ".zip":  packed.Bytes(),
		"list":            []byte(version + "\n"),
	} {
		if err := os.WriteFile(filepath.Join(at, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func withoutReplaces(raw []byte) ([]byte, error) {
	file, err := modfile.Parse("go.mod", raw, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range append([]*modfile.Replace(nil), file.Replace...) {
		if err := file.DropReplace(r.Old.Path, r.Old.Version); err != nil {
			return nil, err
		}
	}
	file.Cleanup()
	return file.Format()
}

// build compiles a program that imports a package of each module. Modules of
// ours come from proxy, all others from where the machine takes them.
func build(dir, proxy, modcache string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var source, requires strings.Builder
	source.WriteString("package main\n\nimport (\n")
	for _, p := range published {
		fmt.Fprintf(&source, "\t_ %q\n", p.pkg)
		fmt.Fprintf(&requires, "require %s %s\n", strings.TrimSuffix(base+"/"+p.dir, "/."), version)
	}
	source.WriteString(")\n\nfunc main() {}\n")
	gomod := "module example.org/consumer\n\ngo 1.26.0\n\n" + requires.String()
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(source.String()), 0o644),
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte(gomod), 0o644),
	); err != nil {
		return err
	}
	theirs, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		return err
	}
	shared, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		return err
	}
	// A module cache of its own keeps the invented version out of the
	// machine's; the downloads that the machine has serve as a proxy first.
	downloads := filepath.Join(strings.TrimSpace(string(shared)), "cache", "download")
	env := append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -modcacherw", "GONOSUMDB="+base+",*", "GONOSUMCHECK=1",
		"GOMODCACHE="+modcache, "GOPROXY=file://"+filepath.ToSlash(proxy)+",file://"+filepath.ToSlash(downloads)+","+strings.TrimSpace(string(theirs)))
	for _, args := range [][]string{{"mod", "tidy"}, {"build", "-o", os.DevNull, "."}} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = dir, env
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}
