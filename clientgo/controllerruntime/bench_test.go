package controllerruntime

import (
	"fmt"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
)

// BenchmarkPriorityQueue is the part of the bench module's table that needs
// controller-runtime, which that module does not.
func BenchmarkPriorityQueue(b *testing.B) {
	engines := []struct {
		name string
		make func() priorityqueue.PriorityQueue[string]
	}{
		{"informant", func() priorityqueue.PriorityQueue[string] { return New("", Options[string]{}) }},
		{"controller-runtime", func() priorityqueue.PriorityQueue[string] { return priorityqueue.New[string]("") }},
	}
	keys := make([]string, 1024)
	for i := range keys {
		keys[i] = fmt.Sprintf("namespace-%d/pod-%d", i%100, i)
	}
	low := -100
	options := []priorityqueue.AddOpts{{}, {Priority: &low}}
	for _, e := range engines {
		b.Run("cycle/impl="+e.name, func(b *testing.B) {
			q := e.make()
			defer q.ShutDown()
			b.ReportAllocs()
			wrong := 0
			for i := range b.N {
				key := keys[i%len(keys)]
				q.AddWithOpts(options[i%2], key)
				got, priority, _ := q.GetWithPriority()
				if got != key || (priority == low) != (i%2 == 1) {
					wrong++
				}
				q.Done(got)
			}
			if wrong != 0 || q.Len() != 0 {
				b.Fatalf("%d of %d items were not the one that was added, %d are left", wrong, b.N, q.Len())
			}
		})
	}
}
