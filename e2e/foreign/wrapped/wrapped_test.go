package wrapped

import (
	"testing"

	"github.com/informant-go/informant/clientgo/bridge"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic/dynamicinformer"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	"k8s.io/client-go/metadata/metadatainformer"
)

// Each constructor has the signature of the one that it stands in for.
var (
	_ = same(informers.NewSharedInformerFactory, NewSharedInformerFactory)
	_ = same(informers.NewSharedInformerFactoryWithOptions, NewSharedInformerFactoryWithOptions)
	_ = same(dynamicinformer.NewDynamicSharedInformerFactory, NewDynamicSharedInformerFactory)
	_ = same(dynamicinformer.NewFilteredDynamicSharedInformerFactory, NewFilteredDynamicSharedInformerFactory)
	_ = same(metadatainformer.NewSharedInformerFactory, NewMetadataSharedInformerFactory)
	_ = same(metadatainformer.NewFilteredSharedInformerFactory, NewFilteredMetadataSharedInformerFactory)
)

func same[F any](theirs, ours F) [2]F { return [2]F{theirs, ours} }

func TestFactoriesAreOnThisEngine(t *testing.T) {
	pods := corev1.SchemeGroupVersion.WithResource("pods")
	scheme := runtime.NewScheme()
	client := fake.NewClientset()
	for name, informer := range map[string]informers.GenericInformer{
		"dynamic":           NewDynamicSharedInformerFactory(dynamicfake.NewSimpleDynamicClient(scheme), 0).ForResource(pods),
		"filtered dynamic":  NewFilteredDynamicSharedInformerFactory(dynamicfake.NewSimpleDynamicClient(scheme), 0, "", nil).ForResource(pods),
		"metadata":          NewMetadataSharedInformerFactory(metadatafake.NewSimpleMetadataClient(scheme), 0).ForResource(pods),
		"filtered metadata": NewFilteredMetadataSharedInformerFactory(metadatafake.NewSimpleMetadataClient(scheme), 0, "", nil).ForResource(pods),
		"typed":             typed(t, NewSharedInformerFactory(client, 0)),
		"with options":      typed(t, NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace("x"))),
	} {
		if got := bridge.EngineOf(informer.Informer()); got != bridge.EngineInformant {
			t.Errorf("%s: the engine is %s", name, got)
		}
	}
}

func typed(t *testing.T, factory informers.SharedInformerFactory) informers.GenericInformer {
	t.Helper()
	informer, err := factory.ForResource(corev1.SchemeGroupVersion.WithResource("pods"))
	if err != nil {
		t.Fatal(err)
	}
	return informer
}
