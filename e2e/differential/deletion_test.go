package differential

import (
	"context"
	"testing"
	"time"
)

func withFinalizers(o object, finalizers ...string) object {
	o["metadata"].(object)["finalizers"] = finalizers
	return o
}

// deletions is a history of what is deleted at once, later, or not at all.
var deletions = []write{
	{name: "create a with finalizers", method: "POST", path: collection, body: withFinalizers(configMap("a", nil, "1"), "example.io/one", "example.io/two")},
	{name: "delete a", method: "DELETE", path: collection + "/a"},
	{name: "delete a again", method: "DELETE", path: collection + "/a", body: object{"gracePeriodSeconds": 0}},
	{name: "delete another state", method: "DELETE", path: collection + "/a", body: object{"preconditions": object{"resourceVersion": "1"}}},
	{name: "delete another life", method: "DELETE", path: collection + "/a", body: object{"preconditions": object{"uid": "00000000-0000-0000-0000-000000000000"}}},
	{name: "a new finalizer", method: "PATCH", path: collection + "/a", patch: true, body: object{"metadata": object{"finalizers": []string{"example.io/three"}}}},
	{name: "a change", method: "PATCH", path: collection + "/a", patch: true, body: object{"data": object{"value": "2"}}},
	{name: "one finalizer less", method: "PATCH", path: collection + "/a", patch: true, body: object{"metadata": object{"finalizers": []string{"example.io/two"}}}},
	{name: "none", method: "PATCH", path: collection + "/a", patch: true, body: object{"metadata": object{"finalizers": nil}}},
	{name: "a is gone", method: "GET", path: collection + "/a"},
	{name: "create b", method: "POST", path: collection, body: configMap("b", object{"app": "x"}, "1")},
	{name: "create c with a finalizer", method: "POST", path: collection, body: withFinalizers(configMap("c", object{"app": "x"}, "1"), "example.io/one")},
	{name: "create d", method: "POST", path: collection, body: configMap("d", object{"app": "y"}, "1")},
	{name: "delete by label", method: "DELETE", path: collection + "?labelSelector=app%3Dx"},
	{name: "delete nobody", method: "DELETE", path: collection + "?labelSelector=app%3Dz"},
	{name: "delete by a bad selector", method: "DELETE", path: collection + "?labelSelector=a%3D%3D%3Db"},
	{name: "delete all with options in the query", method: "DELETE", path: collection + "?gracePeriodSeconds=0"},
	{name: "put c without finalizers", method: "PUT", path: collection + "/c", body: configMap("c", object{"app": "x"}, "3")},
	{name: "delete over all namespaces", method: "DELETE", path: "/api/v1/configmaps"},
	{name: "put a collection", method: "PUT", path: collection, body: object{}},
	{name: "options that are none", method: "DELETE", path: collection + "/d", body: object{"gracePeriodSeconds": "soon"}},
	{name: "create e", method: "POST", path: collection, body: configMap("e", nil, "1")},
	{name: "list", method: "GET", path: collection},
	{name: "watch from the start", method: "GET", path: collection + "?watch=1&resourceVersion={rv0}&timeoutSeconds=1"},
}

func TestApitestDeletesAsARealServerDoes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	reality, imitation := sides(t)
	for _, w := range deletions {
		t.Run(w.name, func(t *testing.T) {
			compare(t, reality.write(ctx, t, w), imitation.write(ctx, t, w))
		})
	}
}
