package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/informant-go/informant/informer"
)

// R1, I1: an object that is relabelled leaves the collection of a label
// selector as a Delete and comes back as an Add.
func TestALabelSelectorSeesObjectsComeAndGo(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, patience)
	ns := s.Namespace(t)
	client := configMaps(t, s, ns)
	in, out := map[string]string{"app": "in"}, map[string]string{"app": "out"}
	create(ctx, t, client, configMap("leaves", in))
	create(ctx, t, client, configMap("comes", out))
	create(ctx, t, client, configMap("stays", in))
	create(ctx, t, client, configMap("never", out))
	p := start(t, s, settings[*corev1.ConfigMap]{namespace: ns, labels: "app in (in,inside)"})
	p.sync(ctx, t)
	before := p.oracle.told()

	change(ctx, t, client, "leaves", "1", out)
	change(ctx, t, client, "comes", "1", in)
	change(ctx, t, client, "stays", "1", map[string]string{"app": "inside"})
	change(ctx, t, client, "never", "1", nil)
	change(ctx, t, client, "leaves", "2", in)
	p.settle(ctx, t, client, in)

	want := []string{"Delete leaves", "Add comes", "Update stays", "Add leaves"}
	if diff := cmp.Diff(want, p.toldSince(before)); diff != "" {
		t.Errorf("events:\n%s", diff)
	}
	p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{LabelSelector: "app in (in,inside)"}))
}

// R1, I1: a field selector and a namespace restrict the collection to what the
// server gives client-go for them.
func TestAFieldSelectorAndANamespaceRestrictTheCollection(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, patience)
	ns, other := s.Namespace(t), s.Namespace(t)
	client := configMaps(t, s, ns)
	create(ctx, t, client, configMap("one", nil))
	create(ctx, t, client, configMap("two", nil))
	create(ctx, t, configMaps(t, s, other), configMap("one", nil))

	single := metav1.ListOptions{FieldSelector: "metadata.name=one"}
	rest := metav1.ListOptions{FieldSelector: "metadata.name!=one"}
	named := start(t, s, settings[*corev1.ConfigMap]{namespace: ns, fields: single.FieldSelector})
	unnamed := start(t, s, settings[*corev1.ConfigMap]{namespace: ns, fields: rest.FieldSelector})
	named.sync(ctx, t)
	unnamed.sync(ctx, t)
	namedBefore, unnamedBefore := named.oracle.told(), unnamed.oracle.told()

	change(ctx, t, client, "two", "1", nil)
	change(ctx, t, configMaps(t, s, other), "one", "1", nil)
	remove(ctx, t, client, "one")
	last := create(ctx, t, client, configMap("one", nil))
	marker := unnamed.settle(ctx, t, client, nil)
	named.await(ctx, t, last)

	if diff := cmp.Diff([]string{"Delete one", "Add one"}, named.toldSince(namedBefore)); diff != "" {
		t.Errorf("events of the one:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Update two"}, unnamed.toldSince(unnamedBefore)); diff != "" {
		t.Errorf("events of the others but %s:\n%s", marker.Name, diff)
	}
	named.agree(t, typedList(ctx, t, s, ns, single))
	unnamed.agree(t, typedList(ctx, t, s, ns, rest))
}

// toldSince are the events after the first n as words, without markers.
func (p *pipeline[T]) toldSince(n int) []string {
	var words []string
	for _, e := range p.oracle.since(n) {
		if !isMarker(e.Key) {
			words = append(words, word(e))
		}
	}
	return words
}

func word[T metav1.Object](e informer.Event[T]) string {
	return e.Type.String() + " " + e.Object.GetName()
}
