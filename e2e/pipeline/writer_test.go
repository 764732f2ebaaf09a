package pipeline

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/informant-go/informant/informer"
)

// writer creates, updates and deletes objects of its own, and keeps a journal
// of what it did to each, in the words of the oracle's.
type writer struct {
	client  typedv1.ConfigMapInterface
	name    string
	rand    *rand.Rand
	live    map[string]*corev1.ConfigMap
	journal map[string][]string
}

// keysOfWriter is how many names a writer uses, again and again.
const keysOfWriter = 12

// write lets n writers make steps writes each, at the same time, and returns
// the journal of all of them.
func write(ctx context.Context, t *testing.T, client typedv1.ConfigMapInterface, n, steps int) map[string][]string {
	t.Helper()
	enough := make(chan struct{})
	close(enough)
	return writeUntil(ctx, t, client, n, steps, enough)
}

// writeUntil is write whose writers go on after their steps until enough is closed.
func writeUntil(ctx context.Context, t *testing.T, client typedv1.ConfigMapInterface, n, steps int, enough <-chan struct{}) map[string][]string {
	t.Helper()
	over := func() bool {
		select {
		case <-enough:
			return true
		default:
			return false
		}
	}
	writers := make([]*writer, n)
	var group sync.WaitGroup
	for i := range writers {
		w := &writer{
			client: client, name: fmt.Sprintf("writer-%d", i), rand: rand.New(rand.NewPCG(2, uint64(i))),
			live: make(map[string]*corev1.ConfigMap), journal: make(map[string][]string),
		}
		writers[i] = w
		group.Go(func() {
			for i := 0; i < steps || !over(); i++ {
				if err := w.step(ctx); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	all := make(map[string][]string)
	for _, w := range writers {
		maps.Copy(all, w.journal)
	}
	return all
}

func (w *writer) step(ctx context.Context) error {
	name := fmt.Sprintf("%s-%d", w.name, w.rand.IntN(keysOfWriter))
	c := w.live[name]
	switch {
	case c == nil:
		return w.put(informer.EventAdd)(w.client.Create(ctx, configMap(name, nil), metav1.CreateOptions{}))
	case w.rand.IntN(4) > 0:
		c = c.DeepCopy()
		c.Data["value"] = fmt.Sprint(w.rand.Uint64())
		return w.put(informer.EventUpdate)(w.client.Update(ctx, c, metav1.UpdateOptions{}))
	}
	if err := w.client.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	w.note(c, informer.EventDelete.String())
	delete(w.live, name)
	return nil
}

// put takes the answer to a write.
func (w *writer) put(what informer.EventType) func(*corev1.ConfigMap, error) error {
	return func(c *corev1.ConfigMap, err error) error {
		if err != nil {
			return err
		}
		w.note(c, what.String()+" "+c.ResourceVersion)
		w.live[c.Name] = c
		return nil
	}
}

func (w *writer) note(c *corev1.ConfigMap, entry string) {
	key := c.Namespace + "/" + c.Name
	w.journal[key] = append(w.journal[key], entry)
}

// entries is the length of a journal.
func entries(journal map[string][]string) int {
	n := 0
	for _, of := range slices.Collect(maps.Values(journal)) {
		n += len(of)
	}
	return n
}
