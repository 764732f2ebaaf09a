package cache

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What was handed out is remembered while a list is on its way, and no longer.
func TestNothingIsRememberedForGood(t *testing.T) {
	known := NewStore(MetaNamespaceKeyFunc)
	for name, f := range map[string]*RealFIFO{
		"with known objects": NewRealFIFO(nil, known, nil),
		"with atomic events": NewRealFIFOWithOptions(RealFIFOOptions{AtomicEvents: true}),
	} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p"}}
		for _, do := range []func() error{
			func() error { return f.Add(pod) },
			func() error { return f.Replace([]any{pod}, "1") },
			f.Resync, f.Resync,
			func() error { return f.Replace([]any{nil}, "2") }, // refused: nil has no key
			func() error { return f.Update(pod) },
		} {
			_ = do() // one of them fails, on purpose
		}
		f.Close()
		for {
			_, err := f.Pop(func(any, bool) error { return nil })
			if err == ErrFIFOClosed {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(f.unfolded.recent) > 0 || f.unfolded.len() > 0 {
			t.Errorf("%s: %d keys are remembered, %d deltas left", name, len(f.unfolded.recent), f.unfolded.len())
		}
	}
}
