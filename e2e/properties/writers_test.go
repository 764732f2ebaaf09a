package properties

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// names is how many different objects writers write.
const names = 25

// scribble makes, changes or deletes an object. Whether that was possible is for the
// truth to know.
func scribble(ctx context.Context, of typedv1.ConfigMapInterface, r *rand.Rand) error {
	c := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name:   fmt.Sprintf("object-%02d", r.IntN(names)),
			Labels: map[string]string{"team": []string{"red", "blue"}[r.IntN(2)]},
		},
		Data: map[string]string{"value": fmt.Sprint(r.Uint32())},
	}
	var err error
	switch r.IntN(5) {
	case 0:
		err = of.Delete(ctx, c.Name, metav1.DeleteOptions{})
	case 1, 2:
		_, err = of.Create(ctx, c, metav1.CreateOptions{})
	default:
		_, err = of.Update(ctx, c, metav1.UpdateOptions{})
	}
	return err
}

// writers write until they are stopped, whatever comes of it.
type writers struct {
	group sync.WaitGroup
	over  context.CancelFunc
	good  atomic.Int64 // writes that succeeded
}

func startWriters(t *testing.T, of typedv1.ConfigMapInterface, n int) *writers {
	ctx, over := context.WithCancel(context.Background())
	w := &writers{over: over}
	for i := range n {
		w.group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 7))
			for ctx.Err() == nil {
				if w.write(of, r) == nil {
					w.good.Add(1)
				}
				pause(ctx)
			}
		})
	}
	t.Cleanup(w.stop)
	return w
}

// write makes one write, which nobody gives up: the server may still do what was given
// up, after the test has asked what there is.
func (w *writers) write(of typedv1.ConfigMapInterface, r *rand.Rand) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return scribble(ctx, of, r)
}

// stop returns when the last write has its answer.
func (w *writers) stop() {
	w.over()
	w.group.Wait()
}

// more waits for n more writes that succeed.
func (w *writers) more(ctx context.Context, t *testing.T, n int64) {
	t.Helper()
	for want := w.good.Load() + n; w.good.Load() < want; pause(ctx) {
		if ctx.Err() != nil {
			t.Fatalf("no more than %d writes succeed: %v", w.good.Load(), context.Cause(ctx))
		}
	}
}

// write makes n writes that succeed.
func write(ctx context.Context, t *testing.T, of typedv1.ConfigMapInterface, r *rand.Rand, n int) {
	t.Helper()
	for n > 0 {
		if scribble(ctx, of, r) == nil {
			n--
		}
		if ctx.Err() != nil {
			t.Fatalf("%d writes are left: %v", n, context.Cause(ctx))
		}
	}
}
