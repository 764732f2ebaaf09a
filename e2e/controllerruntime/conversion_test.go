package controllerruntime

import (
	"fmt"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// cellar is a world whose server knows crates.
type cellar struct {
	*world
	group string
}

// newCellar defines crates of a group of the trial's own. With hooks there are two
// versions, and who serves the hooks converts.
func newCellar(x *trial, group string, h *hooks) *cellar {
	x.Helper()
	group = group + "." + x.engine.name + ".example.io"
	c := &cellar{newWorld(x, cratesOf(group)), group}
	crd := crates(group, h)
	c.temporary(crd)
	c.eventually("crates", func() error {
		if err := c.direct.Get(x.ctx, client.ObjectKeyFromObject(crd), crd); err != nil {
			return err
		}
		for _, condition := range crd.Status.Conditions {
			if condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue {
				return nil
			}
		}
		return fmt.Errorf("they are not established: %v", crd.Status.Conditions)
	})
	// Established is not yet served.
	c.eventually("crates to be served", func() error { return c.direct.List(x.ctx, &crateV2List{}, client.InNamespace(c.ns)) })
	return c
}

func (c *cellar) v1(name, content string) *crateV1 {
	return &crateV1{ObjectMeta: metav1.ObjectMeta{Namespace: c.ns, Name: name}, Spec: crateSpecV1{Content: content}}
}

func (c *cellar) v2(name string, bottles int, wine string) *crateV2 {
	return &crateV2{ObjectMeta: metav1.ObjectMeta{Namespace: c.ns, Name: name}, Spec: crateSpecV2{Bottles: bottles, Wine: wine}}
}

// raw is a crate of version 2 as the server has it.
func (c *cellar) raw(name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(schema.GroupVersionKind{Group: c.group, Version: "v2", Kind: "Crate"})
	u.SetNamespace(c.ns)
	u.SetName(name)
	return u
}

func content(o client.Object) string { return o.(*crateV1).Spec.Content }

func bottles(o client.Object) string {
	spec := o.(*crateV2).Spec
	return fmt.Sprint(spec.Bottles, " bottles of ", spec.Wine)
}

func rawSpec(o client.Object) string {
	spec := o.(*unstructured.Unstructured).Object["spec"].(map[string]any)
	return fmt.Sprint(spec["bottles"], " of ", spec["wine"])
}

// Caches of both versions of a resource, each converted by the manager's own
// webhook, hold the same objects in their own form.
func TestBothVersionsOfAResourceAreHeld(t *testing.T) {
	proveAtOnce(t, func(x *trial) {
		h := newHooks(x)
		c := newCellar(x, "versions", h)
		mgr := c.manager(h.serve, cachedUnstructured)
		x.must(builder.WebhookManagedBy(mgr, &crateV2{}).Complete())
		var one, two, three journal
		c.controller(mgr, "crates-v1", controller.Options{}, source.Kind(mgr.GetCache(), client.Object(&crateV1{}), one.handler(content)))
		c.controller(mgr, "crates-v2", controller.Options{}, source.Kind(mgr.GetCache(), client.Object(&crateV2{}), two.handler(bottles)))
		c.controller(mgr, "crates-raw", controller.Options{}, source.Kind(mgr.GetCache(), client.Object(c.raw("")), three.handler(rawSpec)))
		c.create(c.v2("stored", 6, "red")) // which needs no conversion
		c.start(mgr)
		all := func(n int) {
			for _, j := range []*journal{&one, &two, &three} {
				j.awaitCount(x, n)
			}
		}
		all(1)
		x.must(mgr.GetClient().Create(x.ctx, c.v1("spoken", "3 white")))
		all(2)
		c.patch(c.raw("stored"), `{"spec":{"bottles":5}}`)
		all(3)
		var spoken crateV2
		x.must(mgr.GetClient().Get(x.ctx, c.key("spoken"), &spoken))
		x.saw("version 2 of what was written as version 1", bottles(&spoken))
		c.remove(&spoken)
		all(4)
		x.saw("version 1", one.all())
		x.saw("version 2", two.all())
		x.saw("raw", three.all())
	})
}

// While the webhook cannot convert one object, the version that needs it stands
// still, the other does not, and both are where the server is once it can again,
// which takes the server's own cache of that version half a minute.
func TestAnObjectThatCannotBeConvertedHoldsUpOneVersion(t *testing.T) {
	proveAtOnce(t, func(x *trial) {
		h := newHooks(x)
		c := newCellar(x, "unconvertible", h)
		mgr := c.manager(h.serve)
		x.must(builder.WebhookManagedBy(mgr, &crateV2{}).Complete())
		c.start(mgr)
		_, err := mgr.GetCache().GetInformer(x.ctx, &crateV1{})
		x.must(err)
		_, err = mgr.GetCache().GetInformer(x.ctx, &crateV2{})
		x.must(err)
		c.create(c.v2("bad", 1, unspeakable), c.v2("good", 2, "red"))
		c.eventually("version 2", func() error { return mgr.GetClient().Get(x.ctx, c.key("good"), &crateV2{}) })
		// The server says that its webhook failed, or that its own cache waits for that.
		if err := c.direct.List(x.ctx, &crateV1List{}, client.InNamespace(c.ns)); err == nil {
			x.Error("the server lists version 1")
		}
		c.patch(c.raw("bad"), `{"spec":{"wine":"white"}}`)
		for _, name := range []string{"bad", "good"} {
			var found crateV1
			c.eventually("version 1", func() error { return mgr.GetClient().Get(x.ctx, c.key(name), &found) })
			x.saw(name, found.Spec.Content)
		}
	})
}
