package cache_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/indexer"
	objects "github.com/informant-go/informant/object"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	upstream "k8s.io/client-go/tools/cache"
)

var oddKeys = []string{"", "/", "a", "a/b", "a/b/c", "//", "a/", "/b", "\x00/\xff", " / "}

// FuzzKeysAreParsedAsInClientGo compares what object makes of a key with what
// client-go does.
func FuzzKeysAreParsedAsInClientGo(f *testing.F) {
	for _, key := range oddKeys {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		namespace, name, err := upstream.SplitMetaNamespaceKey(key)
		ourNamespace, ourName, ourErr := objects.SplitKey(key)
		if namespace != ourNamespace || name != ourName || (err == nil) != (ourErr == nil) {
			t.Fatalf("%q: client-go has %q, %q, %v, we %q, %q, %v", key, namespace, name, err, ourNamespace, ourName, ourErr)
		}
		parsed, err := upstream.ParseObjectName(key)
		ours, ourErr := objects.ParseName(key)
		if parsed.Namespace != ours.Namespace || parsed.Name != ours.Name || (err == nil) != (ourErr == nil) || parsed.String() != ours.String() {
			t.Fatalf("%q: client-go has %+v, %v, we %+v, %v", key, parsed, err, ours, ourErr)
		}
		for _, obj := range []any{upstream.ExplicitKey(key), upstream.DeletedFinalStateUnknown{Key: key}} {
			theirs, err := upstream.DeletionHandlingMetaNamespaceKeyFunc(obj)
			mine, ourErr := cache.DeletionHandlingMetaNamespaceKeyFunc(obj)
			if theirs != mine || (err == nil) != (ourErr == nil) {
				t.Fatalf("%#v: client-go has %q, %v, we %q, %v", obj, theirs, err, mine, ourErr)
			}
		}
		theirs, err := upstream.MetaNamespaceKeyFunc(upstream.ExplicitKey(key))
		mine, ourErr := objects.DynamicKey(objects.ExplicitKey(key))
		if theirs != mine || (err == nil) != (ourErr == nil) {
			t.Fatalf("%q as an explicit key: client-go has %q, %v, we %q, %v", key, theirs, err, mine, ourErr)
		}
	})
}

// FuzzObjectsAreKeyedAndListedAsInClientGo compares keys, namespace indexes and
// listers for objects of any namespace and name.
func FuzzObjectsAreKeyedAndListedAsInClientGo(f *testing.F) {
	for _, s := range oddKeys {
		f.Add(s, "name", "other", "name")
		f.Add("ns", s, "ns", "name")
		f.Add("ns", "name", s, "name")
	}
	f.Fuzz(func(t *testing.T, namespace, name, asked, askedName string) {
		pod := newPod(namespace, name, "")
		key, err := upstream.MetaNamespaceKeyFunc(pod)
		ours, ourErr := objects.MetaKey(pod)
		dynamic, dynamicErr := objects.DynamicKey(pod)
		if err != nil || ourErr != nil || dynamicErr != nil || key != ours || key != dynamic {
			t.Fatalf("client-go's key is %q (%v), ours %q (%v) and %q (%v)", key, err, ours, ourErr, dynamic, dynamicErr)
		}
		values, err := upstream.MetaNamespaceIndexFunc(pod)
		ourValues, ourErr := indexer.MetaNamespaceIndexFunc(pod)
		if diff := cmp.Diff(values, ourValues); diff != "" || err != nil || ourErr != nil {
			t.Fatalf("index values differ (%v, %v): %s", err, ourErr, diff)
		}
		theirs, err := upstream.IndexFuncToKeyFuncAdapter(upstream.MetaNamespaceIndexFunc)(pod)
		mine, ourErr := indexer.IndexFuncToKeyFunc(indexer.MetaNamespaceIndexFunc[*corev1.Pod])(pod)
		if theirs != mine || err != nil || ourErr != nil {
			t.Fatalf("keys of an index function: %q (%v), %q (%v)", theirs, err, mine, ourErr)
		}
		var told []string
		for _, s := range []upstream.Indexer{
			upstream.NewIndexer(upstream.MetaNamespaceKeyFunc, upstream.Indexers{upstream.NamespaceIndex: upstream.MetaNamespaceIndexFunc}),
			cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}),
		} {
			told = append(told, listed(t, s, pod, asked, askedName))
		}
		if diff := cmp.Diff(told[0], told[1]); diff != "" {
			t.Fatalf("listers differ (-client-go +informant):\n%s", diff)
		}
		typed, err := indexer.New(indexer.Options[*corev1.Pod]{Indexers: indexer.Indexers[*corev1.Pod]{indexer.NamespaceIndex: indexer.MetaNamespaceIndexFunc[*corev1.Pod]}})
		if err != nil {
			t.Fatal(err)
		}
		if err := typed.Add(pod); err != nil {
			t.Fatal(err)
		}
		pods, err := indexer.NewLister(typed, podResource)
		if err != nil {
			t.Fatal(err)
		}
		in := pods.ByNamespace(asked)
		all, err := in.List(labels.Everything())
		if err != nil {
			t.Fatal(err)
		}
		if asked == "" {
			return // client-go's looks for "/name" there, ours for "name"
		}
		got, err := in.Get(askedName)
		if line := lister(len(all), got != nil, err); line != told[0] {
			t.Fatalf("our own lister tells %q, client-go's %q", line, told[0])
		}
	})
}

var podResource = schema.GroupResource{Resource: "pods"}

// listed is what a lister of client-go says of one namespace.
func listed(t *testing.T, s upstream.Indexer, pod *corev1.Pod, namespace, name string) string {
	if err := s.Add(pod); err != nil {
		t.Fatal(err)
	}
	in := upstream.NewGenericLister(s, podResource).ByNamespace(namespace)
	all, err := in.List(labels.Everything())
	if err != nil {
		t.Fatal(err)
	}
	obj, err := in.Get(name)
	return lister(len(all), obj != nil, err)
}

func lister(n int, found bool, err error) string {
	line := strings.Repeat("pod ", n)
	if found {
		line += "found "
	}
	if err != nil {
		line += err.Error()
	}
	return line
}
