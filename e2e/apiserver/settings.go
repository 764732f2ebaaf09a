package main

import (
	"flag"
	"fmt"
)

// settings are what the command line says.
type settings struct {
	dir          string
	port         int
	watchCache   bool
	featureGates string
	control      bool
	more         []string // for kube-apiserver, as they are
}

// parse ends the program at -h and at a flag that it does not know.
func (o *settings) parse(args []string) {
	f := flag.NewFlagSet("apiserver", flag.ExitOnError)
	f.StringVar(&o.dir, "dir", "", "data `directory`, kept after the end; what it holds is used again (default a temporary one, removed at the end)")
	f.IntVar(&o.port, "port", 0, "`port` on 127.0.0.1, 0 for a free one")
	f.BoolVar(&o.watchCache, "watch-cache", true, "let the API server answer from its watch cache; without it a compaction counts at once")
	f.StringVar(&o.featureGates, "feature-gates", "", "kube-apiserver's feature gates, `Name=bool,…`")
	f.BoolVar(&o.control, "control", false, "read commands from standard input and stop at its end")
	f.Usage = func() {
		fmt.Fprint(f.Output(), "usage: apiserver [flags] [-- flags of kube-apiserver]\n\n"+
			"Runs a real Kubernetes API server on a real etcd, on loopback, and prints\n"+
			"READY and the path of a kubeconfig when it answers. SIGTERM or SIGINT stops it.\n"+
			"Commands for -control, one a line: compact, down, up, restart, kill,\netcd, killetcd, upetcd, second URL.\n\n")
		f.PrintDefaults()
	}
	_ = f.Parse(args)
	o.more = f.Args()
}
