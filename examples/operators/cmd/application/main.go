// Command application is the operator of package application.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/informant-go/informant/examples/operators/application"
	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/operator"
	"github.com/informant-go/informant/examples/operators/program"
	"github.com/informant-go/informant/reflector/apitest"
)

const about = `
application keeps a ConfigMap, a Deployment and a Service for each Application, and
says in the status how they are. Without -kubeconfig it shows that on a server in
memory, which asks no webhooks and converts no versions, and ends.`

func main() { program.Main(command()) }

func command() program.Program {
	var o operator.Options
	var hooks string
	return program.Program{
		Name: "application", About: about,
		Flags: func(flags *flag.FlagSet) {
			flags.StringVar(&o.Namespace, "namespace", "default", "the operator's own `namespace`, for its lease")
			flags.BoolVar(&o.LeaderElection, "leader-elect", false, "work only while elected, so that there may be several replicas")
			flags.StringVar(&hooks, "webhooks", "", "`https://host:port` of this machine, where the API server\nfinds the webhooks; without it v1 alone is served, unchecked")
		},
		Resources: []apitest.Resource{application.Resource},
		Run: func(ctx context.Context, cfg *rest.Config, e engine.Engine, own bool) error {
			o.Engine = e
			switch {
			case hooks == "" && own:
				return application.Run(ctx, cfg, o, nil, nil)
			case own:
				return errors.New("-webhooks: the server in memory asks none: give a -kubeconfig too")
			case hooks != "" && o.LeaderElection:
				return errors.New("-webhooks and -leader-elect: each replica would have a certificate of its own, and the API server can trust one: give one of them")
			}
			return run(ctx, cfg, o, hooks)
		},
		Demo: application.Demo,
	}
}

// run installs the definition and, with an address for them, the webhooks.
func run(ctx context.Context, cfg *rest.Config, o operator.Options, hooks string) error {
	at, err := url.Parse(hooks)
	if hooks != "" && (err != nil || at.Scheme != "https" || at.Port() == "") {
		return fmt.Errorf("-webhooks %s: expected https, a host and a port, such as https://192.0.2.7:9443", hooks)
	}
	c, err := client.New(cfg, client.Options{})
	if err != nil {
		return err
	}
	if hooks == "" {
		if err := application.Install(ctx, c, nil); err != nil {
			return err
		}
		return application.Run(ctx, cfg, o, nil, nil)
	}
	certificate, err := application.NewCertificate(at.Hostname())
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", ":"+at.Port())
	if err != nil {
		return err
	}
	if err := application.Install(ctx, c, &application.Webhooks{URL: hooks, Authority: certificate.Authority}); err != nil {
		listener.Close()
		return err
	}
	return application.Run(ctx, cfg, o, listener, certificate)
}
