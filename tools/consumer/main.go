// Command consumer uses the modules of this repository as a stranger would: by
// version, from a module proxy, without go.work and without a replace. The proxy is
// a folder that it fills from the checkout. It types what a user types for each
// module, installs a command, and swaps the engine of a sample program and back
// by the lines that README.md gives for that. What it catches is a go.mod that only
// works beside its siblings, and a README that does not.
//
// Usage: consumer [-root DIR]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

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
	m, err := newMachine(work, proxy)
	if err != nil {
		return err
	}
	for _, p := range published {
		fmt.Println("a program that imports", p.pkg)
		if err := m.use(p.module(), p.pkg); err != nil {
			return err
		}
	}
	fmt.Println("go install", command)
	if err := m.install(command); err != nil {
		return err
	}
	return m.swap(root)
}
