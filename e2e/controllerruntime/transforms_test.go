package controllerruntime

import (
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// annotating is a transform that leaves a mark.
func annotating(mark string) func(any) (any, error) {
	return func(in any) (any, error) {
		o, ok := in.(client.Object)
		if !ok {
			return nil, fmt.Errorf("the transform is given a %T", in)
		}
		o.SetAnnotations(map[string]string{"transformed": mark})
		return o, nil
	}
}

func marks(o client.Object) string {
	return fmt.Sprint(pairs(o.GetAnnotations()), len(o.GetManagedFields()) > 0)
}

func TestTransformsShapeWhatIsHeldAndTold(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		other := server.Server(x).Namespace(x)
		mgr := w.manager(func(o *manager.Options) {
			o.Cache.DefaultNamespaces = map[string]cache.Config{w.ns: {}, other: {Transform: annotating("namespace")}}
			o.Cache.DefaultTransform = cache.TransformStripManagedFields()
			o.Cache.ByObject = map[client.Object]cache.ByObject{&corev1.Secret{}: {Transform: annotating("object")}}
		})
		x.must(mgr.GetFieldIndexer().IndexField(x.ctx, &corev1.Secret{}, "mark", func(o client.Object) []string {
			return []string{o.GetAnnotations()["transformed"]}
		}))
		var configMaps, secrets journal
		w.controller(mgr, "transform-configmaps", controller.Options{},
			source.Kind(mgr.GetCache(), client.Object(&corev1.ConfigMap{}), configMaps.handler(marks)))
		w.controller(mgr, "transform-secrets", controller.Options{},
			source.Kind(mgr.GetCache(), client.Object(&corev1.Secret{}), secrets.handler(marks)))
		elsewhere := w.configMap("elsewhere")
		elsewhere.Namespace = other
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.ns, Name: "secret"}}
		w.start(mgr)
		w.create(w.configMap("here"))
		configMaps.awaitCount(x, 1)
		w.create(elsewhere)
		configMaps.awaitCount(x, 2)
		w.patch(w.configMap("here"), `{"data":{"n":"1"}}`)
		x.saw("ConfigMaps", configMaps.awaitCount(x, 3))
		w.create(secret)
		secrets.awaitCount(x, 1)
		w.remove(secret)
		x.saw("Secrets", secrets.awaitCount(x, 2))
		var cm corev1.ConfigMap
		x.must(mgr.GetClient().Get(x.ctx, client.ObjectKey{Namespace: other, Name: "elsewhere"}, &cm))
		x.saw("elsewhere", marks(&cm))
		var list corev1.SecretList
		x.must(mgr.GetClient().List(x.ctx, &list, client.MatchingFields{"mark": "object"}))
		x.saw("Secrets by index", len(list.Items))
	})
}

// An object that the transform refuses costs nobody else his place, when the list
// comes as a stream.
func TestATransformThatFailsForOneObject(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(w.oneInformer, func(o *manager.Options) {
			o.Cache.DefaultTransform = func(in any) (any, error) {
				if o, ok := in.(client.Object); ok && o.GetName() == "refused" {
					return nil, errors.New("this one is refused")
				}
				return in, nil
			}
		})
		w.create(w.configMap("a"), w.configMap("refused"), w.configMap("z"))
		var events journal
		w.controller(mgr, "transform-fails", controller.Options{},
			source.Kind(mgr.GetCache(), client.Object(&corev1.ConfigMap{}), events.handler(nil)))
		w.start(mgr)
		x.saw("events", sorted(events.all()))
		x.saw("held", w.names(mgr.GetCache()))
	})
}
