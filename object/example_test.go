package object_test

import (
	"fmt"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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

// The pods of a ReplicaSet, or as here machines of one label, have equal parts.
func ExampleSharer() {
	sharer, err := object.NewSharer[*metav1.PartialObjectMetadata](object.SharerOptions{})
	if err != nil {
		panic(err)
	}
	machine := func(name string) *metav1.PartialObjectMetadata { // as a decoder makes it
		m := &metav1.PartialObjectMetadata{}
		m.Name, m.Labels = name, map[string]string{"app": "shop"}
		return m
	}
	one, _ := sharer.Share(machine("one")) // informer.Options.Transform has an informer do this
	two, _ := sharer.Share(machine("two"))
	fmt.Println(one.Name, one.Labels, two.Name, two.Labels)
	fmt.Println("one map of labels for both:", sharer.Shared(one.Labels))
	// Output:
	// one map[app:shop] two map[app:shop]
	// one map of labels for both: true
}

func ExampleTransforms() {
	keeper, err := object.NewKeeper[*unstructured.Unstructured]("spec.size")
	if err != nil {
		panic(err)
	}
	sharer, err := object.NewSharer[*unstructured.Unstructured](object.SharerOptions{})
	if err != nil {
		panic(err)
	}
	slim := object.Transforms(object.StripManagedFields, object.StripLastApplied, keeper.Keep, sharer.Share)

	disk := &unstructured.Unstructured{}
	err = disk.UnmarshalJSON([]byte(`{"apiVersion": "example.com/v1", "kind": "Disk",
		"metadata": {"name": "one", "managedFields": [{"manager": "kubectl"}]},
		"spec": {"size": 7, "comment": "as large as it gets"}}`))
	if err != nil {
		panic(err)
	}
	disk, err = slim(disk)
	fmt.Println(disk.Object["metadata"], disk.Object["spec"], err)
	// Output: map[name:one] map[size:7] <nil>
}

func ExampleNewKeeper() {
	_, err := object.NewKeeper[*metav1.PartialObjectMetadata]("spec.nodeName")
	fmt.Println(err)
	// Output: object: no Keeper for "spec" of a *v1.PartialObjectMetadata: there is no such field: paths are made of the names in JSON, such as spec.nodeName
}
