package realserver

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Options says what server to start. The zero value is a server as it runs in
// production, with new data, on a free port.
type Options struct {
	// Dir is the data directory, which is kept and may be used again once the
	// server has stopped. If it is empty, the data go with the server.
	Dir string
	// Port on 127.0.0.1; zero means a free one.
	Port int
	// NoWatchCache makes the server answer from etcd, so that a compaction
	// counts at once.
	NoWatchCache bool
	// FeatureGates are those of kube-apiserver, by name.
	FeatureGates map[string]bool
	// Flags are more flags of kube-apiserver, each as "--name=value".
	Flags []string
}

// args is the command line of the program in e2e/apiserver.
func (o Options) args() []string {
	args := []string{
		"-control",
		"-port=" + strconv.Itoa(o.Port),
		"-watch-cache=" + strconv.FormatBool(!o.NoWatchCache),
	}
	if o.Dir != "" {
		args = append(args, "-dir="+o.Dir)
	}
	if len(o.FeatureGates) > 0 {
		var gates []string
		for _, name := range slices.Sorted(maps.Keys(o.FeatureGates)) {
			gates = append(gates, name+"="+strconv.FormatBool(o.FeatureGates[name]))
		}
		args = append(args, "-feature-gates="+strings.Join(gates, ","))
	}
	return append(append(args, "--"), o.Flags...)
}
