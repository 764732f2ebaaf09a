package cache

import (
	"path"
	"runtime"
	"strconv"
	"strings"
)

// machinery are the packages that make informers and reflectors for others:
// their lines would name all of them alike.
var machinery = [...]string{
	"github.com/informant-go/informant/clientgo/cache.",
	"github.com/informant-go/informant/clientgo/controllerruntime.",
	"github.com/informant-go/informant/clientgo/informerfactory.",
	"k8s.io/client-go/tools/cache.",
}

// callerName is package/file:line of who asked for an informer or a reflector,
// as client-go names them.
func callerName() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		if frame.Function != "" && !isMachinery(frame.Function) {
			return place(frame)
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

// place is the import path of a frame's function with its file and line.
func place(frame runtime.Frame) string {
	slash := strings.LastIndexByte(frame.Function, '/') + 1
	pkg, _, _ := strings.Cut(frame.Function[slash:], ".")
	return frame.Function[:slash] + pkg + "/" + path.Base(frame.File) + ":" + strconv.Itoa(frame.Line)
}
