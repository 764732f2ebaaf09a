package prose

import (
	"fmt"
	"go/ast"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A page is a Markdown file of the checkout.
type page struct {
	path string // below the root, with slashes
	text string
}

const glossary = "docs/glossary.md"

func TestPagesOfTheCheckout(t *testing.T) {
	pages := readPages(t)
	t.Run("no link is dead", func(t *testing.T) {
		exists := func(name string) bool {
			_, err := os.Stat(filepath.Join(root, name))
			return err == nil
		}
		for _, p := range pages {
			report(t, deadLinks(p, pages, exists))
		}
	})
	t.Run("a term is defined once and linked where it is first used", func(t *testing.T) {
		terms, faults := defined(pages[slices.IndexFunc(pages, func(p page) bool { return p.path == glossary })])
		report(t, faults)
		if len(terms) < 20 {
			t.Fatalf("only %d terms were found: the check misses the glossary", len(terms))
		}
		for _, p := range pages {
			if path.Dir(p.path) == "docs" && p.path != glossary {
				report(t, unlinked(p, terms))
			}
		}
	})
	t.Run("what a page names is there", func(t *testing.T) {
		_, folders := read(t)
		names := declared(folders)
		for _, p := range pages {
			if path.Dir(p.path) == "docs" {
				report(t, unknown(p, names))
			}
		}
	})
}

func readPages(t *testing.T) (pages []page) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".md") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		pages = append(pages, page{filepath.ToSlash(rel), string(text)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(pages, func(p page) bool { return p.path == glossary }) {
		t.Fatalf("%s is not among the %d pages that were read", glossary, len(pages))
	}
	return pages
}

var (
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
	comment = regexp.MustCompile(`(?s)<!--.*?-->`)
	code    = regexp.MustCompile("`[^`\n]+`")
	heading = regexp.MustCompile(`(?m)^(#+) (.*)$`)
	link    = regexp.MustCompile(`\[([^\]\[]*)\]\(([^)\s]+)\)`)
)

// blank returns text with blanks for what the patterns match, each byte where
// it was.
func blank(text string, patterns ...*regexp.Regexp) string {
	for _, p := range patterns {
		text = p.ReplaceAllStringFunc(text, keepLines)
	}
	return text
}

// keepLines is s with a blank for each byte but the ends of lines.
func keepLines(s string) string {
	out := []byte(strings.Repeat(" ", len(s)))
	for i := range len(s) {
		if s[i] == '\n' {
			out[i] = '\n'
		}
	}
	return string(out)
}

func (p page) line(at int) string {
	return fmt.Sprintf("%s:%d", p.path, 1+strings.Count(p.text[:at], "\n"))
}

// deadLinks finds links to files and headings that are not there. exists is
// asked for files below the root.
func deadLinks(p page, pages []page, exists func(name string) bool) (faults []string) {
	text := blank(p.text, fence, comment, code)
	for _, m := range link.FindAllStringSubmatchIndex(text, -1) {
		target := text[m[4]:m[5]]
		if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
			continue
		}
		file, anchor, _ := strings.Cut(target, "#")
		name := p.path
		if file != "" {
			name = path.Join(path.Dir(p.path), file)
		}
		i := slices.IndexFunc(pages, func(other page) bool { return other.path == name })
		switch {
		case i < 0 && !exists(name), i < 0 && anchor != "":
			faults = append(faults, fmt.Sprintf("%s: %s is not there", p.line(m[0]), target))
		case anchor != "" && !slices.Contains(anchors(pages[i]), anchor):
			faults = append(faults, fmt.Sprintf("%s: %s has no heading #%s", p.line(m[0]), name, anchor))
		}
	}
	return faults
}

var unanchored = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)

// anchors returns the anchors of the headings of a page, as GitHub makes them.
func anchors(p page) (all []string) {
	for _, m := range heading.FindAllStringSubmatch(blank(p.text, fence), -1) {
		all = append(all, anchor(m[2]))
	}
	return all
}

func anchor(title string) string {
	return strings.ReplaceAll(unanchored.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
}

// defined returns the terms of the glossary: its headings of the third level.
func defined(p page) (terms, faults []string) {
	text := blank(p.text, fence)
	all := heading.FindAllStringSubmatchIndex(text, -1)
	for i, m := range all {
		if m[3]-m[2] != 3 {
			continue
		}
		term, end := text[m[4]:m[5]], len(text)
		if i+1 < len(all) {
			end = all[i+1][0]
		}
		if slices.Contains(terms, term) {
			faults = append(faults, fmt.Sprintf("%s: %s is defined twice", p.line(m[0]), term))
		}
		if strings.TrimSpace(text[m[1]:end]) == "" {
			faults = append(faults, fmt.Sprintf("%s: %s has no definition", p.line(m[0]), term))
		}
		terms = append(terms, term)
	}
	return terms, faults
}

// unlinked finds terms whose first use on a page is no link to their
// definition. Code, headings and the words of other links are no use. A term
// inside a longer one is a use of the longer one alone.
func unlinked(p page, terms []string) (faults []string) {
	text := blank(p.text, fence, comment, code, heading)
	type span struct{ from, to int }
	links := map[string][]span{} // by anchor
	hidden := []byte(text)
	hide := func(from, to int) { copy(hidden[from:to], keepLines(text[from:to])) }
	for _, m := range link.FindAllStringSubmatchIndex(text, -1) {
		_, at, found := strings.Cut(text[m[4]:m[5]], "glossary.md#")
		if found {
			links[at] = append(links[at], span{m[2], m[3]})
		} else {
			hide(m[2], m[3])
		}
		hide(m[4], m[5])
	}
	terms = slices.Clone(terms)
	slices.SortStableFunc(terms, func(a, b string) int { return len(b) - len(a) })
	for _, term := range terms {
		uses := using(term).FindAllIndex(hidden, -1)
		for i, at := range uses {
			inside := func(s span) bool { return s.from <= at[0] && at[1] <= s.to }
			if i == 0 && !slices.ContainsFunc(links[anchor(term)], inside) {
				faults = append(faults, fmt.Sprintf("%s: the first use of %q is no link to %s#%s", p.line(at[0]), term, path.Base(glossary), anchor(term)))
			}
			hide(at[0], at[1])
		}
	}
	return faults
}

// using matches a term, one or many, over the end of a line too.
func using(term string) *regexp.Regexp {
	words := strings.ReplaceAll(regexp.QuoteMeta(term), " ", `\s+`)
	if y, found := strings.CutSuffix(words, "y"); found && !strings.HasSuffix(words, "ey") {
		return regexp.MustCompile(`(?i)\b(?:` + words + `|` + y + `ies)\b`)
	}
	return regexp.MustCompile(`(?i)\b` + words + `(?:e?s)?\b`)
}

// declared returns the names of all packages of the checkout: package.Name,
// package.Type.Member, and the numbers of guarantees in their docs.
func declared(folders []folder) map[string]bool {
	names := map[string]bool{}
	for _, f := range folders {
		for _, file := range f.files {
			pkg := file.Name.Name
			names[pkg] = true
			for _, decl := range file.Decls {
				for _, name := range namesOf(decl) {
					names[pkg+"."+name] = true
				}
			}
			if file.Doc != nil {
				for _, number := range guarantee.FindAllString(file.Doc.Text(), -1) {
					names[number] = true
				}
			}
		}
	}
	return names
}

// guarantee matches the number of one.
var guarantee = regexp.MustCompile(`\b[QSFRIALW]\d[a-z]?\b`)

// namesOf returns what a declaration declares, with the members of types.
func namesOf(decl ast.Decl) (names []string) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			return []string{decl.Name.Name}
		}
		return []string{receiver(decl) + "." + decl.Name.Name}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names = append(names, name.Name)
				}
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
				for _, member := range membersOf(spec.Type) {
					names = append(names, spec.Name.Name+"."+member)
				}
			}
		}
	}
	return names
}

func membersOf(t ast.Expr) (names []string) {
	var list *ast.FieldList
	switch t := t.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list = t.Methods
	}
	if list == nil {
		return nil
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

// qualified matches a name in code that begins with a package.
var qualified = regexp.MustCompile("`(([a-z]+)(?:\\.\\w+){1,2})(?:\\(\\))?`")

// ours are the packages whose names pages must get right.
var ours = []string{"object", "workqueue", "indexer", "stores", "mutation", "deltafifo", "reflector", "httpsource", "apitest", "informer", "eventlog"}

// unknown finds names and numbers of guarantees on a page that no package has.
func unknown(p page, names map[string]bool) (faults []string) {
	for _, m := range qualified.FindAllStringSubmatchIndex(blank(p.text, fence), -1) {
		name, pkg := p.text[m[2]:m[3]], p.text[m[4]:m[5]]
		if slices.Contains(ours, pkg) && !names[name] && !strings.HasSuffix(name, ".go") {
			faults = append(faults, fmt.Sprintf("%s: there is no %s", p.line(m[0]), name))
		}
	}
	for _, at := range guarantee.FindAllStringIndex(blank(p.text, fence, code), -1) {
		if number := p.text[at[0]:at[1]]; !names[number] {
			faults = append(faults, fmt.Sprintf("%s: no package guarantees %s", p.line(at[0]), number))
		}
	}
	return faults
}

func TestFaultsOfPagesAreFound(t *testing.T) {
	words := page{glossary, "# Glossary\n### list\nAll.\n### streamed list\nIt comes.\n### list\n### key\nA name.\n"}
	p := page{"docs/1.md", "# A list\n`list`, a [streamed\nlist](glossary.md#streamed-list), keys, the [list](glossary.md#list) and\n" +
		"[a key](glossary.md#none), [x](y.md), [z](1.md#a-list), `informer.Nothing`, `informer.New()`, Q9 and Q1\n```\n[c](d)\n```\n"}
	terms, twice := defined(words)
	names := map[string]bool{"informer.New": true, "Q1": true}
	for _, c := range []struct{ got, want []string }{
		{twice, []string{"docs/glossary.md:6: list is defined twice", "docs/glossary.md:6: list has no definition"}},
		{deadLinks(p, []page{p, words}, func(string) bool { return false }), []string{
			"docs/1.md:4: docs/glossary.md has no heading #none", "docs/1.md:4: y.md is not there",
		}},
		{unlinked(p, terms), []string{`docs/1.md:3: the first use of "key" is no link to glossary.md#key`}},
		{unknown(p, names), []string{"docs/1.md:4: there is no informer.Nothing", "docs/1.md:4: no package guarantees Q9"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(c.got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}
