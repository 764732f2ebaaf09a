package application

import (
	"context"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/informant-go/informant/examples/operators/application/v1"
	"github.com/informant-go/informant/examples/operators/operator"
	"github.com/informant-go/informant/reflector/apitest"
)

// Resource is what a server in memory serves in the place of the definition: v1 alone,
// since it converts nothing.
var Resource = apitest.Resource{
	Group: v1.GroupVersion.Group, Version: v1.GroupVersion.Version,
	Resource: "applications", Kind: "Application", Namespaced: true, Status: true,
}

// Demo shows the life of an Application on a server where the operator runs.
func Demo(ctx context.Context, cfg *rest.Config, out io.Writer) error {
	scheme, err := NewScheme()
	if err != nil {
		return err
	}
	c, err := client.New(cfg, client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "This server asks no webhooks and converts no versions: the operator sets defaults and refuses by itself, and v1alpha1 is not there.")
	app := &v1.Application{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "guestbook"},
		Spec:       v1.Spec{Image: "example.com/guestbook:1.2", Settings: map[string]string{"GREETING": "hello"}},
	}
	if err := c.Create(ctx, app); err != nil {
		return err
	}
	ready := func() bool { return app.Status.ComponentsReady == "3/3" }
	if err := operator.Await(ctx, c, app, ready); err != nil {
		return err
	}
	for _, component := range app.Status.Components {
		fmt.Fprintf(out, "%s %s is ready.\n", component.Kind, component.Name)
	}

	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: app.Namespace, Name: app.Name}}
	if err := c.Get(ctx, client.ObjectKeyFromObject(service), service); err != nil {
		return err
	}
	if err := c.Delete(ctx, service); err != nil {
		return err
	}
	if err := operator.AwaitGone(ctx, c, service); err != nil {
		return err
	}
	if err := operator.Await(ctx, c, service, func() bool { return true }); err != nil {
		return err
	}
	fmt.Fprintln(out, "The Service was deleted, and is there again.")

	if err := c.Delete(ctx, app); err != nil {
		return err
	}
	deployment := service.DeepCopy()
	if err := operator.AwaitGone(ctx, c, deployment); err != nil {
		return err
	}
	fmt.Fprintln(out, "The Application was deleted, and its objects with it.")
	return nil
}
