package informer

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// hung is a ListerWatcher whose lists last until their context ends.
type hung struct{ unused }

func (hung) List(ctx context.Context, _ metav1.ListOptions, _ func(reflector.Part[item]) error) (metav1.ListMeta, error) {
	<-ctx.Done()
	return metav1.ListMeta{}, ctx.Err()
}

// G2: a query that ceases to need lists while its informer is started keeps no place
// among them, or no other list could begin.
func TestAPlaceThatNobodyTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, err := NewGroup(GroupOptions{MaxLists: 1})
		if err != nil {
			t.Fatal(err)
		}
		l, err := Get(g, Query[item]{
			Resource: schema.GroupVersionResource{Version: "v1", Resource: "pods"}, Namespaces: []string{"a"}, Private: true,
			Source: func(string, Selector) (reflector.ListerWatcher[item], error) { return hung{}, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		lists := l.shared.lists
		l.shared.lists = func() int { // which is asked before the place is taken
			n := lists()
			none := func(q *Query[item]) { q.Namespaces = []string{} } // as SetNamespaces, which has looked at the lease
			if err := l.reach.change(none); err != nil {
				t.Error(err)
			}
			return n
		}
		done := make(chan error, 1)
		go func() { done <- g.Run(context.Background()) }()
		synctest.Wait()
		g.lists.mu.Lock()
		if g.lists.free != 1 {
			t.Errorf("nothing is listed, and %d lists may begin", g.lists.free)
		}
		g.lists.mu.Unlock()
		if err := g.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		<-done
	})
}
