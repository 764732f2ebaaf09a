// Command versions tries this checkout beside other versions of what it works with, and
// writes down what came of it: the tests of clientgo/ with other versions of client-go,
// and the pipeline tests of e2e/ on API servers of other versions. It is started by hand,
// because it compiles client-go, or Kubernetes, once more for each version.
//
// Usage: versions [-root DIR] [-client-go VERSIONS] [-servers MODULES] [-write]
//
//	versions -root .. -client-go v0.36.6,v0.37.2 -write
//	versions -root .. -servers .,kubernetes134 -write
//
// VERSIONS are those of k8s.io/client-go; k8s.io/api is taken in the same one. MODULES are
// folders below e2e/ whose go.mod requires a version of k8s.io/kubernetes, "." being
// e2e itself.
//
// With -write the outcomes become rows of the tables in clientgo/README.md, each in place
// of the row of that version if there is one. A version that was not tried gets no row.
// That tests fail, or that something does not compile, is an outcome and no error.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	root := flag.String("root", ".", "the folder of the checkout")
	clients := flag.String("client-go", "", "`versions` of client-go to test clientgo/ with, separated by commas")
	servers := flag.String("servers", "", "`modules` below e2e/ to build an API server in, separated by commas")
	write := flag.Bool("write", false, "write the outcomes into clientgo/README.md")
	flag.Parse()
	if err := run(*root, split(*clients), split(*servers), *write); err != nil {
		fmt.Fprintln(os.Stderr, "versions:", err)
		os.Exit(1)
	}
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func run(root string, clients, servers []string, write bool) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	tried, err := stamp(root)
	if err != nil {
		return err
	}
	keep := func(table, version, outcome string) error {
		r := row{version: version, cells: append([]string{outcome}, tried...)}
		fmt.Println(r)
		if !write {
			return nil
		}
		return writeRow(filepath.Join(root, "clientgo", "README.md"), table, r)
	}
	for _, version := range clients {
		outcome, err := withClientGo(root, version)
		if err == nil {
			err = keep("client-go", version, outcome)
		}
		if err != nil {
			return fmt.Errorf("client-go %s: %w", version, err)
		}
	}
	for _, module := range servers {
		version, outcome, err := onServer(filepath.Join(root, "e2e"), module)
		if err == nil {
			err = keep("servers", version, outcome)
		}
		if err != nil {
			return fmt.Errorf("the server of e2e/%s: %w", module, err)
		}
	}
	return nil
}
