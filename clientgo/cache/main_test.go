package cache_test

import (
	"flag"
	"io"
	"testing"

	"go.uber.org/goleak"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

func TestMain(m *testing.M) {
	// Broken watches are most of what is tested here, and both engines tell
	// of each.
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	_ = flags.Set("stderrthreshold", "FATAL")
	// apimachinery's own handlers also hold errors back by a clock that is the
	// process's: in virtual time that can be for decades.
	utilruntime.ErrorHandlers = nil
	goleak.VerifyTestMain(m)
}
