package cache_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	upstream "k8s.io/client-go/tools/cache"
	testclock "k8s.io/utils/clock/testing"
	"pgregory.net/rapid"
)

// Whatever is done and however time passes, both stores show the same objects,
// keep the same keys, and tell of the same deletions.
func TestExpiringStoresShowWhatClientGosDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		clock := testclock.NewFakeClock(time.Unix(1000, 0))
		policy := &upstream.TTLPolicy{TTL: time.Minute, Clock: clock}
		deleted := [2]chan string{make(chan string, 100), make(chan string, 100)}
		stores := []upstream.Store{
			upstream.NewFakeExpirationStore(podKey, deleted[0], policy, clock),
			cache.NewFakeExpirationStore(podKey, deleted[1], policy, clock),
		}
		version := 0
		pod := func(rt *rapid.T) *corev1.Pod {
			version++
			return versioned(newPod("ns", rapid.SampledFrom([]string{"p", "q", "r", ""}).Draw(rt, "name"), ""), version)
		}
		both := func(do func(s upstream.Store) any) {
			if diff := cmp.Diff(do(stores[0]), do(stores[1])); diff != "" {
				rt.Fatalf("answers differ (-client-go +informant):\n%s", diff)
			}
		}
		write := func(do func(s upstream.Store, obj any) error) func(*rapid.T) {
			return func(rt *rapid.T) {
				p := pod(rt)
				both(func(s upstream.Store) any { return outcome(do(s, p)) })
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"add":    write(upstream.Store.Add),
			"update": write(upstream.Store.Update),
			"delete": write(upstream.Store.Delete),
			"replace": func(rt *rapid.T) {
				var list []any
				for range rapid.IntRange(0, 3).Draw(rt, "items") {
					list = append(list, pod(rt))
				}
				rv := fmt.Sprint(version)
				both(func(s upstream.Store) any { return outcome(s.Replace(slices.Clone(list), rv)) })
			},
			"bookmark": func(*rapid.T) {
				version++
				both(func(s upstream.Store) any { s.Bookmark(fmt.Sprint(version)); return nil })
			},
			"time passes": func(rt *rapid.T) {
				clock.Step(time.Duration(rapid.IntRange(1, 40).Draw(rt, "seconds")) * time.Second)
			},
			"get": func(rt *rapid.T) {
				p := pod(rt)
				both(func(s upstream.Store) any {
					obj, exists, err := s.Get(p)
					return []any{describe(obj), exists, outcome(err)}
				})
			},
			"get by key": func(*rapid.T) {
				both(func(s upstream.Store) any {
					obj, exists, err := s.GetByKey("ns/q")
					return []any{describe(obj), exists, err}
				})
			},
			"list": func(*rapid.T) { both(func(s upstream.Store) any { return described(s.List()) }) },
			"": func(rt *rapid.T) {
				both(func(s upstream.Store) any {
					return []any{sorted(s.ListKeys()), s.LastStoreSyncResourceVersion(), s.Resync()}
				})
				var told [2][]string
				for i := range told {
					for len(deleted[i]) > 0 {
						told[i] = append(told[i], <-deleted[i])
					}
				}
				if diff := cmp.Diff(sorted(told[0]), sorted(told[1])); diff != "" {
					rt.Fatalf("deletions differ (-client-go +informant):\n%s", diff)
				}
			},
		})
	})
}

// What is made by NewTTLStore is an ExpirationCache, as client-go's is, and
// goes by the real clock; a policy of client-go's fakes works as well.
func TestTTLStoresAndFakePolicies(t *testing.T) {
	s := cache.NewTTLStore(podKey, time.Hour)
	if _, ok := s.(*cache.ExpirationCache); !ok {
		t.Errorf("NewTTLStore returns a %T", s)
	}
	forever, never := newPod("ns", "p", ""), newPod("ns", "q", "")
	policy := &cache.FakeExpirationPolicy{NeverExpire: sets.New("ns/p"), RetrieveKeyFunc: func(entry any) (string, error) {
		return podKey(entry.(*cache.TimestampedEntry).Obj)
	}}
	picky := cache.NewExpirationStore(podKey, policy)
	for _, s := range []cache.Store{s, picky} {
		for _, pod := range []*corev1.Pod{forever, never} {
			if err := s.Add(pod); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(s.List()); n != 2 {
		t.Errorf("%d objects within the hour", n)
	}
	if all := picky.List(); len(all) != 1 || all[0] != any(forever) {
		t.Errorf("the policy leaves %v", all)
	}
}

// A read takes out what it found expired, and nothing that was stored since.
func TestAReadTakesOutOnlyWhatHasExpired(t *testing.T) {
	policy := policyFunc(func(entry *cache.TimestampedEntry) bool { return entry.Obj.(*corev1.Pod).ResourceVersion == "1" })
	s := cache.NewExpirationStore(podKey, policy)
	old, fresh := versioned(newPod("ns", "p", ""), 1), versioned(newPod("ns", "p", ""), 2)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					s.List()
					_, _, _ = s.GetByKey("ns/p")
				}
			}
		})
	}
	for range 1000 {
		if err := s.Add(old); err != nil {
			t.Fatal(err)
		}
		if err := s.Add(fresh); err != nil {
			t.Fatal(err)
		}
		if got, exists, _ := s.GetByKey("ns/p"); !exists || got != any(fresh) {
			t.Error("an object that was stored since is gone")
			break
		}
	}
	close(stop)
	readers.Wait()
}

type policyFunc func(*cache.TimestampedEntry) bool

func (f policyFunc) IsExpired(entry *cache.TimestampedEntry) bool { return f(entry) }
