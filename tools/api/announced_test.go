package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A checkout in a test, with commits of its own.
type checkout struct {
	*testing.T
	dir string
}

func newCheckout(t *testing.T) checkout {
	c := checkout{t, t.TempDir()}
	c.git("init", "--quiet")
	c.commit("README.md")
	return c
}

func (c checkout) git(args ...string) {
	c.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = c.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		c.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

// write appends a line to each file.
func (c checkout) write(files ...string) {
	c.Helper()
	for _, file := range files {
		file = filepath.Join(c.dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			c.Fatal(err)
		}
		old, _ := os.ReadFile(file)
		if err := os.WriteFile(file, append(old, "line\n"...), 0o644); err != nil {
			c.Fatal(err)
		}
	}
}

func (c checkout) commit(files ...string) {
	c.Helper()
	c.write(files...)
	c.git("add", "--all")
	c.git("commit", "--quiet", "--message", strings.Join(files, " "))
}

func (c checkout) expect(ok bool, saying string) {
	c.Helper()
	verdict, err := announced(c.dir)
	if err != nil {
		verdict = err.Error()
	}
	if (err == nil) != ok || !strings.Contains(verdict, saying) {
		c.Errorf("passes: %v, saying %q; want %v, saying %q", err == nil, verdict, ok, saying)
	}
}

func TestAChangeOfTheAPINeedsALineInTheChangelog(t *testing.T) {
	c := newCheckout(t)
	c.expect(true, "no commit")
	c.commit("api/a.txt", "CHANGELOG.md")
	c.expect(true, "and ")
	c.commit("README.md")
	c.expect(true, "and ")
	c.write("api/a.txt")
	c.expect(false, "CHANGELOG.md is not")
	c.write("CHANGELOG.md")
	c.expect(true, "not yet committed")
	c.commit("README.md")
	c.commit("api/b.txt")
	c.expect(false, "neither it nor one since")
	c.commit("README.md")
	c.expect(false, "neither it nor one since")
	c.commit("CHANGELOG.md")
	c.expect(true, "and ")
}

func TestABranchBringsItsOwnLine(t *testing.T) {
	c := newCheckout(t)
	c.git("checkout", "--quiet", "-b", "mine")
	c.commit("api/a.txt", "CHANGELOG.md")
	c.git("checkout", "--quiet", "-b", "theirs", "mine^")
	c.commit("other.txt")
	c.git("merge", "--quiet", "--no-edit", "mine")
	c.expect(true, "and ")
}

func TestWhatCannotBeCheckedPassesAndSaysSo(t *testing.T) {
	checkout{t, t.TempDir()}.expect(true, "was not checked")

	c := newCheckout(t)
	c.write("unpacked/api/a.txt")
	checkout{t, filepath.Join(c.dir, "unpacked")}.expect(true, "a repository of something else")

	c.commit("api/a.txt")
	c.expect(false, "neither")
	shallow := checkout{t, filepath.Join(t.TempDir(), "shallow")}
	c.git("clone", "--quiet", "--depth", "1", "file://"+filepath.ToSlash(c.dir), shallow.dir)
	shallow.expect(true, "history begins with it")
}
