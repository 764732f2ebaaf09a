package main

import (
	"errors"
	"os"
	"path/filepath"
)

// withClientGo tests a copy of clientgo/ that requires a version of client-go, and
// returns the outcome.
func withClientGo(root, version string) (outcome string, err error) {
	dir, err := os.MkdirTemp("", "versions")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	module := filepath.Join(dir, "clientgo")
	if err := os.CopyFS(module, os.DirFS(filepath.Join(root, "clientgo"))); err != nil {
		return "", err
	}
	// Another module, which follows controller-runtime's choice of client-go.
	if err := os.RemoveAll(filepath.Join(module, "controllerruntime")); err != nil {
		return "", err
	}
	// With a requirement alone, tidying takes a newer version for the sake of a package
	// that this one does not have: that it is not there is the outcome.
	for _, args := range [][]string{
		{"mod", "edit", "-replace=" + base + "=" + root,
			"-replace=k8s.io/client-go=k8s.io/client-go@" + version, "-replace=k8s.io/api=k8s.io/api@" + version},
		{"mod", "tidy", "-e"},
	} {
		if _, err := goOutput(module, args...); err != nil {
			return "", err
		}
	}
	// First what has client-go's names: if that does not compile, nothing need be built
	// of client-go's clientsets.
	names, err := goTally(module, nil, "build", "-json", "-gcflags=-e", "./cache", "./workqueue")
	if err != nil {
		return "", err
	}
	if len(names.faults) > 0 {
		return names.outcome()
	}
	tests, err := goTally(module, nil, "test", "-json", "-count=1", "-timeout", "30m", "./...")
	if err != nil {
		return "", err
	}
	return tests.outcome()
}
