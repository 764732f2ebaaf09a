package controllerruntime

import (
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// A custom resource that does not validate is refused with what is wrong with it,
// and nobody is told of it.
func TestAResourceThatDoesNotValidateIsRefused(t *testing.T) {
	proveAtOnce(t, func(x *trial) {
		c := newCellar(x, "invalid", nil)
		mgr := c.manager()
		var events journal
		c.controller(mgr, "invalid-crates", controller.Options{}, source.Kind(mgr.GetCache(), client.Object(&crateV2{}), events.handler(bottles)))
		c.start(mgr)
		err := mgr.GetClient().Create(x.ctx, c.v2("a", 13, "red"))
		x.sawError("too many", err)
		x.saw("which is Invalid", apierrors.IsInvalid(err))
		x.sawError("a wine that there is not", mgr.GetClient().Create(x.ctx, c.v2("b", 1, "green")))
		good := c.v2("c", 12, "white")
		x.must(mgr.GetClient().Create(x.ctx, good))
		events.awaitCount(x, 1)
		good.Spec.Bottles = 99
		x.sawError("an update", mgr.GetClient().Update(x.ctx, good))
		c.patch(good, `{"spec":{"bottles":11}}`)
		x.saw("events", events.awaitCount(x, 2))
	})
}

// A custom resource that the schema lets through, and that Go's type does not
// take, is seen as unstructured; what is held of the type stays as it was, and
// follows the server again when the resource is mended.
func TestAResourceThatDoesNotDecodeCostsTimeAndNoState(t *testing.T) {
	proveAtOnce(t, func(x *trial) {
		c := newCellar(x, "undecodable", nil)
		mgr := c.manager(cachedUnstructured)
		c.create(c.v2("a", 1, "red"))
		c.start(mgr)
		typed := func(name string) string {
			var found crateV2
			if err := mgr.GetClient().Get(x.ctx, c.key(name), &found); err != nil {
				return timeless(err.Error())
			}
			return bottles(&found)
		}
		x.saw("before", typed("a"))
		_, err := mgr.GetCache().GetInformer(x.ctx, c.raw(""))
		x.must(err)
		bad := c.raw("bad")
		bad.Object["spec"] = map[string]any{"bottles": "a dozen"}
		c.create(bad)
		c.eventually("the unstructured one", func() error { return mgr.GetClient().Get(x.ctx, c.key("bad"), c.raw("")) })
		x.saw("what is held", typed("a"))
		x.saw("the bad one", typed("bad"))
		c.patch(c.raw("a"), `{"spec":{"bottles":2}}`)
		c.patch(c.raw("bad"), `{"spec":{"bottles":12,"wine":"red"}}`)
		for name, want := range map[string]string{"a": "2 bottles of red", "bad": "12 bottles of red"} {
			c.eventually(name, func() error {
				if got := typed(name); got != want {
					return fmt.Errorf("it is %s, not %s", got, want)
				}
				return nil
			})
		}
	})
}

// If it is there from the start, the controller of that type says so and ends.
func TestAControllerOfWhatDoesNotDecodeEndsWithAnError(t *testing.T) {
	proveAtOnce(t, func(x *trial) {
		c := newCellar(x, "undecodable-first", nil)
		bad := c.raw("bad")
		bad.Object["spec"] = map[string]any{"bottles": "a dozen"}
		c.create(bad, c.v2("good", 1, "red"))
		mgr := c.manager()
		c.controller(mgr, "undecodable", controller.Options{CacheSyncTimeout: 2 * time.Second},
			source.Kind(mgr.GetCache(), client.Object(&crateV2{}), handler.EventHandler(&handler.EnqueueRequestForObject{})))
		x.sawError("the manager", c.run(mgr).wait())
	})
}
