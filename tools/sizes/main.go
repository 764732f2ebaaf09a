// Command sizes prints how large each package of this repository is, and how
// far a reader walks who follows Add, Get and Update, as tables in Markdown.
//
// Usage: sizes [ROOT]
//
// ROOT is the folder of a checkout, this one or an older one.
//
// # Definitions
//
// Files and lines are those of the package without its tests. Exported names
// are what a line of api/*.txt would name: at the top level, and with fields
// and methods, promoted ones included.
//
// A method reaches each function of this repository whose name stands in its
// body, and what that one reaches. What is called through an interface or a
// stored function is not followed: a seam ends the walk, since a reader can
// stop there. The length of a walk is the number of files that hold what is
// reached, the method itself included. The walk of a package is the longest
// among the exported methods Add, Get and Update of its exported types.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/informant-go/informant/tools/internal/load"
	"github.com/informant-go/informant/tools/internal/surface"
)

func main() {
	flag.Parse()
	root := "."
	if flag.NArg() > 0 {
		root = flag.Arg(0)
	}
	if err := run(os.Stdout, root); err != nil {
		fmt.Fprintln(os.Stderr, "sizes:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, root string) error {
	tree, err := load.Work(root)
	if err != nil {
		return err
	}
	walks := walksOf(tree)
	fmt.Fprint(out, "| package | files | lines | lines of tests | exported names | with methods and fields | longest walk of Add, Get and Update, in files |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for _, p := range tree.Packages {
		s, err := sizeOf(p)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| `%s` | %d | %d | %d | %d | %d | %s |\n", load.Short(p.Path), s.files, s.lines, s.testLines, s.names, s.members, longest(walks, p))
	}
	fmt.Fprint(out, "\n| method | files | functions |\n|---|---:|---:|\n")
	for _, w := range walks {
		fmt.Fprintf(out, "| `%s` | %d | %d |\n", w.name, w.files, w.functions)
	}
	return nil
}

type size struct{ files, lines, testLines, names, members int }

func sizeOf(p *load.Package) (s size, err error) {
	entries, err := os.ReadDir(p.Dir)
	if err != nil {
		return s, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(p.Dir + "/" + e.Name())
		if err != nil {
			return s, err
		}
		lines := bytes.Count(text, []byte("\n"))
		if strings.HasSuffix(e.Name(), "_test.go") {
			s.testLines += lines
		} else {
			s.files++
			s.lines += lines
		}
	}
	for _, name := range p.Types.Scope().Names() {
		if p.Types.Scope().Lookup(name).Exported() {
			s.names++
		}
	}
	s.members = len(surface.Lines(p.Types))
	return s, nil
}

// longest returns the length of the longest walk that begins in p, or "".
func longest(walks []walk, p *load.Package) string {
	most := 0
	for _, w := range walks {
		if w.from == p && w.files > most {
			most = w.files
		}
	}
	if most == 0 {
		return ""
	}
	return fmt.Sprint(most)
}
