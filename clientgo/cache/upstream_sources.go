//lint:file-ignore SA1019 what client-go has deprecated is still one of its names

package cache

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	upstream "k8s.io/client-go/tools/cache"
)

type (
	// Lister is client-go's type of that name.
	Lister = upstream.Lister
	// ListerWithContext is client-go's type of that name.
	ListerWithContext = upstream.ListerWithContext
	// Watcher is client-go's type of that name.
	Watcher = upstream.Watcher
	// WatcherWithContext is client-go's type of that name.
	WatcherWithContext = upstream.WatcherWithContext
	// ListerWatcher is client-go's type of that name.
	ListerWatcher = upstream.ListerWatcher
	// ListerWatcherWithContext is client-go's type of that name.
	ListerWatcherWithContext = upstream.ListerWatcherWithContext
	// ListFunc is client-go's type of that name.
	ListFunc = upstream.ListFunc
	// ListWithContextFunc is client-go's type of that name.
	ListWithContextFunc = upstream.ListWithContextFunc
	// WatchFunc is client-go's type of that name.
	WatchFunc = upstream.WatchFunc
	// WatchFuncWithContext is client-go's type of that name.
	WatchFuncWithContext = upstream.WatchFuncWithContext
	// ListWatch is client-go's type of that name.
	ListWatch = upstream.ListWatch
	// Getter is client-go's type of that name.
	Getter = upstream.Getter
)

// ToListerWithContext is client-go's function of that name.
func ToListerWithContext(l Lister) ListerWithContext {
	return upstream.ToListerWithContext(l)
}

// ToWatcherWithContext is client-go's function of that name.
func ToWatcherWithContext(w Watcher) WatcherWithContext {
	return upstream.ToWatcherWithContext(w)
}

// ToListerWatcherWithContext is client-go's function of that name.
func ToListerWatcherWithContext(lw ListerWatcher) ListerWatcherWithContext {
	return upstream.ToListerWatcherWithContext(lw)
}

// ToListWatcherWithWatchListSemantics is client-go's function of that name.
func ToListWatcherWithWatchListSemantics(lw *ListWatch, client any) ListerWatcher {
	return upstream.ToListWatcherWithWatchListSemantics(lw, client)
}

// NewListWatchFromClient is client-go's function of that name.
func NewListWatchFromClient(c Getter, resource string, namespace string, fieldSelector fields.Selector) *ListWatch {
	return upstream.NewListWatchFromClient(c, resource, namespace, fieldSelector)
}

// NewFilteredListWatchFromClient is client-go's function of that name.
func NewFilteredListWatchFromClient(c Getter, resource string, namespace string, optionsModifier func(options *metav1.ListOptions)) *ListWatch {
	return upstream.NewFilteredListWatchFromClient(c, resource, namespace, optionsModifier)
}
