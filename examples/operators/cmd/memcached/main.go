// Command memcached is the operator of package memcached.
package main

import (
	"context"
	"flag"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/memcached"
	"github.com/informant-go/informant/examples/operators/operator"
	"github.com/informant-go/informant/examples/operators/program"
	"github.com/informant-go/informant/reflector/apitest"
)

const about = `
memcached keeps a Deployment for each Memcached, and says in the status which pods
there are. Without -kubeconfig it shows that on a server in memory, which checks no
definitions, and ends.`

func main() { program.Main(command()) }

func command() program.Program {
	var o operator.Options
	return program.Program{
		Name: "memcached", About: about,
		Flags: func(flags *flag.FlagSet) {
			flags.StringVar(&o.Namespace, "namespace", "default", "the operator's own `namespace`, for its lease and the directory")
			flags.BoolVar(&o.LeaderElection, "leader-elect", false, "work only while elected, so that there may be several replicas")
		},
		Resources: []apitest.Resource{memcached.Resource},
		Run: func(ctx context.Context, cfg *rest.Config, e engine.Engine, own bool) error {
			o.Engine = e
			if !own {
				if err := install(ctx, cfg); err != nil {
					return err
				}
			}
			mgr, err := memcached.New(cfg, o)
			if err != nil {
				return err
			}
			return mgr.Start(ctx)
		},
		Demo: memcached.Demo,
	}
}

func install(ctx context.Context, cfg *rest.Config) error {
	c, err := client.New(cfg, client.Options{})
	if err != nil {
		return err
	}
	return operator.InstallDefinition(ctx, c, memcached.Definition, nil)
}
