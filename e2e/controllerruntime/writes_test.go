package controllerruntime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// readYourWrites makes the manager's client wait for the cache to have what it wrote.
func readYourWrites(o *manager.Options) {
	o.Client.Cache = &client.CacheOptions{Unstructured: true, EnableReadYourWritesConsistency: new(true)}
}

// With EnableReadYourWritesConsistency a read waits for the cache, and one that
// says so does not.
func TestAReadWaitsForTheWritesBeforeIt(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(readYourWrites)
		c := mgr.GetClient()
		w.start(mgr)
		x.must(c.Create(x.ctx, w.configMap("first"))) // so that there is an informer
		x.must(c.Get(x.ctx, w.key("first"), &corev1.ConfigMap{}))

		release := w.wire.hold()
		defer release()
		x.must(c.Create(x.ctx, w.configMap("a")))
		x.sawError("a read that does not wait", c.Get(x.ctx, w.key("a"), &corev1.ConfigMap{}, client.DisableReadYourWritesConsistency))
		short, cancel := context.WithTimeout(x.ctx, 100*time.Millisecond)
		defer cancel()
		err := c.Get(short, w.key("a"), &corev1.ConfigMap{})
		x.saw("one that has waited long enough", errors.Is(err, context.DeadlineExceeded))
		x.must(c.Get(x.ctx, w.key("first"), &corev1.ConfigMap{})) // another key does not wait
		read := make(chan error, 1)
		go func() { read <- c.Get(x.ctx, w.key("a"), &corev1.ConfigMap{}) }()
		release()
		x.must(<-read)
		x.saw("list", w.names(c))

		release = w.wire.hold()
		defer release()
		x.must(c.Delete(x.ctx, w.configMap("a")))
		x.must(c.Get(x.ctx, w.key("a"), &corev1.ConfigMap{}, client.DisableReadYourWritesConsistency))
		go func() { read <- c.Get(x.ctx, w.key("a"), &corev1.ConfigMap{}) }()
		release()
		x.sawError("what was deleted", <-read)
		x.sawError("DeleteAllOf", c.DeleteAllOf(x.ctx, &corev1.ConfigMap{}, client.InNamespace(w.ns)))
	})
}

// Many goroutines write and read what they wrote, typed and as metadata.
// controller-runtime v0.25.2 takes a write of an unstructured object for one of a
// typed object, so that unstructured reads do not wait.
func TestEachWriterReadsWhatItWrote(t *testing.T) {
	for _, form := range []representation{configMapForms[0], configMapForms[2]} {
		t.Run(form.name, func(t *testing.T) {
			prove(t, func(x *trial) {
				w := newWorld(x, nil)
				mgr := w.manager(readYourWrites)
				w.start(mgr)
				var writers sync.WaitGroup
				for i := range 4 {
					writers.Go(func() {
						for round := range 5 {
							if err := w.writeAndRead(mgr.GetClient(), form, fmt.Sprintf("cm-%d-%d", i, round)); err != nil {
								x.Error(err)
								return
							}
						}
					})
				}
				writers.Wait()
				list := form.list()
				x.must(mgr.GetClient().List(x.ctx, list))
				x.saw("left", form.items(list))
			})
		})
	}
}

// writeAndRead takes one object from its creation to its deletion; a finalizer is
// in between. A write of metadata alone cannot create.
func (w *world) writeAndRead(c client.Client, form representation, name string) error {
	o := form.object()
	o.SetNamespace(w.ns)
	o.SetName(name)
	if form.name == "metadata" {
		if err := w.direct.Create(w.ctx, w.configMap(name)); err != nil {
			return err
		}
	} else if err := c.Create(w.ctx, o); err != nil {
		return err
	}
	for _, step := range []struct {
		what, merge string
		delete      bool
		want        string
	}{
		{what: "a label", merge: `{"metadata":{"labels":{"colour":"red"}}}`, want: "red []"},
		{what: "another", merge: `{"metadata":{"labels":{"colour":"blue"}}}`, want: "blue []"},
		{what: "a finalizer", merge: `{"metadata":{"finalizers":["example.io/wait"]}}`, want: "blue [example.io/wait]"},
		{what: "a deletion", delete: true, want: "blue [example.io/wait] deleted"},
		{what: "the end", merge: `{"metadata":{"finalizers":null}}`, want: "gone"},
	} {
		var err error
		if step.delete {
			err = c.Delete(w.ctx, o)
		} else {
			err = c.Patch(w.ctx, o, client.RawPatch("application/merge-patch+json", []byte(step.merge)))
		}
		if err != nil {
			return fmt.Errorf("%s of %s: %w", step.what, name, err)
		}
		if step.want == "gone" {
			return w.awaitGone(c, form, name)
		}
		found := form.object()
		if err := c.Get(w.ctx, w.key(name), found); err != nil {
			return fmt.Errorf("%s of %s: %w", step.what, name, err)
		}
		got := fmt.Sprint(found.GetLabels()["colour"], " ", found.GetFinalizers())
		if found.GetDeletionTimestamp() != nil {
			got += " deleted"
		}
		if got != step.want {
			return fmt.Errorf("%s of %s is read as %q, want %q", step.what, name, got, step.want)
		}
	}
	return nil
}

// awaitGone waits for the end of an object whose last finalizer was taken off: a
// patch that ends it is no deletion to the client, which does not wait for one.
func (w *world) awaitGone(c client.Client, form representation, name string) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.Get(w.ctx, w.key(name), form.object())
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-w.ctx.Done():
			return fmt.Errorf("%s is never gone", name)
		}
	}
}

// Server-side apply and updates of a subresource are writes too.
func TestAppliedObjectsAreRead(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(readYourWrites, func(o *manager.Options) { o.Client.FieldOwner = "suite" })
		c := mgr.GetClient()
		w.start(mgr)
		for _, colour := range []string{"red", "green", "blue"} {
			x.must(c.Apply(x.ctx, applycorev1.ConfigMap("applied", w.ns).WithData(map[string]string{"colour": colour})))
			var found corev1.ConfigMap
			x.must(c.Get(x.ctx, w.key("applied"), &found))
			x.saw("applied", pairs(found.Data))
			x.saw("owner", found.ManagedFields[0].Manager)
		}
	})
}
