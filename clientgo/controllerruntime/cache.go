package controllerruntime

import (
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/informant-go/informant/clientgo/cache"
)

// Cache makes the manager of o, and what shares its cache, work on this
// library's informers: it sets o.Cache.NewInformer and leaves everything else
// in o as it is, but for what WithConfig adds: o.Cache.HTTPClient. It is to be called before manager.New, by whoever owns o,
// which must not be nil.
//
// A NewInformer that is set already stays, and that is logged as an error:
// let it call clientgo/cache.NewSharedIndexInformer, whose signature it has,
// where it calls client-go's.
func Cache(o *manager.Options, opts ...Option) {
	if o == nil {
		panic("controllerruntime: Cache needs the manager.Options that manager.New is given")
	}
	if o.Cache.NewInformer != nil {
		klog.Background().Error(nil, "The manager's cache has a NewInformer already, which stays: "+
			"its informers are not this library's, unless it calls clientgo/cache.NewSharedIndexInformer")
		return
	}
	o.Cache.NewInformer = cache.NewSharedIndexInformer
	if opt := last(opts); opt.wire != nil {
		opt.apply(o)
	}
}

// last is the Option that counts.
func last(opts []Option) (counts Option) {
	for _, o := range opts {
		if o.wire != nil {
			counts = o
		}
	}
	return counts
}
