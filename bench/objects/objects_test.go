package objects

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// object is an object of this package in one size.
type object struct {
	name   string
	size   Size
	shares shares
	make   func(i int) metav1.Object
}

func all() (all []object) {
	for _, size := range []Size{Small, Medium, Large} {
		all = append(all,
			object{"pod", size, podShares[size], func(i int) metav1.Object { return Pod(i, size) }},
			object{"route", size, routeShares[size], func(i int) metav1.Object { return NewRoute(i, size) }},
			object{"unstructured", size, routeShares[size], func(i int) metav1.Object {
				u := Unstructured(i, size)
				delete(u.Object, "kind")
				delete(u.Object, "apiVersion")
				return u
			}})
		if size != Small {
			all = append(all, object{"node", size, nodeShares[size], func(i int) metav1.Object { return Node(i, size) }})
		}
	}
	return all
}

// measured is measure for objects that may be made of a map.
func measured(t *testing.T, obj metav1.Object) parts {
	t.Helper()
	if u, ok := obj.(interface{ UnstructuredContent() map[string]any }); ok {
		return measure(u.UnstructuredContent())
	}
	return measure(obj)
}

func TestObjectsHaveTheirSizeAndShares(t *testing.T) {
	for _, o := range all() {
		t.Run(o.name+"/"+o.size.String(), func(t *testing.T) {
			const n = 200
			var sum parts
			for i := range n {
				p := measured(t, o.make(i*37))
				sum.all, sum.managedFields, sum.annotations, sum.status = sum.all+p.all, sum.managedFields+p.managedFields, sum.annotations+p.annotations, sum.status+p.status
				if off := math.Abs(float64(p.all)/float64(o.size) - 1); off > 0.05 {
					t.Fatalf("number %d has %d bytes of JSON, want %d within 5%%", i*37, p.all, o.size)
				}
			}
			for _, part := range []struct {
				name string
				got  int
				want float64
			}{{"managedFields", sum.managedFields, o.shares.managedFields}, {"annotations", sum.annotations, o.shares.annotations}, {"status", sum.status, o.shares.status}} {
				if got := float64(part.got) / float64(sum.all); math.Abs(got-part.want) > 0.03 {
					t.Errorf("%s are %.2f of the object, want %.2f", part.name, got, part.want)
				}
			}
		})
	}
}

func TestObjectsAreTheSameForTheSameNumber(t *testing.T) {
	for _, o := range all() {
		if diff := cmp.Diff(o.make(123), o.make(123)); diff != "" {
			t.Errorf("%s of %v:\n%s", o.name, o.size, diff)
		}
		if o.make(1).GetUID() == o.make(2).GetUID() || o.make(1).GetName() == o.make(2).GetName() {
			t.Errorf("%s of %v: two numbers give one object", o.name, o.size)
		}
	}
}

// What a ReplicaSet gives its pods is the same in all of them, so that what shares
// equal parts finds as much as it would in a cluster.
func TestPodsOfAReplicaSetShareWhatItGivesThem(t *testing.T) {
	a, b, other := Pod(40, Large), Pod(49, Large), Pod(50, Large)
	if diff := cmp.Diff(a.Spec.Containers[0].Env, b.Spec.Containers[0].Env); diff != "" {
		t.Errorf("the environment of two pods of a ReplicaSet:\n%s", diff)
	}
	if a.OwnerReferences[0] == other.OwnerReferences[0] || a.OwnerReferences[0].UID != b.OwnerReferences[0].UID {
		t.Error("ten pods are to have one owner, and the next ones another")
	}
	if a.Name == b.Name || a.Status.ContainerStatuses[0].ContainerID == b.Status.ContainerStatuses[0].ContainerID {
		t.Error("two pods have the same identity")
	}
}

func TestTheFieldsAreJSON(t *testing.T) {
	for _, o := range all() {
		for _, entry := range o.make(5).GetManagedFields() {
			if raw := entry.FieldsV1.GetRawBytes(); !json.Valid(raw) {
				t.Errorf("%s of %v: %s", o.name, o.size, raw)
			}
		}
		if applied, ok := o.make(20).GetAnnotations()["kubectl.kubernetes.io/last-applied-configuration"]; ok && !json.Valid([]byte(applied)) {
			t.Errorf("%s of %v has applied %s", o.name, o.size, applied)
		}
	}
}
