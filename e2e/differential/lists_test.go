package differential

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// past is a history with a version of each kind to list at.
var past = []write{
	create("a", selected),               // rv0
	create("b", nil),                    // rv1
	createIn(elsewhere, "c"),            // rv2
	create("d", selected),               // rv3
	change("b", "2"),                    // rv4
	remove("a"),                         // rv5
	create("e", nil),                    // rv6
	relabel("b", "true"),                // rv7
	create("a", nil),                    // rv8: another life of it
	createIn(elsewhere, "another"),      // rv9
	create("f", selected),               // rv10
	relabel("d", nil),                   // rv11
	create("rare", object{"rare": "1"}), // rv12
	create("ab", nil),                   // rv13: a name that another begins
	{method: "PUT", path: collection + "/b", body: withUID(configMap("b", nil, "9"), "00000000-0000-0000-0000-000000000000")}, // 409
}

func withUID(o object, uid string) object {
	o["metadata"].(object)["uid"] = uid
	return o
}

// listsOfThePast are lists at each version of the past: exactly and not older, at once,
// in pages and going on from some place, selected and not.
func listsOfThePast() (paths []string) {
	for n := range 14 {
		at := fmt.Sprintf("resourceVersion={rv%d}", n)
		for _, how := range []string{"", "&resourceVersionMatch=Exact", "&resourceVersionMatch=NotOlderThan"} {
			for _, what := range []string{"", "&limit=1", "&limit=2&labelSelector=select%3Dtrue", "&limit=10", "&fieldSelector=metadata.name%3Db"} {
				paths = append(paths, at+how+what)
			}
		}
		for _, from := range []string{"a", "b", "e", "zz"} {
			token := fmt.Sprintf("continue={at:rv%d:%s}", n, from)
			paths = append(paths, token, token+"&limit=1", token+"&limit=1&labelSelector=select%3Dtrue")
		}
	}
	return paths
}

// lists are others of that past, one after another.
var lists = []string{
	"continue={at:-1:b}", "continue={at:-1:b}&limit=1", "continue={at:-1:d}&limit=10",
	"continue={at:-1:}", "continue={at:0:a}", "continue={at:-5:a}", "continue={at:rv2:a}&resourceVersion=0", "continue={at:rv2:a}&resourceVersion={rv2}",
	"continue={at:9000000000:a}", "resourceVersion={future}&resourceVersionMatch=Exact", "resourceVersion={future}&resourceVersionMatch=Exact&limit=1", "resourceVersion=1&resourceVersionMatch=NotOlderThan",
	"resourceVersion=0&resourceVersionMatch=NotOlderThan", "resourceVersion=0&resourceVersionMatch=NotOlderThan&limit=1", "resourceVersion=0&resourceVersionMatch=Invalid", "resourceVersion={rv3}&resourceVersionMatch=Invalid", "resourceVersion=-1",
	"limit=1&labelSelector=select%3Dtrue", "limit=1&labelSelector=select%3Dtrue&continue={token}", "limit=1&labelSelector=select%3Dtrue&continue={token}",
	"limit=1&labelSelector=rare", "limit=2&labelSelector=rare", "limit=1&labelSelector=nobody", "limit=1&fieldSelector=metadata.name%3Df", "limit=1&fieldSelector=metadata.name%3Dnobody", "limit=1&fieldSelector=metadata.name!%3Db",
	"limit=6", "limit=5", "limit=7", "limit=0", "limit=-1", "limit=3", "limit=3&continue={token}",
	"fieldSelector=metadata.namespace%3D{ns}", "fieldSelector=metadata.namespace%3D{other}", "fieldSelector=metadata.name%3Db,metadata.namespace%3D{ns}", "fieldSelector=metadata.name%3Db,metadata.namespace%3D{other}",
	"fieldSelector=metadata.name%3Db&resourceVersion={rv4}&resourceVersionMatch=Exact", "fieldSelector=metadata.name%3Db&resourceVersion={future}",
}

// listsOfAll are lists of all namespaces.
var listsOfAll = []string{
	mine, mine + "&limit=1", mine + "&fieldSelector=metadata.namespace%3D{other}", mine + "&fieldSelector=metadata.name%3Dc", mine + "&fieldSelector=metadata.name%3Dc,metadata.namespace%3D{other}",
	mine + "&fieldSelector=metadata.name%3Dc,metadata.namespace%3D{ns}", mine + "&resourceVersion={rv3}&resourceVersionMatch=Exact", mine + "&resourceVersion={rv9}&resourceVersionMatch=NotOlderThan", mine + "&resourceVersion=0",
}

// ofOne are reads of one object.
var ofOne = []string{
	"/b?resourceVersion=0", "/b?resourceVersion={rv1}", "/b?resourceVersion={rv12}", "/b?resourceVersion={future}", "/b?resourceVersion=abc", "/b?resourceVersion=-1", "/nobody?resourceVersion=0", "/nobody?resourceVersion={rv1}", "/b?limit=1",
}

// Both servers know the same of the past and the present.
func TestApitestListsThePastAsARealServerDoes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	reality, imitation := pairs(t)
	for _, w := range past {
		t.Run("write", func(t *testing.T) { compare(t, reality.write(ctx, t, w), imitation.write(ctx, t, w)) })
	}
	reality.catchUp(ctx, t, situation{}) // its watch cache answers the first of the lists
	var paths []string
	for _, list := range append(listsOfThePast(), lists...) {
		paths = append(paths, collection+"?"+list)
	}
	for _, list := range listsOfAll {
		paths = append(paths, everywhere+"?"+list)
	}
	for _, one := range ofOne {
		paths = append(paths, collection+one)
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			want := reality.do(ctx, t, "GET", reality.path(t, path), "", nil)
			compare(t, want, imitation.do(ctx, t, "GET", imitation.path(t, path), "", nil))
		})
	}
}
