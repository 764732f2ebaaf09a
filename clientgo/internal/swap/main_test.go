package swap

import (
	"flag"
	"io"
	"testing"

	"go.uber.org/goleak"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

func TestMain(m *testing.M) {
	// Faults are most of what happens here, and both engines log each.
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	_ = flags.Set("stderrthreshold", "FATAL")
	// One of apimachinery's handlers spaces errors by the real clock, which in virtual
	// time is a sleep of decades.
	utilruntime.ErrorHandlers = nil
	goleak.VerifyTestMain(m)
}
