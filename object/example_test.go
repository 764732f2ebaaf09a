package object_test

import (
	"fmt"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func ExampleMeta() {
	access := object.Meta[*metav1.PartialObjectMetadata]()
	web := &metav1.PartialObjectMetadata{}
	web.Namespace, web.Name, web.ResourceVersion = "shop", "web", "42"

	key, err := access.Key(web)
	fmt.Println(key, err, access.Version(web))
	// Output: shop/web <nil> 42
}

func ExampleParseName() {
	name, err := object.ParseName("shop/web")
	fmt.Println(name.Namespace, name.Name, err)
	_, err = object.ParseName("shop/web/extra")
	fmt.Println(err)
	// Output:
	// shop web <nil>
	// object: key "shop/web/extra" has more than one slash: expected namespace/name or name
}

func ExampleDeleted() {
	// A deletion that nobody saw: the object is not known, its name is.
	gone := object.Deleted[*metav1.PartialObjectMetadata]{Key: "shop/web", FinalStateUnknown: true, NoObject: true}
	fmt.Println(gone.GetNamespace(), gone.GetName(), gone.NoObject)
	// Output: shop web true
}
