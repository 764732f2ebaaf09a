package indexer

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// TestACrowdOfReadersAndWriters proves S1 to S3 with 64 writers and 64 readers,
// on one processor and on more than there may be. Each writer has a pair of
// objects that it writes together, in all ways: what a reader sees of a pair is
// of one write, in the objects and in the indexes, and does not go back.
func TestACrowdOfReadersAndWriters(t *testing.T) {
	for _, procs := range []int{1, 8} {
		t.Run(fmt.Sprint("GOMAXPROCS=", procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			crowd(t)
		})
	}
}

const crowdSize = 64

func crowd(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor, "first": byFirst}})
	var writers, readers sync.WaitGroup
	var over atomic.Bool
	for n := range crowdSize {
		writers.Go(func() { writePairs(c, n) })
		readers.Go(func() {
			r := pairReader{t: t, cache: c, seen: map[string]int{}}
			for i := 0; !over.Load() && !t.Failed(); i++ {
				r.read(n + i)
			}
			r.readKept()
		})
	}
	writers.Wait()
	over.Store(true)
	readers.Wait()
	if err := check(c); err != nil {
		t.Fatal(err)
	}
	if n := c.Len(); n != 2*crowdSize {
		t.Errorf("%d objects at the end, want %d", n, 2*crowdSize)
	}
}

func pairKey(n, half int) string { return fmt.Sprintf("p/%02d-%d", n, half) }

// writePairs writes the pair of one writer: in the same color, in another, away
// and back.
func writePairs(c *Cache[*thing], n int) {
	for version := 1; version <= 100; version++ {
		color := fmt.Sprint("c", n%8)
		if version%7 == 0 {
			color = fmt.Sprint("c", version%8)
		}
		changes := make([]Change[*thing], 2)
		for half := range changes {
			key := pairKey(n, half)
			changes[half] = Change[*thing]{Key: key, Object: &thing{key: key, version: strconv.Itoa(version), colors: []string{color}}, Type: ChangePut}
			if version%11 == 0 && version < 100 {
				changes[half] = Change[*thing]{Key: key, Type: ChangeRemove}
			}
		}
		c.Apply(changes, "")
	}
}

// pairReader is one reader.
type pairReader struct {
	t     *testing.T
	cache *Cache[*thing]
	// seen has the newest version that it saw of each key.
	seen map[string]int
	kept []keptPairs
}

type keptPairs struct {
	snapshot Snapshot[*thing]
	want     map[string]string
}

func (r *pairReader) read(i int) {
	color := fmt.Sprint("c", i%8)
	switch i % 4 {
	case 0:
		r.pairs("List", r.cache.List())
	case 1:
		objs, err := r.cache.ByIndex("color", color)
		if err != nil {
			r.t.Error(err)
		}
		r.pairs("ByIndex", objs)
		r.have(objs, color)
	case 2:
		key := pairKey(i%crowdSize, 0)
		if obj, exists, _ := r.cache.GetByKey(key); exists {
			r.forward("GetByKey", obj)
		}
	default:
		r.snapshot(color)
	}
}

// snapshot takes one, and keeps some.
func (r *pairReader) snapshot(color string) {
	s := r.cache.Snapshot()
	objs, _ := s.ByIndex("color", color)
	r.have(objs, color)
	r.pairs("Snapshot", s.List())
	if len(r.kept) == 3 {
		r.kept = r.kept[1:]
	}
	r.kept = append(r.kept, keptPairs{s, versionsIn(s)})
	r.readKept()
}

func versionsIn(s Snapshot[*thing]) map[string]string {
	all := map[string]string{}
	for key, obj := range s.All() {
		all[key] = obj.version
	}
	return all
}

func (r *pairReader) readKept() {
	for _, k := range r.kept {
		now := versionsIn(k.snapshot)
		for key, version := range k.want {
			if now[key] != version {
				r.t.Errorf("a snapshot had %q in version %s, and has it in %q", key, version, now[key])
			}
		}
		if len(now) != len(k.want) {
			r.t.Errorf("a snapshot had %d objects, and has %d", len(k.want), len(now))
		}
	}
}

// pairs checks that both halves of each pair are there, in one version.
func (r *pairReader) pairs(what string, objs []*thing) {
	versions := map[string]string{}
	for _, obj := range objs {
		r.forward(what, obj)
		versions[obj.key] = obj.version
	}
	for key, version := range versions {
		other := key[:len(key)-1] + string('0'+'1'-key[len(key)-1])
		if versions[other] != version {
			r.t.Errorf("%s has %q in version %s and %q in %q", what, key, version, other, versions[other])
		}
	}
}

// have checks that all objects have a color.
func (r *pairReader) have(objs []*thing, color string) {
	for _, obj := range objs {
		if obj.colors[0] != color {
			r.t.Errorf("%q is listed under %s and has %s", obj.key, color, obj.colors[0])
		}
	}
}

// forward checks that what the reader sees of a key does not go back.
func (r *pairReader) forward(what string, obj *thing) {
	version, _ := strconv.Atoi(obj.version)
	if version < r.seen[obj.key] {
		r.t.Errorf("%s gives %q in version %d after %d", what, obj.key, version, r.seen[obj.key])
	}
	r.seen[obj.key] = version
}
