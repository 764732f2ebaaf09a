package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/informant-go/informant/reflector"
)

// S5: after each write, WaitFor its version makes the cache show it.
func TestWaitForReadsOnesOwnWrites(t *testing.T) {
	t.Parallel()
	for _, paged := range []bool{false, true} {
		t.Run(fmt.Sprintf("paged %v", paged), func(t *testing.T) {
			t.Parallel()
			s, ctx := server.Server(t), within(t, patience)
			ns := s.Namespace(t)
			client := configMaps(t, s, ns)
			p := start(t, s, settings[*corev1.ConfigMap]{namespace: ns, reflector: reflector.Options{DisableStreaming: paged}})
			var group sync.WaitGroup
			for i := range 4 {
				group.Go(func() {
					if err := readOwnWrites(ctx, p, client, ns, fmt.Sprintf("own-%d", i)); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			p.settle(ctx, t, client, nil)
			p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))

			if err := p.informer.Indexer().WaitFor(ctx, "not-a-version"); err == nil {
				t.Error("S5: waiting for a version that cannot be compared is no error")
			}
			gone, cancel := context.WithCancel(ctx)
			cancel()
			if err := p.informer.Indexer().WaitFor(gone, "900000000000"); !errors.Is(err, context.Canceled) {
				t.Errorf("S5: waiting for a version of the future ended with %v", err)
			}
		})
	}
}

// readOwnWrites writes one object, waits, and reads it from the cache.
func readOwnWrites(ctx context.Context, p *pipeline[*corev1.ConfigMap], client typedv1.ConfigMapInterface, ns, name string) error {
	c, err := client.Create(ctx, configMap(name, nil), metav1.CreateOptions{})
	for i := 1; i <= 25 && err == nil; i++ {
		if err := p.informer.Indexer().WaitFor(ctx, c.ResourceVersion); err != nil {
			return err
		}
		got, exists, err := p.informer.Indexer().GetByKey(ns + "/" + name)
		if err != nil || !exists || got.ResourceVersion != c.ResourceVersion || got.Data["value"] != c.Data["value"] {
			return fmt.Errorf("S5: after WaitFor(%s) the cache has %v (%v, %v)", c.ResourceVersion, got, exists, err)
		}
		c = c.DeepCopy()
		c.Data["value"] = strconv.Itoa(i)
		c, err = client.Update(ctx, c, metav1.UpdateOptions{})
		if err != nil {
			return err
		}
	}
	return err
}

// seenNote is where the write-back says what value it has seen.
const seenNote = "example.org/seen"

// writeBack notes on each object which value it has, from what the cache says.
// Every third attempt fails before it writes.
type writeBack struct {
	client typedv1.ConfigMapInterface

	mu                          sync.Mutex
	attempts, conflicts, writes int
}

var errInjected = errors.New("injected")

func (b *writeBack) reconcile(ctx context.Context, _ string, c *corev1.ConfigMap, exists bool) error {
	if !exists || c.Annotations[seenNote] == c.Data["value"] {
		return nil
	}
	b.mu.Lock()
	b.attempts++
	fails := b.attempts%3 == 0
	b.mu.Unlock()
	if fails {
		return errInjected
	}
	c = c.DeepCopy() // the cache's objects are everybody's
	metav1.SetMetaDataAnnotation(&c.ObjectMeta, seenNote, c.Data["value"])
	_, err := b.client.Update(ctx, c, metav1.UpdateOptions{})
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case apierrors.IsConflict(err):
		b.conflicts++
	case apierrors.IsNotFound(err):
		return nil
	case err == nil:
		b.writes++
	}
	return err
}

// Q1, Q2, Q3, Q4, I2: workers that write back what they see, from a cache that
// may be behind, with failures and conflicts that are tried again later, come
// to rest, and then every object carries what it should.
func TestWorkersThatWriteBackConverge(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, patience)
	ns := s.Namespace(t)
	client := configMaps(t, s, ns)
	back := &writeBack{client: client}
	p := start(t, s, settings[*corev1.ConfigMap]{namespace: ns, reconcile: back.reconcile})
	p.sync(ctx, t)

	const objects, rounds = 30, 6
	var group sync.WaitGroup
	for i := range objects {
		group.Go(func() {
			if err := keepChanging(ctx, client, fmt.Sprintf("object-%d", i), rounds); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	// The handler is told a moment after the cache has it.
	seenAll := func() bool {
		for _, c := range p.oracle.rebuilt() {
			if c.Annotations[seenNote] != c.Data["value"] {
				return false
			}
		}
		return true
	}
	p.settle(ctx, t, client, nil)
	if err := p.oracle.bell.until(ctx, seenAll); err != nil {
		t.Fatal(err)
	}
	p.settle(ctx, t, client, nil) // its own note is one more write
	if err := p.oracle.bell.until(ctx, seenAll); err != nil {
		t.Fatal(err)
	}
	if err := p.crew.idle(ctx); err != nil {
		t.Fatal(err)
	}

	listed := typedList(ctx, t, s, ns, metav1.ListOptions{})
	p.agree(t, listed)
	if len(listed) != objects+2 {
		t.Errorf("%d objects, want %d", len(listed), objects+2)
	}
	for _, c := range listed {
		last := strconv.Itoa(rounds)
		if isMarker(c.Namespace + "/" + c.Name) {
			last = "0"
		}
		if c.Data["value"] != last || c.Annotations[seenNote] != last {
			t.Errorf("%s has value %s and note %s, want %s", c.Name, c.Data["value"], c.Annotations[seenNote], last)
		}
	}
	if p.crew.failures() == 0 {
		t.Error("nothing failed, so that nothing was tried again")
	}
	t.Logf("%d attempts, %d writes, %d conflicts, %d failures", back.attempts, back.writes, back.conflicts, p.crew.failures())
}

// keepChanging changes the value of an object again and again. The write-back
// changes it too, so that a patch is used, which knows of no conflict.
func keepChanging(ctx context.Context, client typedv1.ConfigMapInterface, name string, rounds int) error {
	if _, err := client.Create(ctx, configMap(name, nil), metav1.CreateOptions{}); err != nil {
		return err
	}
	for i := 1; i <= rounds; i++ {
		patch := fmt.Appendf(nil, `{"data":{"value":"%d"}}`, i)
		if _, err := client.Patch(ctx, name, "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
			return err
		}
	}
	return nil
}
