package pipeline

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/informant-go/informant/reflector"
)

// R1, S3: a collection of some size, in a stream, in one answer, and in pages
// of the default size.
func TestFiveThousandObjects(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, 2*patience)
	ns := s.Namespace(t)
	begun := time.Now()
	fill(ctx, t, configMaps(t, s, ns), 0, 5000, asIs)
	t.Logf("created in %v", time.Since(begun))
	for name, o := range map[string]reflector.Options{
		"streamed": {},
		"listed":   {DisableStreaming: true},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			p := start(t, s, settings[*corev1.ConfigMap]{namespace: ns, reflector: o})
			p.sync(ctx, t)
			t.Logf("in the cache and told to the handler after %v", time.Since(begun))
			p.settle(ctx, t, configMaps(t, s, ns), nil)
			listed := typedList(ctx, t, s, ns, metav1.ListOptions{})
			if len(listed) < 5000 {
				t.Errorf("%d objects", len(listed))
			}
			p.agree(t, listed)
			checkIndexes(t, p.informer.Indexer(), byKey(t, listed))
		})
	}
}
