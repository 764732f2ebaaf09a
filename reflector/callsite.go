package reflector

import (
	"path"
	"runtime"
	"strconv"
	"strings"
)

// machinery are packages that call New for someone else: their lines would
// name all reflectors alike.
var machinery = [...]string{
	"github.com/informant-go/informant/reflector.",
	"github.com/informant-go/informant/informer.",
	"github.com/informant-go/informant/clientgo/cache.",
}

// callSite is folder/file:line of the nearest caller outside the machinery.
func callSite() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		if frame.File != "" && !isMachinery(frame.Function) {
			dir, file := path.Split(frame.File)
			return path.Join(path.Base(dir), file) + ":" + strconv.Itoa(frame.Line)
		}
		if !more {
			return "unknown"
		}
	}
}

func isMachinery(function string) bool {
	for _, prefix := range machinery {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return false
}
