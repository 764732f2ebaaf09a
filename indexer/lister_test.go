package indexer_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/informant-go/informant/indexer"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var machines = schema.GroupResource{Group: "lab", Resource: "machines"}

func TestListerBySelectorAndNamespace(t *testing.T) {
	byNamespace := indexer.Indexers[*Machine]{indexer.NamespaceIndex: indexer.MetaNamespaceIndexFunc[*Machine]}
	for name, indexers := range map[string]indexer.Indexers[*Machine]{"with index": byNamespace, "without index": nil} {
		t.Run(name, func(t *testing.T) {
			store := must(indexer.New(indexer.Options[*Machine]{Indexers: indexers}))
			for i := range 6 {
				m := &Machine{ObjectMeta: metav1.ObjectMeta{
					Namespace: []string{"a", "b", ""}[i%3], Name: fmt.Sprint(i), Labels: map[string]string{"parity": fmt.Sprint(i % 2)},
				}}
				if err := store.Add(m); err != nil {
					t.Fatal(err)
				}
			}
			lister := must(indexer.NewLister(store, machines))
			odd := labels.SelectorFromSet(labels.Set{"parity": "1"})
			for _, c := range []struct {
				namespace string
				selector  labels.Selector
				want      string
			}{
				{"", nil, "[0 1 2 3 4 5]"},
				{"", labels.Everything(), "[0 1 2 3 4 5]"},
				{"", odd, "[1 3 5]"},
				{"", labels.Nothing(), "[]"},
				{"a", nil, "[0 3]"},
				{"a", odd, "[3]"},
				{"a", labels.Nothing(), "[]"},
				{"none", odd, "[]"},
			} {
				found, err := lister.ByNamespace(c.namespace).List(c.selector)
				if c.namespace == "" {
					found, err = lister.List(c.selector)
				}
				names := []string{}
				for _, m := range found {
					names = append(names, m.Name)
				}
				slices.Sort(names)
				if got := fmt.Sprint(names); got != c.want || err != nil {
					t.Errorf("namespace %q, selector %v: %s (%v), want %s", c.namespace, c.selector, got, err, c.want)
				}
			}
			if m, err := lister.ByNamespace("b").Get("4"); err != nil || m.Name != "4" {
				t.Errorf("Get: %v, %v", m, err)
			}
			if m, err := lister.Get("5"); err != nil || m.Name != "5" {
				t.Errorf("Get: %v, %v", m, err)
			}
			_, err := lister.ByNamespace("b").Get("0")
			if !apierrors.IsNotFound(err) || err.Error() != `machines.lab "0" not found` {
				t.Errorf("Get of what is in another namespace: %v", err)
			}
			inB := 0
			for key := range store.Namespace("b") {
				if inB++; key != "b/1" && key != "b/4" {
					t.Errorf("Namespace yields %q", key)
				}
			}
			if inB != 2 {
				t.Errorf("Namespace yields %d objects", inB)
			}
		})
	}
}
