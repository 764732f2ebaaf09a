package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

// version is the one that the nested go.mod files require of one another.
const version = "v0.1.0"

const base = "github.com/informant-go/informant"

// command is one that users install.
const command = base + "/examples/quickstart"

// part is a module that users can require.
type part struct{ dir, pkg string }

// published are all of them, with a package of each, in the order of a release.
var published = []part{
	{".", base + "/informer"},
	{"clientgo", base + "/clientgo/cache"},
	{"clientgo/controllerruntime", base + "/clientgo/controllerruntime"},
	{"indexer/compact/s2dict", base + "/indexer/compact/s2dict"},
}

func (p part) module() string { return strings.TrimSuffix(base+"/"+p.dir, "/.") }

// publish lays out one module as the proxy protocol wants it. Its go.mod loses
// the replaces, which would not reach a user either.
func publish(root, dir, proxy string) error {
	mod := module.Version{Path: part{dir: dir}.module(), Version: version}
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
