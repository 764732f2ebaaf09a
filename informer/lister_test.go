package informer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

// oneList is a Runner of one list.
type oneList[T any] []T

func (l oneList[T]) Run(ctx context.Context, sink reflector.Sink[T]) error {
	err := errors.Join(sink.Begin(ctx), sink.Page(ctx, l), sink.Commit(ctx, "1"))
	if err == nil {
		<-ctx.Done()
		err = ctx.Err()
	}
	return err
}

// The lister of an informer reads its store by namespace, name and selector, whatever
// the type of the objects: metadata alone, unstructured, or a type of one's own.
func TestListersOfObjectsOfAnyType(t *testing.T) {
	t.Run("metadata", func(t *testing.T) {
		checkLister(t, object.Meta[*metav1.PartialObjectMetadata](), func(m metav1.ObjectMeta) *metav1.PartialObjectMetadata {
			return &metav1.PartialObjectMetadata{ObjectMeta: m}
		})
	})
	t.Run("unstructured", func(t *testing.T) {
		checkLister(t, object.Meta[*unstructured.Unstructured](), func(m metav1.ObjectMeta) *unstructured.Unstructured {
			u := &unstructured.Unstructured{}
			u.SetNamespace(m.Namespace)
			u.SetName(m.Name)
			u.SetLabels(m.Labels)
			return u
		})
	})
	t.Run("one's own", func(t *testing.T) {
		checkLister(t, object.Keyed(
			func(m metav1.ObjectMeta) (string, error) { return m.Namespace + "/" + m.Name, nil },
			object.Fields[metav1.ObjectMeta]{Labels: func(m metav1.ObjectMeta) map[string]string { return m.Labels }},
		), func(m metav1.ObjectMeta) metav1.ObjectMeta { return m })
	})
}

func checkLister[T any](t *testing.T, access object.Access[T], newObject func(metav1.ObjectMeta) T) {
	for name, indexers := range map[string]indexer.Indexers[T]{
		"indexed": {indexer.NamespaceIndex: func(obj T) ([]string, error) { return []string{access.Name(obj).Namespace}, nil }},
		"plain":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var objects oneList[T]
				for i := range 6 {
					objects = append(objects, newObject(metav1.ObjectMeta{
						Namespace: []string{"a", "b"}[i%2], Name: fmt.Sprint(i), Labels: map[string]string{"third": fmt.Sprint(i % 3)},
					}))
				}
				in, err := NewFromRunner(access, objects, Options[T]{Name: "things", Indexers: indexers})
				if err != nil {
					t.Fatal(err)
				}
				lister := in.Lister() // before it runs
				running(t, in)
				synctest.Wait()
				first, err := labels.Parse("third=0")
				if err != nil {
					t.Fatal(err)
				}
				for want, list := range map[string]func() ([]T, error){
					"[0 1 2 3 4 5]": func() ([]T, error) { return lister.List(nil) },
					"[0 3]":         func() ([]T, error) { return lister.List(first) },
					"[1 3 5]":       func() ([]T, error) { return lister.ByNamespace("b").List(labels.Everything()) },
					"[3]":           func() ([]T, error) { return lister.ByNamespace("b").List(first) },
				} {
					found, err := list()
					var names []string
					for _, obj := range found {
						names = append(names, access.Name(obj).Name)
					}
					slices.Sort(names)
					if got := fmt.Sprint(names); got != want || err != nil {
						t.Errorf("listed %s (%v), want %s", got, err, want)
					}
				}
				if obj, err := lister.ByNamespace("a").Get("2"); err != nil || access.Name(obj).Name != "2" {
					t.Errorf("Get: %v, %v", obj, err)
				}
				if _, err := lister.ByNamespace("b").Get("2"); !apierrors.IsNotFound(err) || err.Error() != `things "2" not found` {
					t.Errorf("Get of what is not there: %v", err)
				}
			})
		})
	}
}
