package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const kubernetes = "k8s.io/kubernetes"

// controllersFolder is what of k8s.io/kubernetes is rewritten.
const controllersFolder = "pkg/controller"

// controllers is the unit tests of Kubernetes' controllers.
type controllers struct {
	workspace *workspace
	version   string
	mirror    string // the sources, at a path of their own
	overlay   string // of the rewritten ones
	done      map[string]changes
}

func (c *controllers) about() (title, version string) {
	return "Unit tests below " + kubernetes + "/" + controllersFolder, c.version
}

func (c *controllers) packages() []string {
	return []string{
		".", "deployment", "deployment/util", "replicaset", "replication", "statefulset", "daemon", "daemon/util", "job", "cronjob",
		"endpoint", "endpointslice", "endpointslicemirroring", "garbagecollector", "namespace/deletion", "disruption", "history",
		"podgc", "resourcequota", "serviceaccount", "ttlafterfinished", "tainteviction",
	}
}

// open shows the go command the sources at another path than that of the module cache,
// below which an overlay is refused. The path stays the same from run to run, and with it
// what the compiler has cached.
func (c *controllers) open(ctx context.Context, w *workspace) error {
	c.workspace = w
	m, err := w.module(ctx, kubernetes)
	if err != nil {
		return err
	}
	c.version = m.Version
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	c.mirror = filepath.Join(cache, "informant-e2e", "foreign", "kubernetes@"+m.Version)
	if err := link(m.Dir, c.mirror); err != nil {
		return err
	}
	if err := w.replace(ctx, kubernetes, c.mirror); err != nil {
		return err
	}
	texts, err := c.rewriteAll()
	if err != nil {
		return err
	}
	c.overlay, err = w.overlay("controllers", texts)
	return err
}

// link makes path a link to dir.
func link(dir, path string) error {
	if at, err := os.Readlink(path); err == nil && at == dir {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	made := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.Symlink(dir, made); err != nil {
		return err
	}
	if err := os.Rename(made, path); err != nil {
		return errors.Join(err, os.Remove(made))
	}
	return nil
}

// rewriteAll returns the files that are others on our engine, by path.
func (c *controllers) rewriteAll() (map[string][]byte, error) {
	texts := map[string][]byte{}
	c.done = map[string]changes{}
	root := filepath.Join(c.mirror, filepath.FromSlash(controllersFolder))
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		other, done, err := rewrite(path, text, standIns)
		if err != nil || done == (changes{}) {
			return err
		}
		texts[path] = other
		of := c.done[filepath.Dir(path)]
		of.add(done)
		c.done[filepath.Dir(path)] = of
		return nil
	})
	return texts, err
}

func (c *controllers) dir(pkg string) string {
	return filepath.Join(c.mirror, filepath.FromSlash(controllersFolder), filepath.FromSlash(pkg))
}

func (c *controllers) stock(ctx context.Context, pkg string) (*prepared, error) {
	return c.build(ctx, pkg, "")
}

func (c *controllers) ours(ctx context.Context, pkg string) (*prepared, error) {
	ready, err := c.build(ctx, pkg, c.overlay)
	if err != nil {
		return nil, err
	}
	ready.done = c.done[c.dir(pkg)]
	return ready, nil
}

func (c *controllers) build(ctx context.Context, pkg, overlay string) (*prepared, error) {
	names, err := testsIn(c.dir(pkg))
	if err != nil {
		return nil, err
	}
	path := kubernetes + "/" + controllersFolder
	if pkg != "." {
		path += "/" + pkg
	}
	program, err := c.workspace.build(ctx, path, overlay)
	if err != nil {
		return nil, err
	}
	return &prepared{program: program, dir: c.dir(pkg), names: names}, nil
}
