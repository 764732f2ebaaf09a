package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// columns is how wide the text is, so that it fits every terminal.
const columns = 78

// screen is where the program speaks. Several goroutines may, and none breaks
// into another's lines.
type screen struct {
	mu  sync.Mutex
	out io.Writer
}

func newScreen(out io.Writer) *screen { return &screen{out: out} }

// say prints a paragraph behind a label, in lines of at most columns characters.
func (s *screen) say(label, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprint(s.out, fill(label, fmt.Sprintf(format, args...)))
}

// print prints lines as they are.
func (s *screen) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprint(s.out, text)
}

// fill breaks text into lines, which all begin in the column behind label.
func fill(label, text string) string {
	var b strings.Builder
	width := utf8.RuneCountInString(label)
	b.WriteString(label)
	used := width
	for _, w := range words(text, columns-width) {
		length := utf8.RuneCountInString(w.text)
		switch {
		case used == width:
		case w.rest || used+1+length > columns:
			b.WriteString("\n" + strings.Repeat(" ", width))
			used = width
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(w.text)
		used += length
	}
	b.WriteByte('\n')
	return b.String()
}

// word is a word of a text, or a part of one that fits no line.
type word struct {
	text string
	rest bool // of the word before
}

// words splits text at its spaces, and what is longer than most within.
func words(text string, most int) (split []word) {
	for _, field := range strings.Fields(text) {
		rest := false
		for runes := []rune(field); len(runes) > 0; rest = true {
			n := breakAt(runes, most)
			split = append(split, word{string(runes[:n]), rest})
			runes = runes[n:]
		}
	}
	return split
}

// breakAt is how much of a word goes on a line: all of it, or what ends with a
// sign that URLs and paths are made of, or most.
func breakAt(runes []rune, most int) int {
	if len(runes) <= most {
		return len(runes)
	}
	for n := most; n > 0; n-- {
		if strings.ContainsRune("/?&,", runes[n-1]) {
			return n
		}
	}
	return most
}
