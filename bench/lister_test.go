package bench

import (
	"fmt"
	"testing"

	dropincache "github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/indexer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/cache"
)

// lister is a store that is asked by selector.
type lister interface {
	add(obj *metav1.PartialObjectMetadata) error
	// matching goes through the objects that selector matches and returns how
	// many there are.
	matching(selector labels.Selector) (n int)
}

// ourLister is ListAll over a Cache of this library.
type ourLister struct {
	*indexer.Cache[*metav1.PartialObjectMetadata]
}

func (l ourLister) add(obj *metav1.PartialObjectMetadata) error { return l.Add(obj) }

func (l ourLister) matching(selector labels.Selector) (n int) {
	indexer.ListAll(l.Cache, selector, (*metav1.PartialObjectMetadata).GetLabels, func(*metav1.PartialObjectMetadata) { n++ })
	return n
}

// untypedLister is client-go's ListAll over a store of its interface.
type untypedLister struct{ cache.Store }

func (l untypedLister) add(obj *metav1.PartialObjectMetadata) error { return l.Add(obj) }

func (l untypedLister) matching(selector labels.Selector) (n int) {
	if err := cache.ListAll(l.Store, selector, func(any) { n++ }); err != nil {
		panic(err)
	}
	return n
}

// BenchmarkLister goes through the few objects of many that a selector matches:
// what a lister does, and a scenario of client-go's own benchmarks.
func BenchmarkLister(b *testing.B) {
	Run(b, []Engine[lister]{
		{Informant, func(testing.TB) lister {
			return ourLister{newCache(indexer.Options[*metav1.PartialObjectMetadata]{})}
		}},
		{dropIn, func(testing.TB) lister {
			return untypedLister{dropincache.NewStore(dropincache.MetaNamespaceKeyFunc)}
		}},
		{ClientGo, func(testing.TB) lister { return untypedLister{cache.NewStore(cache.MetaNamespaceKeyFunc)} }},
	}, []Case[lister]{{"match", nil, match}})
}

// match looks for 100 objects of 10,000.
func match(b *testing.B, l lister) {
	objects, matching := 10_000, 100
	if testing.Short() {
		objects = 1_000
	}
	chosen := labels.Set{"chosen": "yes"}
	for i := range objects {
		obj := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("object-%d", i), ResourceVersion: fmt.Sprint(i + 1), Labels: map[string]string{},
		}}
		if i%(objects/matching) == 0 {
			obj.Labels = chosen
		}
		if err := l.add(obj); err != nil {
			b.Fatal(err)
		}
	}
	selector := labels.SelectorFromSet(chosen)
	for b.Loop() {
		if got := l.matching(selector); got != matching {
			b.Fatalf("%d objects match, want %d", got, matching)
		}
	}
}
