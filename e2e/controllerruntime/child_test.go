package controllerruntime

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// A process of its own runs what ends its process, or what has to have the
// process's series for itself. These variables say what, where and on which engine.
const (
	taskVariable       = "CONTROLLERRUNTIME_TEST_TASK"
	engineVariable     = "CONTROLLERRUNTIME_TEST_ENGINE"
	namespaceVariable  = "CONTROLLERRUNTIME_TEST_NAMESPACE"
	kubeconfigVariable = "CONTROLLERRUNTIME_TEST_KUBECONFIG"
)

// tasks are what a child can do.
var tasks = map[string]func(context.Context, *child) error{
	"panic":   panicInReconciler,
	"metrics": printSeries,
}

// child is the process that does a task.
type child struct {
	engine engine
	ns     string
	config *rest.Config
	direct client.Client
}

// beChild does a task and ends the process.
func beChild(task string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := newChild()
	if err == nil {
		err = tasks[task](ctx, c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the task failed:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func newChild() (*child, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv(kubeconfigVariable))
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	c := &child{ns: os.Getenv(namespaceVariable), config: config}
	for _, e := range engines {
		if e.name == os.Getenv(engineVariable) {
			c.engine = e
		}
	}
	// A transport of its own, so that its requests are not among the child's.
	transport, err := rest.TransportFor(rest.CopyConfig(config))
	if err != nil {
		return nil, err
	}
	c.direct, err = client.New(config, client.Options{Scheme: clientscheme.Scheme, HTTPClient: &http.Client{Transport: transport}})
	return c, err
}

// manager makes one on the child's engine that serves metrics at an address.
func (c *child) manager(metrics string) (manager.Manager, error) {
	o := manager.Options{
		Metrics:                 metricsserver.Options{BindAddress: metrics},
		Controller:              config.Controller{SkipNameValidation: new(true)},
		Cache:                   cache.Options{DefaultNamespaces: map[string]cache.Config{c.ns: {}}},
		GracefulShutdownTimeout: new(time.Minute),
	}
	c.engine.set(&o)
	return manager.New(c.config, o)
}

// inChild does a task in a process of its own, and returns what it prints and how
// it ends.
func (w *world) inChild(task string) (stdout, stderr string, err error) {
	cmd := exec.CommandContext(w.ctx, os.Args[0])
	cmd.Env = append(os.Environ(),
		taskVariable+"="+task, engineVariable+"="+w.engine.name,
		namespaceVariable+"="+w.ns, kubeconfigVariable+"="+server.Server(w).Kubeconfig())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), strings.TrimSpace(errs.String()), err
}
