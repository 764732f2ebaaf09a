package informerfactory_test

import (
	"fmt"
	"testing"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/informerfactory"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/dynamicinformer"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	"k8s.io/client-go/metadata/metadatainformer"
)

var widgets = schema.GroupVersionResource{Group: "example.io", Version: "v1", Resource: "widgets"}

func dynamicClient() *dynamicfake.FakeDynamicClient {
	var objs []runtime.Object
	for _, name := range []string{"a/x", "a/y", "b/z"} {
		objs = append(objs, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "example.io/v1", "kind": "Widget", "metadata": map[string]any{"namespace": name[:1], "name": name[2:]},
		}})
	}
	return dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{widgets: "WidgetList"}, objs...)
}

func metadataClient() *metadatafake.FakeMetadataClient {
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		panic(err)
	}
	var objs []runtime.Object
	for _, name := range []string{"a/x", "a/y", "b/z"} {
		objs = append(objs, &metav1.PartialObjectMetadata{
			TypeMeta:   metav1.TypeMeta{APIVersion: "example.io/v1", Kind: "Widget"},
			ObjectMeta: metav1.ObjectMeta{Namespace: name[:1], Name: name[2:]},
		})
	}
	return metadatafake.NewSimpleMetadataClient(scheme, objs...)
}

// The factories of dynamic and metadata clients show what client-go's show.
func TestFactoriesOfResources(t *testing.T) {
	for name, c := range map[string]struct {
		factory dynamicinformer.DynamicSharedInformerFactory
		engine  bridge.Engine
		want    string
	}{
		"dynamic, client-go's":  {dynamicinformer.NewDynamicSharedInformerFactory(dynamicClient(), 0), bridge.EngineClientGo, "2 of 3"},
		"dynamic, ours":         {informerfactory.NewDynamicSharedInformerFactory(dynamicClient(), 0), bridge.EngineInformant, "2 of 3"},
		"filtered, client-go's": {dynamicinformer.NewFilteredDynamicSharedInformerFactory(dynamicClient(), 0, "a", nil), bridge.EngineClientGo, "2 of 2"},
		"filtered, ours":        {informerfactory.NewFilteredDynamicSharedInformerFactory(dynamicClient(), 0, "a", nil), bridge.EngineInformant, "2 of 2"},
		"metadata, client-go's": {metadatainformer.NewSharedInformerFactory(metadataClient(), 0), bridge.EngineClientGo, "2 of 3"},
		"metadata, ours":        {informerfactory.NewMetadataSharedInformerFactory(metadataClient(), 0), bridge.EngineInformant, "2 of 3"},
		"metadata, filtered":    {informerfactory.NewFilteredMetadataSharedInformerFactory(metadataClient(), 0, "a", nil), bridge.EngineInformant, "2 of 2"},
	} {
		t.Run(name, func(t *testing.T) {
			generic := c.factory.ForResource(widgets)
			if again := c.factory.ForResource(widgets); again != generic {
				t.Error("a second informer of a resource")
			}
			if got := bridge.EngineOf(generic.Informer()); got != c.engine {
				t.Errorf("the engine is %s", got)
			}
			stop := make(chan struct{})
			c.factory.Start(stop)
			c.factory.Start(stop) // once is enough
			for resource, synced := range c.factory.WaitForCacheSync(stop) {
				if !synced || resource != widgets {
					t.Errorf("%v: synced %v", resource, synced)
				}
			}
			some, err := generic.Lister().ByNamespace("a").List(labels.Everything())
			if err != nil {
				t.Error(err)
			}
			all, err := generic.Lister().List(labels.Everything())
			if err != nil {
				t.Error(err)
			}
			if got := fmt.Sprint(len(some), " of ", len(all)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if _, err := generic.Lister().ByNamespace("b").Get("none"); err == nil {
				t.Error("what is not there was found")
			}
			close(stop)
			c.factory.Shutdown()
			c.factory.ForResource(widgets.GroupVersion().WithResource("gadgets"))
			c.factory.Start(stop) // starts nothing any more
			if n := len(c.factory.WaitForCacheSync(stop)); n != 1 {
				t.Errorf("%d informers were started", n)
			}
		})
	}
}
