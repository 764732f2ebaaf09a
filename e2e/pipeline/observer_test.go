package pipeline

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
)

// at is an object at a version, in one of its lives.
func at(version string, life types.UID) *corev1.ConfigMap {
	c := configMap("a", nil)
	c.Namespace, c.ResourceVersion, c.UID = "ns", version, life
	return c
}

// The oracle would be worth nothing if it believed everything: it notes each
// way to break I1 and I2, and none in a history that keeps them.
func TestTheOracleNotesBrokenPromises(t *testing.T) {
	t.Parallel()
	type event = informer.Event[*corev1.ConfigMap]
	v1, v2, v3 := at("1", "x"), at("2", "x"), at("3", "x")
	added := event{Key: "ns/a", Type: informer.EventAdd, Object: v1}
	updated := event{Key: "ns/a", Type: informer.EventUpdate, Old: v1, Object: v2}
	for _, c := range []struct {
		name   string
		stored *corev1.ConfigMap
		events []event
		want   string // part of the only fault, "" for none
	}{
		{"a whole life", nil, []event{added, updated, {Key: "ns/a", Type: informer.EventDelete, Old: v2, Object: v3}}, ""},
		{"the store is ahead", v3, []event{added, updated}, ""},
		{"another life after the deletion", at("9", "y"), []event{added, {Key: "ns/a", Type: informer.EventDelete, Old: v1, Object: v2}}, ""},
		{"added twice", nil, []event{added, added}, "I1: the key was present"},
		{"updated before it was added", nil, []event{updated}, "I1: the key was present before: false"},
		{"deleted before it was added", nil, []event{{Key: "ns/a", Type: informer.EventDelete, Old: v1, Object: v1}}, "I1: the key was present before: false"},
		{"old is a state that was never given", nil, []event{added, {Key: "ns/a", Type: informer.EventUpdate, Old: v2, Object: v3}}, "I1: old"},
		{"an update that changes nothing", nil, []event{added, {Key: "ns/a", Type: informer.EventUpdate, Old: v1, Object: v1}}, "I1: the version"},
		{"an update from one life to the next", nil, []event{added, {Key: "ns/a", Type: informer.EventUpdate, Old: v1, Object: at("5", "y")}}, "I1: an update replaces"},
		{"the store is behind", v1, []event{added, updated}, "I2"},
		{"the store still has what is deleted", v3, []event{added, {Key: "ns/a", Type: informer.EventDelete, Old: v1, Object: v3}}, "I2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, err := indexer.New(indexer.Options[*corev1.ConfigMap]{})
			if err != nil {
				t.Fatal(err)
			}
			if c.stored != nil {
				if err := store.Add(c.stored); err != nil {
					t.Fatal(err)
				}
			}
			o := newOracle[*corev1.ConfigMap](store)
			for _, e := range c.events {
				o.OnEvent(t.Context(), e)
			}
			faults := o.broken()
			if c.want == "" && len(faults) > 0 || c.want != "" && (len(faults) != 1 || !strings.Contains(faults[0], c.want)) {
				t.Errorf("faults: %q, want %q", faults, c.want)
			}
		})
	}
}
