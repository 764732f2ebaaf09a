package informer_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
)

// shard is the index-th of count parts of q.
func shard(q query, index, count int) query {
	q.Shard = &reflector.Shard{Index: index, Count: count}
	return q
}

// R9, G1: whatever happens on the way, the shards of all replicas together are what the
// server has, no object is in two, and a shard is what its selector says; on a server
// that knows shards and on one that does not, by lists in pages and by streams.
func TestShardsAreAPartitionWhateverHappens(t *testing.T) {
	const count = 3
	for _, known := range []bool{true, false} {
		for _, paged := range []bool{true, false} {
			for seed := range uint64(4) {
				t.Run(fmt.Sprintf("known=%v/paged=%v/%d", known, paged, seed), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						res := widgets
						res.BuiltIn = true
						server := must(apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{res}, Shards: known, Seed: seed}))
						t.Cleanup(server.Close)
						w := &shardWorld{t: t, server: server, objects: apitest.Of[partial](server, res), r: rand.New(rand.NewPCG(seed, 1))}
						for range 40 {
							w.change()
						}
						for i := range count {
							// Each is a replica, a Group of its own.
							g := grouped(t, informer.GroupOptions{Reflector: reflector.Options{DisableStreaming: paged, PageSize: 7}})
							w.leases = append(w.leases, must(informer.Get(g, shard(widgetsOf(server), i, count))))
							runs(t, g)
						}
						for range 60 {
							w.step()
						}
						w.check(known, paged)
					})
				})
			}
		}
	}
}

type shardWorld struct {
	t       *testing.T
	server  *apitest.Server
	objects apitest.Collection[partial]
	leases  []*informer.Lease[partial]
	r       *rand.Rand
}

// step changes something, or lets something go wrong.
func (w *shardWorld) step() {
	switch w.r.IntN(12) {
	case 0:
		w.server.Cut(apitest.Match{}, apitest.Abruptly)
	case 1:
		w.server.Expire()
	case 2:
		w.server.Inject(apitest.Fault{Match: apitest.Match{Verb: apitest.VerbWatch}, Times: 2, Do: apitest.CutAfter(w.r.IntN(3), apitest.MidFrame)})
	case 3:
		<-time.After(time.Duration(w.r.IntN(200)) * time.Second)
		w.compare()
	default:
		w.change()
	}
}

// change creates, changes, deletes, or deletes and creates an object.
func (w *shardWorld) change() {
	name := fmt.Sprint("w-", w.r.IntN(60))
	_, err := w.objects.Get("default", name)
	switch {
	case err != nil:
		must(w.objects.Create(widget(name, "small")))
	case w.r.IntN(3) == 0:
		must(w.objects.Delete("default", name))
		if w.r.IntN(2) == 0 {
			must(w.objects.Create(widget(name, "new")))
		}
	default:
		must(w.objects.Modify("default", name, func(o partial) partial {
			o.Labels = map[string]string{"size": fmt.Sprint(w.r.IntN(100))}
			return o
		}))
	}
}

// compare waits until all is quiet and compares the stores with the server.
func (w *shardWorld) compare() {
	w.t.Helper()
	<-time.After(10 * time.Minute)
	synctest.Wait()
	want := must(w.objects.Versions())
	got := map[string]string{}
	for i, l := range w.leases {
		part := &reflector.Shard{Index: i, Count: len(w.leases)}
		for _, obj := range l.Informer().Indexer().List() {
			key := obj.Namespace + "/" + obj.Name
			if _, twice := got[key]; twice {
				w.t.Errorf("%s is in two shards", key)
			}
			if got[key] = obj.ResourceVersion; !part.Holds(obj.UID, obj.Namespace) {
				w.t.Errorf("%s is in shard %d, where it does not belong", key, i)
			}
		}
	}
	if !maps.Equal(got, want) {
		w.t.Errorf("the shards hold %v together, the server %v", got, want)
	}
}

func (w *shardWorld) check(known, paged bool) {
	w.compare()
	requests := w.server.Requests()
	if i := slices.IndexFunc(requests, func(r apitest.Request) bool {
		return !strings.HasPrefix(r.Query.Get("shardSelector"), "shardRange(object.metadata.uid, '0x")
	}); i >= 0 {
		w.t.Errorf("a request without its shard: %v", requests[i].Query)
	}
	for _, l := range w.leases {
		status := l.Informer().Status()
		if !status.Source.InStep || status.Source.Shard == "" {
			w.t.Errorf("%s: %+v", l.Name(), status.Source)
		}
		// A list in pages says it. Where streams are asked for, a list in pages follows one
		// that broke off, or does not.
		if says := status.Source.ServerShards; says && !known || !says && known && paged {
			w.t.Errorf("%s, a server that knows shards: %v: %+v", l.Name(), known, status.Source)
		}
	}
}

// R9: what a server that knows shards sends is the part alone.
func TestAServerThatKnowsShardsSendsThePart(t *testing.T) {
	for _, known := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			server := must(apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{widgets}, Shards: known}))
			t.Cleanup(server.Close)
			objects := apitest.Of[partial](server, widgets)
			for i := range 100 {
				must(objects.Create(widget(fmt.Sprint("w", i), "small")))
			}
			source := must(widgetsOf(server).Source("", informer.Selector{}))
			r := must(reflector.New(source, reflector.Options{Shard: &reflector.Shard{Index: 1, Count: 4}}))
			in := must(informer.NewFromRunner(object.Meta[partial](), r, informer.Options[partial]{}))
			ended := make(chan error, 1)
			go func() { ended <- in.Run(t.Context()) }()
			<-in.Synced()
			n := len(in.Indexer().List())
			if n < 15 || n > 35 {
				t.Errorf("known=%v: %d of 100 objects are in a shard of four", known, n)
			}
			if outside := int(r.Stats().Outside); known && outside != 0 || !known && outside != 100-n {
				t.Errorf("known=%v: %d objects came that are outside, and %d that are not", known, outside, n)
			}
			if err := in.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			<-ended
		})
	}
}

// G1: a shard is a part of what a query asks for, however it is written; everything is
// no shard.
func TestAShardIsAPartOfAQuery(t *testing.T) {
	g := grouped(t, informer.GroupOptions{})
	ranges := func(r ...reflector.ShardRange) query {
		q := stills()
		q.Shard = &reflector.Shard{Ranges: r}
		return q
	}
	first := must(informer.Get(g, shard(stills(), 0, 2)))
	if want := "widgets.v1.example.io, shard 0 of 2, asked for by informer/shard_test.go:"; !strings.HasPrefix(first.Name(), want) {
		t.Errorf("it is called %s, want %s", first.Name(), want)
	}
	for _, c := range []struct {
		q      query
		shares bool
	}{
		{shard(stills(), 0, 2), true},
		{ranges(reflector.ShardRange{First: 1, Last: 1<<63 - 1}, reflector.ShardRange{First: 0, Last: 0}), true},
		{shard(stills(), 1, 2), false},
		{shard(stills(), 0, 3), false},
		{ranges(reflector.ShardRange{First: 0, Last: 1 << 63}), false},
		{in(shard(stills(), 0, 2), "a"), false},
	} {
		l := must(informer.Get(g, c.q))
		if shares := l.Informer() == first.Informer(); shares != c.shares {
			t.Errorf("%s shares the informer: %v", l.Name(), shares)
		}
	}
	whole := must(informer.Get(g, shard(stills(), 0, 1)))
	if everything := must(informer.Get(g, stills())); everything.Informer() != whole.Informer() || everything.Informer() == first.Informer() {
		t.Error("the only shard is not everything")
	}
}

// G6: a shard of what is all there already is a view.
func TestAShardIsAView(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		for i := range 30 {
			must(objects.Create(widget(fmt.Sprint("w", i), "small")))
		}
		g := grouped(t, informer.GroupOptions{})
		runs(t, g)
		all := must(informer.Get(g, widgetsOf(server)))
		half := must(informer.Get(g, shard(widgetsOf(server), 0, 2)))
		byNamespace := in(widgetsOf(server), "default", "other")
		byNamespace.Shard = &reflector.Shard{Index: 1, Count: 2, Key: reflector.ShardByNamespace}
		one := must(informer.Get(g, byNamespace))
		must(objects.Create(widget("last", "small")))
		var want, whole []string
		for _, obj := range must(objects.List("")) {
			whole = append(whole, obj.Namespace+"/"+obj.Name)
			if (&reflector.Shard{Count: 2}).Holds(obj.UID, "") {
				want = append(want, obj.Namespace+"/"+obj.Name)
			}
		}
		slices.Sort(want)
		slices.Sort(whole)
		expectKeys(t, half, want...)
		expectKeys(t, all, whole...)
		if byNamespace.Shard.Holds("", "default") {
			expectKeys(t, one, whole...)
		} else {
			expectKeys(t, one)
		}
		if n := len(g.Statuses()); n != 3 || g.Statuses()[1].ViewOf == "" || g.Statuses()[2].ViewOf == "" {
			t.Errorf("%d informers: %+v", n, g.Statuses())
		}
	})
}

// A shard that cannot be, and one where queries are not compared by it, is refused.
func TestAQueryWithABadShard(t *testing.T) {
	g := grouped(t, informer.GroupOptions{})
	hidden := stills()
	hidden.Reflector = &reflector.Options{Shard: &reflector.Shard{Count: 2}}
	for want, q := range map[string]query{
		"Shard.Count is 0":                   shard(stills(), 0, 0),
		"Shard.Index is 2 of 2":              shard(stills(), 2, 2),
		"set the Shard of the Query instead": hidden,
	} {
		if _, err := informer.Get(g, q); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "asked for by informer/shard_test.go:") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := informer.NewGroup(informer.GroupOptions{Reflector: reflector.Options{Shard: &reflector.Shard{Count: 2}}}); err == nil || !strings.Contains(err.Error(), "set Query.Shard instead") {
		t.Error(err)
	}
}
