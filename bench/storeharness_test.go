package bench

import (
	"fmt"
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestAStateIsNotInTheStoreWhenItIsChanged proves that the benchmarks do not
// write to what a store holds, and that stores stay as they are counted.
func TestAStateIsNotInTheStoreWhenItIsChanged(t *testing.T) {
	const n = 1500 // rounds end in the middle of a pass
	c := new(corpus).of(n)
	var s states
	inStore := map[string]*corev1.Pod{}
	for _, pod := range c.pods {
		inStore[pod.Namespace+"/"+pod.Name] = pod
	}
	before := map[*corev1.Pod]string{}
	for round := range 12 {
		clear(before)
		for pod := range maps.Values(inStore) {
			before[pod] = pod.ResourceVersion
		}
		states, move := s.next(n, round%3 == 0), round%3 == 0
		for pod, version := range before {
			if pod.ResourceVersion != version {
				t.Fatalf("round %d changes %s, which is in the store", round, pod.Name)
			}
		}
		for _, pod := range states {
			key := pod.Namespace + "/" + pod.Name
			old := inStore[key]
			if old == nil || old == pod || old.ResourceVersion == pod.ResourceVersion {
				t.Fatalf("round %d: %s is no later state of a pod that is there", round, key)
			}
			if moved := old.Spec.NodeName != pod.Spec.NodeName; moved != move {
				t.Fatalf("round %d: %s moved: %v", round, key, moved)
			}
			inStore[key] = pod
		}
	}
	if len(inStore) != n {
		t.Fatalf("%d pods, want %d", len(inStore), n)
	}
}

func TestPodsAreNumbered(t *testing.T) {
	for _, i := range []int{0, 7, 10, 99, 100, 1_000, 123_456, 1_000_000, 9_999_999} {
		pod := Pod(i, 12)
		got := pod.Namespace + " " + pod.Name + " " + string(pod.UID) + " " + pod.ResourceVersion + " " + pod.Labels["app"] + " " + pod.Spec.NodeName
		if want := fmt.Sprintf("ns-%03d pod-%07d uid-%07d 12 app-%02d node-%03d", i%Namespaces, i, i, i%Apps, i%Nodes); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestStoresOfTheBenchmarksCountAlike runs what a benchmark counts on every
// engine.
func TestStoresOfTheBenchmarksCountAlike(t *testing.T) {
	const n = 1000
	c := new(corpus).of(n)
	for name, empty := range map[string]func() podStore{
		Informant: newOurStore, ClientGo: newClientGoStore, dropIn: newDropInStore, control: newControlStore, floor: newFloorStore,
		stateDB: newTableStore,
	} {
		s := empty()
		for _, pods := range [][]*corev1.Pod{c.pods, c.later()} {
			if err := s.replace(pods, "1"); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.update(Pod(7, n+8)); err != nil {
			t.Fatal(err)
		}
		if err := s.updateAll([]*corev1.Pod{Pod(8, n+9), Pod(9, n+10)}); err != nil {
			t.Fatal(err)
		}
		for what, got := range map[string]int{
			"list": s.list(), "iterate": s.iterate(), "snapshot": s.snapshot(), "hold": s.hold()(),
			"namespace": Namespaces * s.byIndex("namespace", "ns-007"),
			"node":      Nodes * s.byIndex("node", "node-007"),
			"app":       Apps * s.byIndex("app", "app-07"),
		} {
			if got != n {
				t.Errorf("%s: %s counts %d, want %d", name, what, got, n)
			}
		}
		if !s.get(c.keys[7]) {
			t.Errorf("%s: a key is missing", name)
		}
	}
}

// TestTheMapOfTheBenchmarksHasWhatItIsGiven is the same for a store that has
// keys only.
func TestTheMapOfTheBenchmarksHasWhatItIsGiven(t *testing.T) {
	const n = 1000
	c := new(corpus).of(n)
	s := newMapStore()
	for _, pods := range [][]*corev1.Pod{c.pods, c.later()} {
		if err := s.replace(pods, "1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.remove(c.pods[7]); err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string]int{"list": s.list(), "iterate": s.iterate()} {
		if got != n-1 {
			t.Errorf("%s counts %d, want %d", what, got, n-1)
		}
	}
	if gone := c.pods[7].Namespace + "/" + c.pods[7].Name; s.get(gone) {
		t.Errorf("%s was removed and is there", gone)
	}
}
