package bridge_test

import (
	"testing"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
)

// WireOf says that informers which were made without a config have what their client
// brings; those with one are tested where they are made.
func TestWireOf(t *testing.T) {
	lw, example := &cache.ListWatch{}, &corev1.Pod{}
	stock, ours := upstream.NewSharedIndexInformer(lw, example, 0, nil), cache.NewSharedIndexInformer(lw, example, 0, nil)
	for name, c := range map[string]struct {
		informer cache.SharedInformer
		want     bridge.Wire
	}{
		"client-go's":        {stock, bridge.WireClient},
		"client-go's, typed": {upstream.NewTypedSharedIndexInformer[*corev1.Pod](stock), bridge.WireClient},
		"ours":               {ours, bridge.WireClient},
		"ours, typed":        {cache.NewTypedSharedIndexInformer[*corev1.Pod](ours), bridge.WireClient},
		"nil":                {nil, bridge.WireUnknown},
		"a fake":             {struct{ cache.SharedIndexInformer }{stock}, bridge.WireUnknown},
		"a fake of ours":     {&struct{ cache.SharedIndexInformer }{ours}, bridge.WireUnknown},
	} {
		if got := bridge.WireOf(c.informer); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
