package bench

import (
	"context"
	"runtime"
	"testing"

	"github.com/informant-go/informant/bench/objects"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
)

// pinned is how many objects are decoded, of which every keptOf-th one is kept.
const (
	pinned = 1000
	keptOf = 50
)

// sampler keeps one object of keptOf that come.
type sampler[T any] struct {
	n    int
	kept []T
}

func (s *sampler[T]) take(items ...T) {
	for _, item := range items {
		if s.n++; s.n%keptOf == 1 {
			s.kept = append(s.kept, item)
		}
	}
}

// keepsNothingElse takes objects from read and fails if those that are kept take much
// more of the heap than copies of them do: what was in memory with them would be the
// difference, and is fifty times as much.
func keepsNothingElse[T apiruntime.Object](t *testing.T, read func(*sampler[T])) {
	t.Helper()
	holds, alone := measuredPins(t, read)
	if holds < alone/2 || holds > 2*alone+256<<10 {
		t.Errorf("%d objects hold %d KB, copies of them %d KB: they keep what was decoded with them", pinned/keptOf, holds>>10, alone>>10)
	}
}

// measuredPins is what the objects that are kept of read hold, and what copies of them
// do, in bytes.
func measuredPins[T apiruntime.Object](t *testing.T, read func(*sampler[T])) (holds, alone int64) {
	t.Helper()
	var s sampler[T]
	base := int64(settledHeap())
	read(&s)
	holds = int64(settledHeap()) - base
	if len(s.kept) != pinned/keptOf {
		t.Fatalf("%d objects are kept of %d", len(s.kept), s.n)
	}
	copies := make([]apiruntime.Object, len(s.kept))
	before := int64(settledHeap())
	for i, obj := range s.kept {
		copies[i] = obj.DeepCopyObject()
	}
	alone = int64(settledHeap()) - before
	t.Logf("%d objects hold %d KB, copies of them %d KB", len(s.kept), holds>>10, alone>>10)
	runtime.KeepAlive(s.kept)
	runtime.KeepAlive(copies)
	runtime.KeepAlive(read) // and with it the answer, which is not to be missed
	return holds, alone
}

// decodedBy returns how objects come out of an answer that is in memory.
func decodedBy[T httpsource.Object](t *testing.T, what decoding) func(*sampler[T]) {
	client := what.client(t, pinned)
	from, err := httpsource.New(httpsource.Config[T]{Client: client, BaseURL: "http://api", Version: "v1", Resource: "pods", JSONOnly: !what.protobuf, Decoders: what.decoders})
	if err != nil {
		t.Fatal(err)
	}
	return func(s *sampler[T]) {
		if !what.watch {
			if _, err := from.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[T]) error {
				s.take(p.Items...)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return
		}
		w, err := from.Watch(context.Background(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		for range pinned {
			e, err := w.Next()
			if err != nil {
				t.Fatal(err)
			}
			s.take(e.Object)
		}
	}
}

// No object keeps the page that it came in: the bytes of a list or a stream, the batch of
// a decoder, or the slice of a client's list.
func TestNoObjectPinsItsPage(t *testing.T) {
	for _, what := range []decoding{
		{size: objects.Large}, {size: objects.Large, watch: true},
		{size: objects.Large, protobuf: true}, {size: objects.Large, protobuf: true, watch: true},
	} {
		for _, decoders := range []int{1, 2} {
			what.decoders = decoders
			t.Run(what.name()+map[int]string{1: "/one decoder", 2: "/two decoders"}[decoders], func(t *testing.T) {
				keepsNothingElse(t, decodedBy[*corev1.Pod](t, what))
			})
		}
	}
	t.Run("unstructured", func(t *testing.T) {
		keepsNothingElse(t, decodedBy[*unstructured.Unstructured](t, decoding{size: objects.Large, untyped: true}))
	})
	t.Run("ListOf", func(t *testing.T) {
		keepsNothingElse(t, func(s *sampler[*corev1.Pod]) {
			source := &reflector.ListWatch[*corev1.Pod]{ListFunc: func(context.Context, metav1.ListOptions) (reflector.List[*corev1.Pod], error) {
				items := make([]corev1.Pod, pinned)
				for i := range items {
					items[i] = *objects.Pod(i, objects.Large)
				}
				return reflector.ListOf(metav1.ListMeta{}, items), nil
			}}
			if _, err := source.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[*corev1.Pod]) error {
				s.take(p.Items...)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// The measure finds what it is to find.
func TestAPinnedPageIsFound(t *testing.T) {
	holds, alone := measuredPins(t, func(s *sampler[*corev1.Pod]) {
		items := make([]corev1.Pod, pinned)
		for i := range items {
			items[i] = *objects.Pod(i, objects.Large)
			s.take(&items[i])
		}
	})
	if holds < 10*alone {
		t.Errorf("objects that keep their page hold %d KB, copies of them %d KB", holds>>10, alone>>10)
	}
}
