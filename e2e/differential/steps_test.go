package differential

// write is a request that changes something.
type write struct {
	name, method, path string
	body               any
	patch              bool
}

func (w write) contentType() string {
	if w.patch {
		return "application/merge-patch+json"
	}
	return "application/json"
}

const collection = "/api/v1/namespaces/{ns}/configmaps"

type object = map[string]any

func configMap(name string, labels object, data string) object {
	meta := object{"name": name}
	if labels != nil {
		meta["labels"] = labels
	}
	return object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": object{"value": data}}
}

func withVersion(o object, version string) object {
	o["metadata"].(object)["resourceVersion"] = version
	return o
}

// writes is the history that every test of this package reads. The comments
// number the versions that the successful ones get.
var writes = []write{
	{name: "create a", method: "POST", path: collection, body: configMap("a", object{"app": "x"}, "1")},                             // rv0
	{name: "create b", method: "POST", path: collection, body: configMap("b", object{"app": "y"}, "1")},                             // rv1
	{name: "create c", method: "POST", path: collection, body: configMap("c", object{"app": "x"}, "1")},                             // rv2
	{name: "create a again", method: "POST", path: collection, body: configMap("a", nil, "1")},                                      // 409
	{name: "create without a name", method: "POST", path: collection, body: object{"apiVersion": "v1", "kind": "ConfigMap"}},        // 422
	{name: "create with a wrong kind", method: "POST", path: collection, body: object{"apiVersion": "v1", "kind": "Secret"}},        // 400
	{name: "create with a version", method: "POST", path: collection, body: withVersion(configMap("z", nil, "1"), "5")},             // 400
	{name: "update a", method: "PUT", path: collection + "/a", body: withVersion(configMap("a", object{"app": "x"}, "2"), "{rv0}")}, // rv3
	{name: "update a from a stale version", method: "PUT", path: collection + "/a", body: withVersion(configMap("a", nil, "9"), "{rv0}")},
	{name: "update what is not there", method: "PUT", path: collection + "/nobody", body: withVersion(configMap("nobody", nil, "9"), "{rv0}")},
	{name: "update under another name", method: "PUT", path: collection + "/a", body: configMap("b", nil, "9")},
	{name: "patch b", method: "PATCH", path: collection + "/b", patch: true, body: object{"data": object{"value": "2", "more": "3"}}}, // rv4
	{name: "patch what is not there", method: "PATCH", path: collection + "/nobody", patch: true, body: object{"data": object{}}},
	{name: "patch nothing", method: "PATCH", path: collection + "/b", patch: true, body: object{"data": object{"value": "2"}}},                 // rv4 again: rv5
	{name: "relabel c", method: "PATCH", path: collection + "/c", patch: true, body: object{"metadata": object{"labels": object{"app": "y"}}}}, // rv6
	{name: "create d", method: "POST", path: collection, body: configMap("d", object{"app": "x", "tier": "back"}, "1")},                        // rv7
	{name: "delete b", method: "DELETE", path: collection + "/b"},                                                                              // rv8
	{name: "delete what is not there", method: "DELETE", path: collection + "/nobody"},
	{name: "create e", method: "POST", path: collection, body: configMap("e", nil, "1")}, // rv9
	{name: "get a", method: "GET", path: collection + "/a"},
	{name: "get what is not there", method: "GET", path: collection + "/nobody"},
	{name: "get of an unknown resource", method: "GET", path: "/api/v1/namespaces/{ns}/gadgets"},
	{name: "get of an unknown group", method: "GET", path: "/apis/example.org/v1/gadgets"},
}

// reads are lists and watches of that history. A token is that of the request
// before.
var reads = []struct{ name, path string }{
	{"list", "?"},
	{"list from cache", "?resourceVersion=0"},
	{"list from cache ignores the limit", "?resourceVersion=0&limit=2"},
	{"list not older", "?resourceVersion={rv3}&resourceVersionMatch=NotOlderThan"},
	{"list not older, paged", "?resourceVersion={rv3}&resourceVersionMatch=NotOlderThan&limit=2"},
	{"list at a version", "?resourceVersion={rv3}"},
	{"list exactly", "?resourceVersion={rv3}&resourceVersionMatch=Exact"},
	{"list exactly, paged", "?resourceVersion={rv7}&resourceVersionMatch=Exact&limit=2"},
	{"list exactly, next page", "?limit=2&continue={token}"},
	{"list paged", "?limit=2"},
	{"list next page", "?limit=2&continue={token}"},
	{"list rest without a limit", "?continue={token}"},
	{"list one", "?limit=1"},
	{"list with a token and a version", "?limit=1&continue={token}&resourceVersion={rv3}"},
	{"list with a token and a match", "?limit=1&continue={token}&resourceVersionMatch=Exact"},
	{"list with a bad token", "?limit=1&continue=nonsense"},
	{"list with a limit that is no number", "?limit=many"},
	{"list with a match and no version", "?resourceVersionMatch=Exact"},
	{"list with an unknown match", "?resourceVersion={rv3}&resourceVersionMatch=Roughly"},
	{"list exactly zero", "?resourceVersion=0&resourceVersionMatch=Exact"},
	{"list with a bad version", "?resourceVersion=abc"},
	{"list with initial events", "?sendInitialEvents=true&resourceVersionMatch=NotOlderThan"},
	{"list from the future", "?resourceVersion={future}"},
	{"list from the future, not older", "?resourceVersion={future}&resourceVersionMatch=NotOlderThan"},
	{"list by label", "?labelSelector=app%3Dx"},
	{"list by label, paged", "?labelSelector=app%3Dx&limit=1"},
	{"list by label, next page", "?labelSelector=app%3Dx&limit=1&continue={token}"},
	{"list by label set", "?labelSelector=app+in+(x,y),tier!%3Dback"},
	{"list by label that is there", "?labelSelector=tier"},
	{"list by a bad label selector", "?labelSelector=a%3D%3D%3Db"},
	{"list by name", "?fieldSelector=metadata.name%3Da"},
	{"list by namespace", "?fieldSelector=metadata.namespace%3D{ns}"},
	{"list by another namespace", "?fieldSelector=metadata.namespace%3Delsewhere"},
	{"list by all names but one", "?fieldSelector=metadata.name!%3Da"},
	{"list by an unknown field", "?fieldSelector=spec.size%3D1"},
	{"list by a bad field selector", "?fieldSelector=metadata.name"},

	{"watch from the start", "?watch=1&resourceVersion={rv0}&timeoutSeconds=1"},
	{"watch from the middle", "?watch=true&resourceVersion={rv6}&timeoutSeconds=1"},
	{"watch from any", "?watch=1&resourceVersion=0&timeoutSeconds=1"},
	{"watch from now", "?watch=1&timeoutSeconds=1"},
	{"watch with bookmarks", "?watch=1&resourceVersion={rv0}&allowWatchBookmarks=true&timeoutSeconds=2"},
	{"watch by label", "?watch=1&resourceVersion={rv0}&timeoutSeconds=1&labelSelector=app%3Dx"},
	{"watch by label, from elsewhere", "?watch=1&resourceVersion={rv0}&timeoutSeconds=1&labelSelector=app%3Dy"},
	{"watch by name", "?watch=1&resourceVersion={rv0}&timeoutSeconds=1&fieldSelector=metadata.name%3Db"},
	{"watch from a bad version", "?watch=1&resourceVersion=abc&timeoutSeconds=1"},
	{"watch with a match", "?watch=1&resourceVersion={rv0}&resourceVersionMatch=Exact&timeoutSeconds=1"},
	{"watch with a continue token", "?watch=1&resourceVersion={rv0}&continue=abc&timeoutSeconds=1"},
	{"watch by a bad label selector", "?watch=1&labelSelector=a%3D%3D%3Db&timeoutSeconds=1"},
	{"stream the list", "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1"},
	{"stream the list from a version", "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion={rv3}&timeoutSeconds=1"},
	{"stream the list by label", "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=app%3Dx&timeoutSeconds=1"},
	{"stream the list without bookmarks", "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1"},
	{"stream the list without a match", "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&timeoutSeconds=1"},
	{"stream the list with another match", "?watch=1&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion={rv3}&allowWatchBookmarks=true&timeoutSeconds=1"},
	{"stream no list", "?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion={rv6}&timeoutSeconds=1"},
}
