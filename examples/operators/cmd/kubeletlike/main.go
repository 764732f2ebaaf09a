// Command kubeletlike is the program of package kubeletlike.
package main

import (
	"context"
	"flag"
	"io"

	"k8s.io/client-go/rest"

	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/kubeletlike"
	"github.com/informant-go/informant/examples/operators/program"
)

const about = `
kubeletlike plays the kubelet of a node: it says that its pods run, and lets them go
when they are deleted. Without -kubeconfig it shows that on a server in memory, and
ends.`

func main() { program.Main(command()) }

func command() program.Program {
	var o kubeletlike.Options
	return program.Program{
		Name: "kubeletlike", About: about,
		Flags: func(flags *flag.FlagSet) {
			flags.StringVar(&o.Node, "node", "node-1", "the `name` of the node: not of one that has a kubelet")
			flags.StringVar(&o.Namespace, "namespace", "", "only the pods of a `namespace` (default all)")
		},
		Run: func(ctx context.Context, cfg *rest.Config, e engine.Engine, _ bool) error {
			o.Engine = e
			k, err := kubeletlike.New(cfg, o)
			if err != nil {
				return err
			}
			return k.Run(ctx)
		},
		Demo: func(ctx context.Context, cfg *rest.Config, out io.Writer) error {
			return kubeletlike.Demo(ctx, cfg, o.Node, out)
		},
	}
}
