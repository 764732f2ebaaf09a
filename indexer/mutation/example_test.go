package mutation_test

import (
	"fmt"

	"github.com/informant-go/informant/indexer/mutation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Machine is a small API object.
type Machine struct {
	metav1.ObjectMeta
	Rack string
}

func machine(name, version, rack string) *Machine {
	return &Machine{ObjectMeta: metav1.ObjectMeta{Namespace: "lab", Name: name, ResourceVersion: version}, Rack: rack}
}

func ExampleNew() {
	detector := mutation.New(mutation.Options[*Machine]{
		Name:       "machines",
		Copy:       (*Machine).deepCopy,
		Sample:     1, // all of them; in production one in many is enough
		OnMutation: func(m *mutation.Mutation) { fmt.Println("told of", m.Key, m.Path) },
	})
	shared := machine("m1", "1", "r1")
	detector.Observe("lab/m1", shared) // informer.Options.Detector has an informer do this

	shared.Rack = "r2" // somebody forgets that it is not his
	for _, m := range detector.Check() {
		fmt.Println(m)
	}
	// Output:
	// told of lab/m1 .Rack
	// mutation: machines: the shared object "lab/m1" was changed in place: .Rack changed from r1 to r2: copy it before changing it
}

func (m *Machine) deepCopy() *Machine {
	c := &Machine{Rack: m.Rack}
	m.DeepCopyInto(&c.ObjectMeta)
	return c
}
