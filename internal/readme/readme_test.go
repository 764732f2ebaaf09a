// Package readme keeps the code in the READMEs and the code that runs the same:
// every block of Go follows a comment that names the Example function which it
// is the body of.
package readme

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the blocks in the READMEs from the examples")

// readmes are the folders of the READMEs that have code. The examples of those
// of another module are read, never imported.
var readmes = []string{".", "clientgo"}

// block matches <!-- example: DIR FUNCTION --> and the Go block behind it. DIR
// is below the folder of the README.
var block = regexp.MustCompile("(?s)<!-- example: (\\S+) (\\S+) -->\n```go\n(.*?)```")

func TestEveryBlockOfTheReadmesIsAnExample(t *testing.T) {
	for _, readme := range readmes {
		t.Run(readme, func(t *testing.T) {
			checkReadme(t, filepath.Join("../..", readme))
		})
	}
}

func checkReadme(t *testing.T, folder string) {
	file := filepath.Join(folder, "README.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := block.FindAllSubmatch(text, -1)
	if all := bytes.Count(text, []byte("```go\n")); len(blocks) != all || all == 0 {
		t.Errorf("%s has %d blocks of Go, %d of them name the example they come from", file, all, len(blocks))
	}
	fresh := block.ReplaceAllFunc(text, func(m []byte) []byte {
		parts := block.FindSubmatch(m)
		dir, name := string(parts[1]), string(parts[2])
		body, err := exampleBody(filepath.Join(folder, dir), name)
		if err != nil {
			t.Error(err)
			return m
		}
		if !*update && string(parts[3]) != body {
			t.Errorf("the block of %s in %s differs from the example; run: go test ./internal/readme -update", name, dir)
		}
		return []byte(fmt.Sprintf("<!-- example: %s %s -->\n```go\n%s```", dir, name, body))
	})
	if *update {
		if err := os.WriteFile(file, fresh, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// exampleBody returns the body of an Example function, without its braces, its
// first indent and its Output comment.
func exampleBody(dir, name string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return "", err
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, source, parser.ParseComments)
		if err != nil {
			return "", err
		}
		for _, decl := range parsed.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == name {
				return dedent(string(source[set.Position(fn.Body.Lbrace).Offset+1 : set.Position(fn.Body.Rbrace).Offset])), nil
			}
		}
	}
	return "", fmt.Errorf("no function %s in the tests of %s", name, dir)
}

var outputComment = regexp.MustCompile(`(?s)\n\t// (Unordered output|Output):.*$`)

func dedent(body string) string {
	body = outputComment.ReplaceAllString(strings.TrimRight(body, "\n\t "), "")
	lines := strings.Split(strings.Trim(body, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "\t")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}
