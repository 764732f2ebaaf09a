package apitest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
	"k8s.io/apimachinery/pkg/sharding"
)

// halves select the two halves of the objects.
var halves = [2]string{
	"shardRange(object.metadata.uid, '0x0000000000000000', '0x8000000000000000')",
	" shardRange(object.metadata.uid,'0x8000000000000000', '0x9000000000000000') || shardRange( object.metadata.uid, '0x9000000000000000', '0x10000000000000000' )",
}

func shardOf(selector string) string { return "?shardSelector=" + url.QueryEscape(selector) }

// A2, A3: with Shards, lists, pages, streamed lists and watches show the part that is
// asked for; without, everything.
func TestShards(t *testing.T) {
	for _, known := range []bool{true, false} {
		s := start(t, apitest.Options{Shards: known})
		fill(t, s, "n", "a", "b", "c", "d", "e", "f", "g", "h")
		all := list(t, s, widgets.Path("", ""))
		for i, selector := range halves {
			var want []string
			for _, w := range all.Items {
				if upper := sharding.HashField(string(w.UID)) >= "8"; !known || upper == (i == 1) {
					want = append(want, w.Namespace+"/"+w.Name)
				}
			}
			if known && (len(want) == 0 || len(want) == len(all.Items)) {
				t.Fatalf("all objects are in one half: take other names")
			}
			part := list(t, s, widgets.Path("", "")+shardOf(selector))
			if diff := cmp.Diff(want, part.names()); diff != "" || part.ResourceVersion != all.ResourceVersion {
				t.Errorf("known=%v: a list of half %d at %s:\n%s", known, i, part.ResourceVersion, diff)
			}
			var paged []string
			for next := ""; ; {
				page := list(t, s, widgets.Path("", "")+shardOf(selector)+"&limit=1&continue="+url.QueryEscape(next))
				paged = append(paged, page.names()...)
				if next = page.Continue; next == "" {
					break
				}
			}
			if diff := cmp.Diff(want, paged); diff != "" {
				t.Errorf("known=%v: pages of half %d:\n%s", known, i, diff)
			}
			w := watch(t, s, widgets.Path("", "")+shardOf(selector)+"&watch=true&resourceVersion=1&timeoutSeconds=1")
			if got := w.take(len(want)); len(got) != len(want) || !strings.HasPrefix(got[0], "ADDED "+strings.TrimPrefix(want[0], "n/")+"@") {
				t.Errorf("known=%v: a watch of half %d: %v, want %v", known, i, got, want)
			}
			if got, _ := w.rest(); len(got) > 0 {
				t.Errorf("known=%v: a watch of half %d goes on: %v", known, i, got)
			}
		}
	}
}

// A2: a list of a built-in resource says which shard it shows, in the spelling of the
// server; others say nothing.
func TestShardInfo(t *testing.T) {
	for _, test := range []struct {
		known bool
		res   apitest.Resource
		want  string
	}{
		{true, configs, strings.NewReplacer(" shardRange(", "shardRange(", ",'", ", '", "( ", "(", " )", ")").Replace(halves[1])},
		{true, widgets, ""},
		{false, configs, ""},
	} {
		s := start(t, apitest.Options{Shards: test.known})
		got := ""
		if info := list(t, s, test.res.Path("", "")+shardOf(halves[1])).ShardInfo; info != nil {
			got = info.Selector
		}
		if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(test.want, " ", "") {
			t.Errorf("known=%v: a list of %s says %q, want %q", test.known, test.res.Kind, got, test.want)
		}
	}
}

// A5: what is no shard selector is an internal error, where shards are known.
func TestBadShardSelectors(t *testing.T) {
	on, off := start(t, apitest.Options{Shards: true}), start(t, apitest.Options{})
	for selector, want := range map[string]string{
		"x": "only shardRange() and || are allowed",
		"shardRange(object.metadata.name, '0x0000000000000000', '0x8000000000000000')":                      "unsupported field path",
		"shardRange(object.metadata.uid, '0x0', '0x8000000000000000')":                                      "16-digit hex",
		"shardRange(object.metadata.uid, '0x8000000000000000', '0x8000000000000000')":                       "must be less than end",
		halves[0] + " || shardRange(object.metadata.namespace, '0x8000000000000000', '0x9000000000000000')": "must use the same field",
		halves[0] + " && " + halves[1]: "only shardRange() and || are allowed",
	} {
		for _, rest := range []string{"", "&watch=true&timeoutSeconds=1"} {
			a := get(t, on, widgets.Path("", "")+shardOf(selector)+rest)
			if a.code != http.StatusInternalServerError || !strings.Contains(string(a.body), "invalid shard selector: ") || !strings.Contains(string(a.body), want) {
				t.Errorf("%s%s: %d %s, want 500 with %s", selector, rest, a.code, a.body, want)
			}
			if a := get(t, off, widgets.Path("", "")+shardOf(selector)+rest); a.code != http.StatusOK {
				t.Errorf("%s%s: %d %s without shards, want 200", selector, rest, a.code, a.body)
			}
		}
	}
}
