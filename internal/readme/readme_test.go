// Package readme keeps the code in the READMEs and in the pages of docs/ and the
// code that runs the same: every block of Go follows a comment that names the
// Example function which it is the body of.
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
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the blocks in READMEs and pages from the examples")

// readmes are the files that must have code. The examples of those of another
// module are read, never imported.
var readmes = []string{"../../README.md", "../../clientgo/README.md"}

// block matches a comment and the Go block behind it. The comment is one of
//
//	<!-- example: DIR FUNCTION -->
//	<!-- example: DIR FUNCTION output -->
//	<!-- example: DIR FUNCTION part N -->
//
//	<!-- file: PATH -->
//
// The last is a whole file from its package clause on. Paths and DIR are from the
// folder of the file. With output the block ends with the Output
// comment, and of N parts, which blank lines separate, it has the Nth alone.
var (
	block     = regexp.MustCompile("(?s)<!-- example: (\\S+) (\\S+)( output| part \\d+)? -->\n```go\n(.*?)```")
	fileBlock = regexp.MustCompile("(?s)<!-- file: (\\S+) -->\n```go\n(.*?)```")
)

func TestEveryBlockOfTheReadmesIsAnExample(t *testing.T) {
	for _, file := range readmes {
		t.Run(file, func(t *testing.T) {
			if check(t, file) == 0 {
				t.Error("no block was found: the check misses them")
			}
		})
	}
}

func TestEveryBlockOfThePagesIsAnExample(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, file := range pages {
		t.Run(filepath.Base(file), func(t *testing.T) { blocks += check(t, file) })
	}
	if blocks < 8 {
		t.Errorf("only %d blocks were found: the check misses the pages", blocks)
	}
}

// check compares the blocks of a file with their examples, or makes them the
// same, and returns how many there are.
func check(t *testing.T, file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := block.FindAllSubmatch(text, -1)
	named := len(blocks) + len(fileBlock.FindAll(text, -1))
	if all := bytes.Count(text, []byte("```go\n")); named != all {
		t.Errorf("%s has %d blocks of Go, %d of them name the example they come from", file, all, named)
	}
	fresh := block.ReplaceAllFunc(text, func(m []byte) []byte {
		parts := block.FindSubmatch(m)
		dir, name, what := string(parts[1]), string(parts[2]), string(parts[3])
		body, err := exampleBody(filepath.Join(filepath.Dir(file), dir), name, what)
		if err != nil {
			t.Error(err)
			return m
		}
		if !*update && string(parts[4]) != body {
			t.Errorf("the block of %s in %s differs from the example; run: go test ./internal/readme -update", name, file)
		}
		return []byte(fmt.Sprintf("<!-- example: %s %s%s -->\n```go\n%s```", dir, name, what, body))
	})
	fresh = fileBlock.ReplaceAllFunc(fresh, func(m []byte) []byte {
		parts := fileBlock.FindSubmatch(m)
		path := string(parts[1])
		source, err := program(filepath.Join(filepath.Dir(file), path))
		if err != nil {
			t.Error(err)
			return m
		}
		if !*update && string(parts[2]) != source {
			t.Errorf("the block of %s differs from the file; run: go test ./internal/readme -update", path)
		}
		return []byte(fmt.Sprintf("<!-- file: %s -->\n```go\n%s```", path, source))
	})
	if *update {
		if err := os.WriteFile(file, fresh, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return named
}

// program returns a file of Go from its package clause on.
func program(path string) (string, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	at := bytes.Index(source, []byte("\npackage "))
	if at < 0 {
		return "", fmt.Errorf("%s has no package clause below a comment", path)
	}
	return string(source[at+1:]), nil
}

// exampleBody returns what a block shows of an Example function: its body without
// its braces and its first indent. What is the last word of the block's comment.
func exampleBody(dir, name, what string) (string, error) {
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
				body := string(source[set.Position(fn.Body.Lbrace).Offset+1 : set.Position(fn.Body.Rbrace).Offset])
				return cut(body, what)
			}
		}
	}
	return "", fmt.Errorf("no function %s in the tests of %s", name, dir)
}

var outputComment = regexp.MustCompile(`(?s)\n\t// (Unordered output|Output):.*$`)

// cut returns the part of a body that a block shows.
func cut(body, what string) (string, error) {
	if what == " output" {
		return dedent(body), nil
	}
	body = dedent(outputComment.ReplaceAllString(strings.TrimRight(body, "\n\t "), ""))
	number, found := strings.CutPrefix(what, " part ")
	if !found {
		return body, nil
	}
	parts := strings.Split(body, "\n\n")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(parts) {
		return "", fmt.Errorf("there is no part %s: there are %d", number, len(parts))
	}
	return strings.TrimRight(parts[n-1], "\n") + "\n", nil
}

func dedent(body string) string {
	lines := strings.Split(strings.Trim(body, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "\t")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n\t ") + "\n"
}

func TestABlockShowsWhatItsCommentSays(t *testing.T) {
	const body = "\n\ta()\n\n\tif b {\n\t\tc()\n\t}\n\t// Output: d\n"
	for what, want := range map[string]string{
		"":        "a()\n\nif b {\n\tc()\n}\n",
		" output": "a()\n\nif b {\n\tc()\n}\n// Output: d\n",
		" part 1": "a()\n",
		" part 2": "if b {\n\tc()\n}\n",
	} {
		if got, err := cut(body, what); got != want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", what, got, err, want)
		}
	}
	if _, err := cut(body, " part 3"); err == nil {
		t.Error("a part that is not there is no error")
	}
}
