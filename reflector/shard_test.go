package reflector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/sharding"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"
)

// R9: what belongs to a shard here is what belongs to it on a server, and each object
// belongs to exactly one of the shards that make up everything.
func TestAShardHoldsWhatItsSelectorMatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"", ShardByUID, ShardByNamespace}).Draw(t, "key")
		shards := drawShards(t, key)
		obj := &metav1.PartialObjectMetadata{}
		obj.UID = types.UID(rapid.String().Draw(t, "uid"))
		obj.Namespace = rapid.String().Draw(t, "namespace")
		held := 0
		for _, s := range shards {
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
			holds := s.Holds(obj.UID, obj.Namespace)
			if holds {
				held++
			}
			if matches := matchedBy(t, s, obj); holds != matches {
				t.Errorf("%+v holds %q: %v, its selector %s matches: %v", s, obj.UID, holds, s, matches)
			}
		}
		if held != 1 {
			t.Errorf("%d shards hold it", held)
		}
	})
}

// drawShards are shards that make up everything.
func drawShards(t *rapid.T, key string) (shards []*Shard) {
	if rapid.Bool().Draw(t, "equal") {
		count := rapid.OneOf(rapid.IntRange(1, 40), rapid.SampledFrom([]int{1 << 20, math.MaxInt32})).Draw(t, "count")
		if count > 40 { // not all of so many: those around the hash of "" do
			part := int(fnv1a("") / (math.MaxUint64 / uint64(count)))
			return append(shards, everythingBut(t, key, part, count)...)
		}
		for i := range count {
			shards = append(shards, &Shard{Index: i, Count: count, Key: key})
		}
		return shards
	}
	cuts := slices.Compact(slices.Sorted(slices.Values(rapid.SliceOfN(rapid.Uint64Range(1, math.MaxUint64), 0, 8).Draw(t, "cuts"))))
	shards = []*Shard{{Key: key}, {Key: key}}
	first := uint64(0)
	for i, cut := range append(cuts, 0) {
		s := shards[i%2]
		s.Ranges = append(s.Ranges, ShardRange{first, cut - 1}) // the last one ends with the greatest
		first = cut
	}
	return slices.DeleteFunc(shards, func(s *Shard) bool { return s.Ranges == nil })
}

// everythingBut are one of many equal parts, and the ranges around it.
func everythingBut(t *rapid.T, key string, part, count int) []*Shard {
	one := &Shard{Index: part, Count: count, Key: key}
	r := one.ranges()[0]
	rest := &Shard{Key: key}
	if r.First > 0 {
		rest.Ranges = append(rest.Ranges, ShardRange{0, r.First - 1})
	}
	if r.Last < math.MaxUint64 {
		rest.Ranges = append(rest.Ranges, ShardRange{r.Last + 1, math.MaxUint64})
	}
	return []*Shard{one, rest}
}

// matchedBy asks apimachinery, of which the server's own code is.
func matchedBy(t *rapid.T, s *Shard, obj *metav1.PartialObjectMetadata) bool {
	if s.String() == "" {
		return true
	}
	var requirements []sharding.ShardRangeRequirement
	for one := range strings.SplitSeq(s.String(), " || ") {
		parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(one, "shardRange("), ")"), ", ")
		if len(parts) != 3 {
			t.Fatalf("the selector %s", s)
		}
		requirements = append(requirements, sharding.ShardRangeRequirement{Key: parts[0], Start: strings.Trim(parts[1], "'"), End: strings.Trim(parts[2], "'")})
	}
	matches, err := sharding.NewSelector(requirements...).Matches(obj)
	if err != nil {
		t.Fatal(err)
	}
	return matches
}

// The selectors are those that a server reads, and one for equal parts.
func TestShardSelectors(t *testing.T) {
	const half = 1 << 63
	for want, shards := range map[string][]*Shard{
		"": {nil, {Count: 1}, {Count: 1, Key: ShardByNamespace}, {Ranges: []ShardRange{{half, math.MaxUint64}, {0, half - 1}}}},
		"shardRange(object.metadata.uid, '0x0000000000000000', '0x8000000000000000')": {
			{Count: 2}, {Count: 2, Key: ShardByUID}, {Ranges: []ShardRange{{0, half - 1}}}, {Ranges: []ShardRange{{16, half - 1}, {0, 15}}}},
		"shardRange(object.metadata.namespace, '0xc000000000000000', '0x10000000000000000')": {{Index: 3, Count: 4, Key: ShardByNamespace}},
		"shardRange(object.metadata.uid, '0x5555555555555556', '0xaaaaaaaaaaaaaaab')":        {{Index: 1, Count: 3}},
		"shardRange(object.metadata.uid, '0x0000000000000001', '0x0000000000000002') || shardRange(object.metadata.uid, '0x0000000000000005', '0x0000000000000010')": {
			{Ranges: []ShardRange{{5, 15}, {1, 1}}}},
	} {
		for _, s := range shards {
			if err := s.Check(); err != nil || s.String() != want {
				t.Errorf("%+v: %s, %v, want %s", s, s, err, want)
			}
		}
	}
}

// What cannot be a shard is refused by New, with what to set.
func TestABadShardIsRefused(t *testing.T) {
	for want, s := range map[string]*Shard{
		"Shard.Count is 0: set it to the number of parts": {},
		"Shard.Count is -1":                              {Count: -1},
		"Shard.Count is 0: set it":                       {Index: 2},
		"Shard.Index is 3 of 3: set it to one of 0 to 2": {Index: 3, Count: 3},
		"Shard.Index is -1 of 3":                         {Index: -1, Count: 3},
		`Shard.Key is "metadata.name", which no server hashes: set it to reflector.ShardByUID`:         {Count: 2, Key: "metadata.name"},
		"Shard has Ranges and a Count or Index: leave one of them out":                                 {Count: 2, Ranges: []ShardRange{{0, 1}}},
		"Shard.Ranges is empty, which is no object at all":                                             {Ranges: []ShardRange{}},
		"0x0000000000000005 to 0x0000000000000004, which ends before it begins":                        {Ranges: []ShardRange{{0, 1}, {5, 4}}},
		"0x0000000000000000 to 0x0000000000000004 and 0x0000000000000004 to 0x0000000000000009, which": {Ranges: []ShardRange{{4, 9}, {0, 4}}},
	} {
		_, err := New(&script{}, Options{Name: "things", Shard: s})
		var named *Error
		if !errors.As(err, &named) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", s, err, want)
		}
	}
}

// inHalf are n names whose objects are in one half of two, and as many of the other.
func inHalf(n int) (in, out []string) {
	half := &Shard{Count: 2}
	for i := 0; len(in) < n || len(out) < n; i++ {
		if name := fmt.Sprint("o", i); half.Holds(types.UID(name), "") {
			in = append(in, name)
		} else {
			out = append(out, name)
		}
	}
	return in, out
}

// shardedScript is a script whose objects have their names as their UIDs.
type shardedScript struct {
	*script
	selectors []string
	info      *metav1.ShardInfo // of lists
}

func (s *shardedScript) List(ctx context.Context, opts metav1.ListOptions, part func(Part[*thing]) error) (metav1.ListMeta, error) {
	s.selectors = append(s.selectors, opts.ShardSelector)
	meta, err := s.script.List(ctx, opts, func(p Part[*thing]) error {
		before := slices.Clone(p.Items)
		for _, o := range p.Items {
			o.UID = types.UID(o.Name)
		}
		err := part(p)
		if !slices.Equal(before, p.Items) {
			return errors.New("the source's slice has changed")
		}
		return err
	})
	meta.ShardInfo = s.info
	return meta, err
}

func (s *shardedScript) Watch(ctx context.Context, opts metav1.ListOptions) (Stream[*thing], error) {
	s.selectors = append(s.selectors, opts.ShardSelector)
	stream, err := s.script.Watch(ctx, opts)
	if err != nil {
		return nil, err
	}
	for _, step := range stream.(*scriptStream).steps {
		if e, ok := step.(Event[*thing]); ok && e.Object != nil {
			e.Object.UID = types.UID(e.Object.Name)
		}
	}
	return stream, nil
}

// half runs a Reflector of the first of two halves through answers.
func half(t *testing.T, o Options, info *metav1.ShardInfo, answers ...answer) (sink *tape, r *Reflector[*thing], s *shardedScript) {
	sink = &tape{}
	o.Shard, o.Backoff.Jitter, o.OnError = &Shard{Count: 2}, -1, quietly
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		s = &shardedScript{script: &script{began: time.Now(), finish: cancel, answers: answers}, info: info}
		r = must(New[*thing](s, o))
		_ = r.Run(ctx, sink) // it ends with ctx
	})
	for _, selector := range s.selectors {
		if want := "shardRange(object.metadata.uid, '0x0000000000000000', '0x8000000000000000')"; selector != want {
			t.Errorf("a request with the shardSelector %q, want %s", selector, want)
		}
	}
	return sink, r, s
}

// R9: a list in pages of a server that knows no shards: what is outside does not come
// to the sink, nor what happens to it; it moves the version, and costs no list.
func TestWhatIsOutsideIsLeftOut(t *testing.T) {
	in, out := inHalf(2)
	sink, r, s := half(t, paged, nil,
		answer{items: ats(out[0]+"@1", in[0]+"@2", out[1]+"@3"), version: "10"},
		streams(modified(out[0]+"@11"), added(in[1]+"@12"), deleted(out[0]+"@13"), bookmark("14"), added(out[0]+"@15"), errGone),
		answer{items: ats(in[1]+"@12", out[0]+"@15"), version: "16"},
		streams())
	want := []string{"begin", "page " + in[0] + "@2", "commit 10", "add " + in[1] + "@12", "bookmark 14", "begin", "page " + in[1] + "@12", "commit 16"}
	if diff := cmp.Diff(want, sink.log); diff != "" {
		t.Errorf("the sink was told:\n%s", diff)
	}
	if requests := []string{"0s list rv= limit=500", "0s watch rv=10", "0.8s list rv=15", "0.8s watch rv=16"}; !slices.Equal(s.log, requests) {
		t.Errorf("requests: %q, want %q", s.log, requests)
	}
	st := r.Stats()
	if st.Outside != 6 || st.Events != 1 || st.Refused != 0 || r.LastSyncResourceVersion() != "16" {
		t.Errorf("stats: %+v at %s", st, r.LastSyncResourceVersion())
	}
	if status := r.Status(); status.Shard == "" || status.ServerShards || status.Refused != 0 {
		t.Errorf("status: %+v", status)
	}
}

// R9: a streamed list: what comes twice outside, and what changes there while the list
// is sent, is left out as well.
func TestWhatIsOutsideOfAStreamedListIsLeftOut(t *testing.T) {
	in, out := inHalf(2)
	sink, r, _ := half(t, Options{}, nil,
		streams(added(out[0]+"@1"), added(in[0]+"@2"), added(out[0]+"@1"), added(in[1]+"@4"), modified(out[1]+"@11"), listEnd("11"),
			deleted(out[0]+"@12"), modified(in[0]+"@13")))
	want := []string{"begin", "page " + in[0] + "@2 " + in[1] + "@4", "commit 11", "update " + in[0] + "@13"}
	if diff := cmp.Diff(want, sink.log); diff != "" {
		t.Errorf("the sink was told:\n%s", diff)
	}
	if st := r.Stats(); st.Outside != 4 || st.Synced != 1 {
		t.Errorf("stats: %+v", st)
	}
}

// R9: the shardInfo of a list says that the server does its part, and nothing else.
func TestAListSaysWhetherTheServerKnowsShards(t *testing.T) {
	in, out := inHalf(1)
	_, r, _ := half(t, paged, &metav1.ShardInfo{Selector: "of another"}, answer{items: ats(in[0]+"@1", out[0]+"@2"), version: "10"}, streams())
	if status, st := r.Status(), r.Stats(); !status.ServerShards || st.Outside != 1 {
		t.Errorf("status: %+v, stats: %+v", status, st)
	}
}

// R1b: a version that goes back is one outside of the shard too: it may be that the
// server went back.
func TestAVersionOutsideThatGoesBackCallsForOneList(t *testing.T) {
	in, out := inHalf(1)
	sink, r, _ := half(t, paged, nil,
		answer{items: ats(in[0] + "@8"), version: "10"}, streams(modified(out[0]+"@4")),
		answer{items: ats(in[0] + "@3"), version: "5"}, streams())
	if st := r.Stats(); st.Relists[RelistBackwards] != 1 || st.Outside != 1 {
		t.Errorf("stats: %+v", st)
	}
	if sink.state[in[0]] != "3" {
		t.Errorf("the sink holds %v", sink.state)
	}
}

// R4: what is no object is refused by the sink, in a shard too.
func TestNoObjectIsInEachShard(t *testing.T) {
	m := newMachine(must(New[*thing](&script{}, Options{Shard: &Shard{Count: 2}})), nil)
	if m.outside(nil) {
		t.Error("nil is left out without a word")
	}
}

// R1b, R9: an object that cannot be decoded keeps no shard from being in step that has
// no object of its own: those outside can be used.
func TestAShardWithoutObjectsSyncsDespiteARefusedOne(t *testing.T) {
	in, out := inHalf(2)
	page := func(version string) answer {
		return answer{items: ats(out[0]+"@1", out[1]+"@2"), refused: []error{undecodable("bad", "3")}, version: version}
	}
	_, r, s := half(t, paged, nil, page("10"), streams())
	if st := r.Stats(); st.Synced != 1 || st.Lists != 1 {
		t.Errorf("%d lists, %d of them complete, after %q: %v", st.Lists, st.Synced, s.log, st.LastError)
	}
	// and what was deleted meanwhile goes away
	later := answer{items: ats(out[0] + "@2"), refused: []error{undecodable("bad", "13")}, version: "20"}
	sink, _, _ := half(t, paged, nil, answer{items: ats(in[0]+"@1", out[0]+"@2"), version: "10"}, streams(errGone), later, streams(), later, streams())
	if len(sink.state) != 0 {
		t.Errorf("the sink holds %v, which the server has not", sink.state)
	}
}

// R9: pages of which all is outside are no pages without an end.
func TestPagesOutsideOfTheShardAreNoLoop(t *testing.T) {
	in, out := inHalf(1)
	var answers []answer
	for i := range 150 {
		answers = append(answers, answer{items: ats(fmt.Sprint(out[0], "@", i+1)), version: "1000", next: fmt.Sprint("token", i)})
	}
	answers = append(answers, answer{items: ats(in[0] + "@900"), version: "1000"}, streams())
	_, r, _ := half(t, paged, nil, answers...)
	if st := r.Stats(); st.Lists != 1 || st.Synced != 1 || errors.Is(st.LastError, ErrContinueLoop) {
		t.Errorf("%+v", st)
	}
}
