// Command api keeps what the packages of this repository export in the files
// api/*.txt, one for each public package, so that a change of the API shows in
// a review and is never an accident.
//
// Usage: api [-root DIR] [-write]
//
// Without -write it compares the files with the source, prints the difference,
// and fails if there is one. It then asks git whether a change of the files
// came with a line in CHANGELOG.md.
//
// # Format
//
// A file has a line for each thing that an importer of the package can name,
// sorted: constants, variables, functions, types, fields and methods.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/informant-go/informant/tools/internal/load"
	"github.com/informant-go/informant/tools/internal/surface"
)

const folder = "api"

// command writes the files anew. It runs at the root of the checkout.
const command = "GOWORK=off go -C tools run ./api -root .. -write"

func main() {
	root := flag.String("root", ".", "the folder of the checkout")
	write := flag.Bool("write", false, "write the files anew")
	flag.Parse()
	if err := run(*root, *write); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

func run(root string, write bool) error {
	want, err := generate(root)
	if err != nil {
		return err
	}
	have, err := read(filepath.Join(root, folder))
	if err != nil {
		return err
	}
	if write {
		return replace(filepath.Join(root, folder), have, want)
	}
	if d := difference(have, want); d != "" {
		return fmt.Errorf("the files in %s/ are not what the packages export:\n%sif that is meant, say so in CHANGELOG.md and run\n\t%s", folder, d, command)
	}
	fmt.Printf("api: %d packages, as written down\n", len(want))
	verdict, err := announced(root)
	if err != nil {
		return err
	}
	fmt.Println("api:", verdict)
	return nil
}

// generate returns what each file holds, by its name.
func generate(root string) (map[string]string, error) {
	tree, err := load.Work(root)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, p := range tree.Packages {
		if !p.Public() {
			continue
		}
		if lines := surface.Lines(p.Types); len(lines) > 0 {
			files[fileName(p.Path)] = strings.Join(lines, "\n") + "\n"
		}
	}
	return files, nil
}

// fileName returns the name of the file for the package path: its path below
// the root with dashes for slashes.
func fileName(path string) string {
	return strings.ReplaceAll(load.Short(path), "/", "-") + ".txt"
}

// read returns the files that are there, by name.
func read(dir string) (map[string]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files[filepath.Base(name)] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	return files, nil
}

// replace makes the folder hold want and no other file of that kind.
func replace(dir string, have, want map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name := range have {
		if _, ok := want[name]; !ok {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	for name, text := range want {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// difference returns the lines that only one side has, - for what the files say
// and + for what the packages export, or "" if both say the same.
func difference(have, want map[string]string) string {
	var changes []string
	for _, pair := range []struct {
		sign      string
		from, not map[string]string
	}{{"-", have, want}, {"+", want, have}} {
		for name, text := range pair.from {
			other := map[string]bool{}
			for _, line := range strings.Split(pair.not[name], "\n") {
				other[line] = true
			}
			for _, line := range strings.Split(text, "\n") {
				if !other[line] {
					changes = append(changes, line+"\x00"+pair.sign)
				}
			}
		}
	}
	slices.Sort(changes)
	var out strings.Builder
	for _, change := range changes {
		line, sign, _ := strings.Cut(change, "\x00")
		fmt.Fprintf(&out, "%s %s\n", sign, line)
	}
	return out.String()
}

// announced says whether CHANGELOG.md was changed with the API or since. A
// checkout that cannot tell passes, and the verdict says so.
func announced(root string) (verdict string, err error) {
	const advice = "say in CHANGELOG.md, below Unreleased, what changes for users"
	if why := noHistory(root); why != "" {
		return "whether CHANGELOG.md tells of the newest change was not checked: " + why, nil
	}
	dirty, err := git(root, "status", "--porcelain", "--", folder, "CHANGELOG.md")
	if err != nil {
		return "", err
	}
	if strings.Contains(dirty, "CHANGELOG.md") {
		return "CHANGELOG.md is changed, not yet committed", nil
	}
	if dirty != "" {
		return "", errors.New(folder + "/ is changed and CHANGELOG.md is not: " + advice)
	}
	newest, err := git(root, "log", "-1", "--format=%h", "--", folder)
	if err != nil {
		return "", err
	}
	if newest == "" {
		return "no commit of this history changes " + folder + "/", nil
	}
	parent, err := git(root, "rev-parse", "--verify", "--quiet", newest+"^")
	if err != nil {
		return "whether CHANGELOG.md tells of the newest change was not checked: history begins with it", nil
	}
	since, err := git(root, "log", "-1", "--format=%h", parent+"..HEAD", "--", "CHANGELOG.md")
	if err != nil {
		return "", err
	}
	if since == "" {
		return "", fmt.Errorf("commit %s changes %s/, and neither it nor one since changes CHANGELOG.md: %s", newest, folder, advice)
	}
	return fmt.Sprintf("commit %s changed %s/, and %s CHANGELOG.md", newest, folder, since), nil
}

// noHistory returns why git knows nothing of the checkout, or "".
func noHistory(root string) string {
	if _, err := exec.LookPath("git"); err != nil {
		return "there is no git"
	}
	prefix, err := git(root, "rev-parse", "--show-prefix")
	if err != nil {
		return err.Error()
	}
	if prefix != "" {
		return "the checkout lies in a repository of something else"
	}
	return ""
}

func git(root string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return "", fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}
