package factories

import (
	"testing"
	"time"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/clientgo/informerfactory"
	"github.com/informant-go/informant/e2e/realserver"
	"go.uber.org/goleak"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	extensionsclient "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	extensionsfake "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/fake"
	extensionsinformers "k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions"
	"k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions/apiextensions"
	extensionsinternal "k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions/internalinterfaces"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayclient "sigs.k8s.io/gateway-api/pkg/client/clientset/versioned"
	gatewayfake "sigs.k8s.io/gateway-api/pkg/client/clientset/versioned/fake"
	gatewayinformers "sigs.k8s.io/gateway-api/pkg/client/informers/externalversions"
	"sigs.k8s.io/gateway-api/pkg/client/informers/externalversions/apis"
	gatewayinternal "sigs.k8s.io/gateway-api/pkg/client/informers/externalversions/internalinterfaces"
)

var server realserver.Shared

func TestMain(m *testing.M) { goleak.VerifyTestMain(realserver.StopAfter(m, &server)) }

// lifecycle is what all generated factories have.
type lifecycle interface {
	Start(stopCh <-chan struct{})
	Shutdown()
}

// serves checks that an informer of a wrapped factory is ours, and that it tells a
// handler of n objects and has them; count lists.
func serves(t *testing.T, factory lifecycle, informer cache.SharedIndexInformer, n int, count func() (int, error)) {
	t.Helper()
	if got := bridge.EngineOf(informer); got != bridge.EngineInformant {
		t.Errorf("the engine is %s", got)
	}
	told := make(chan any, n)
	h, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(obj any) { told <- obj }})
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	factory.Start(stop)
	defer factory.Shutdown()
	defer close(stop)
	for range n {
		select {
		case <-told:
		case <-time.After(time.Minute):
			t.Fatal("not told of all objects within a minute")
		}
	}
	// The informer may say that it has synced a moment after the handler was told.
	select {
	case <-informer.HasSyncedChecker().Done():
	case <-time.After(time.Minute):
		t.Error("not synced within a minute")
	}
	if got, err := count(); got != n || err != nil {
		t.Errorf("%d objects are listed, want %d; %v", got, n, err)
	}
	if err := informer.RemoveEventHandler(h); err != nil {
		t.Error(err)
	}
}

func TestGatewayAPI(t *testing.T) {
	client := gatewayfake.NewSimpleClientset() // which, given a Gateway, takes "gatewaies" for its resource
	for _, namespace := range []string{"a", "b"} {
		gateway := &gatewayv1.Gateway{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "x"}}
		if _, err := client.GatewayV1().Gateways(namespace).Create(t.Context(), gateway, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	stock := gatewayinformers.NewSharedInformerFactory(client, 0)
	wrapped, err := informerfactory.WrapGenerated[gatewayclient.Interface, gatewayinternal.NewInformerFunc](stock)
	if err != nil {
		t.Fatal(err)
	}
	gateways := apis.New(wrapped, "", nil).V1().Gateways()
	serves(t, stock, gateways.Informer(), 2, func() (int, error) {
		listed, err := gateways.Lister().List(labels.Everything())
		return len(listed), err
	})
}

func TestAPIExtensions(t *testing.T) {
	client := extensionsfake.NewClientset(
		&apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "widgets.example.io"}},
	)
	stock := extensionsinformers.NewSharedInformerFactory(client, 0)
	wrapped, err := informerfactory.WrapGenerated[extensionsclient.Interface, extensionsinternal.NewInformerFunc](stock)
	if err != nil {
		t.Fatal(err)
	}
	definitions := apiextensions.New(wrapped, "", nil).V1().CustomResourceDefinitions()
	serves(t, stock, definitions.Informer(), 1, func() (int, error) {
		listed, err := definitions.Lister().List(labels.Everything())
		return len(listed), err
	})
}
