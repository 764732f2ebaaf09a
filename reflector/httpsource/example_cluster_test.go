package httpsource_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A program that runs in a pod, or, while it is being written, beside kubectl proxy.
func ExampleInCluster() {
	client, server, err := httpsource.InCluster()
	if errors.Is(err, httpsource.ErrNotInCluster) {
		server, err = "http://127.0.0.1:8001", nil
	}
	if err != nil {
		log.Fatal(err)
	}
	source, err := httpsource.New(httpsource.Config[*Widget]{
		Client: client, BaseURL: server,
		Group: "example.org", Version: "v1", Resource: "widgets",
	})
	if err != nil {
		log.Fatal(err)
	}
	r, err := reflector.New(source, reflector.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log.Print(r.Run(ctx, &table{then: func(what string) { fmt.Println(what) }}))
}

var widgetResource = apitest.Resource{Group: "example.org", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true, Status: true}

// widgetServer is an API server in memory that has widgets.
func widgetServer() *apitest.Server {
	server, err := apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{widgetResource}})
	if err != nil {
		log.Fatal(err)
	}
	return server
}

// What a controller writes: an object, a change of the state that it has seen, which is
// a conflict if somebody else was faster, a patch, and the deletion of the object that
// it means and no later one of its name.
func ExampleClient() {
	server := widgetServer()
	defer server.Close()
	widgets, err := httpsource.NewClient(httpsource.Config[*Widget]{
		Client: server.Client(), BaseURL: server.URL,
		Group: "example.org", Version: "v1", Resource: "widgets",
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	w := &Widget{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "a"}, Size: 1}
	made, err := widgets.Create(ctx, w, metav1.CreateOptions{})
	fmt.Println(made.Size, err)

	changed := *made // what comes from a cache is everybody's: a change is made to a copy
	changed.Size = 2
	_, err = widgets.Update(ctx, &changed, metav1.UpdateOptions{})
	fmt.Println(err)
	_, err = widgets.Update(ctx, &changed, metav1.UpdateOptions{})
	fmt.Println("conflict:", apierrors.IsConflict(err))

	name := object.NewName("shop", "a")
	patched, err := widgets.Patch(ctx, name, types.MergePatchType, []byte(`{"size":3}`), metav1.PatchOptions{})
	fmt.Println(patched.Size, err)

	err = widgets.Delete(ctx, name, *metav1.NewPreconditionDeleteOptions(string(made.UID)))
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// <nil>
	// conflict: true
	// 3 <nil>
	// <nil>
}

// Where names, labels and owners are all that is needed, the server is asked for
// metadata alone: a fraction of the bytes on the wire and in memory, for any resource
// and without its Go type.
func ExampleNew_metadata() {
	server := widgetServer()
	defer server.Close()
	config := httpsource.Config[*metav1.PartialObjectMetadata]{
		Client: server.Client(), BaseURL: server.URL,
		Group: "example.org", Version: "v1", Resource: "widgets", Kind: "Widget",
	}
	source, err := httpsource.New(config)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := apitest.Of[*Widget](server, widgetResource).Create(&Widget{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "a", Labels: map[string]string{"app": "web"}}, Size: 1,
	}); err != nil {
		log.Fatal(err)
	}

	_, err = source.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[*metav1.PartialObjectMetadata]) error {
		for _, m := range p.Items {
			fmt.Println(m.Kind, m.Namespace, m.Name, m.Labels)
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// Widget shop a map[app:web]
	// <nil>
}
