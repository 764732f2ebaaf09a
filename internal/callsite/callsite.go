// Package callsite names lines of a program: the one that has called into a library, and
// the one that panicked.
package callsite

import (
	"path"
	"runtime"
	"strconv"
	"strings"
)

// Outside returns folder/file:line of the nearest caller that is in none of the
// packages, given as import paths, or is a test of one. It is "unknown" when there
// is none within reach.
func Outside(packages ...string) string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		if frame.File != "" && !within(frame, packages) {
			return place(frame)
		}
		if !more {
			return "unknown"
		}
	}
}

// Panicked returns folder/file:line of what panicked, to who recovers from it; "" if it is
// not known.
func Panicked() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for panicked := false; ; {
		frame, more := frames.Next()
		switch {
		case panicked && !strings.HasPrefix(frame.Function, "runtime."):
			return place(frame)
		case !more:
			return ""
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
	}
}

func place(frame runtime.Frame) string {
	dir, file := path.Split(frame.File)
	return path.Join(path.Base(dir), file) + ":" + strconv.Itoa(frame.Line)
}

func within(frame runtime.Frame, packages []string) bool {
	if strings.HasSuffix(frame.File, "_test.go") {
		return false
	}
	for _, p := range packages {
		if rest, found := strings.CutPrefix(frame.Function, p); found && strings.HasPrefix(rest, ".") {
			return true
		}
	}
	return false
}
