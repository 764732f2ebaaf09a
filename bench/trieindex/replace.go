package trieindex

import "github.com/informant-go/informant/indexer"

// Replace implements indexer.Store.
func (x *Index[T]) Replace(items []T, resourceVersion string) error {
	keys := make([]string, len(items))
	for i, item := range items {
		key, err := x.key(item)
		if err != nil {
			return err
		}
		keys[i] = key
	}
	x.ReplaceAll(keys, items, resourceVersion, nil)
	return nil
}

// ReplaceAll implements indexer.Indexer.
func (x *Index[T]) ReplaceAll(keys []string, items []T, resourceVersion string, diff func(indexer.Change[T])) {
	var r replacement[T]
	x.write(func(before *state[T]) { r = x.prepare(before, keys, items, diff != nil) }, func(e *edit[T]) {
		r.drop(e)
		for _, l := range r.leaves {
			r.put(e, l)
		}
		if resourceVersion != "" {
			e.version = resourceVersion
		}
	})
	for _, c := range r.changes {
		diff(c)
	}
}

// replacement is a content to be.
type replacement[T any] struct {
	leaves  []*entry[T]
	tell    bool
	changes []indexer.Change[T]
}

// prepare makes the leaves of all items but those that are there in the same
// version, which keep theirs.
func (x *Index[T]) prepare(before *state[T], keys []string, items []T, tell bool) replacement[T] {
	r := replacement[T]{leaves: make([]*entry[T], len(items)), tell: tell}
	for i, item := range items {
		version := x.versionOf(item)
		old := before.objects.get(before.hash(keys[i]), keys[i])
		if old != nil && version != "" && old.value.version == version {
			r.leaves[i] = old
		} else {
			r.leaves[i] = x.leaf(before, keys[i], item)
		}
	}
	return r
}

// drop takes out of e what is not to be there.
func (r *replacement[T]) drop(e *edit[T]) {
	stays := make(map[string]struct{}, len(r.leaves))
	for _, l := range r.leaves {
		stays[l.key] = struct{}{}
	}
	var gone []string
	e.objects.all(func(l *entry[T]) bool {
		if _, ok := stays[l.key]; !ok {
			gone = append(gone, l.key)
		}
		return true
	})
	for _, key := range gone {
		c := indexer.Change[T]{Key: key, Type: indexer.ChangeRemove}
		fill(&c, e.remove(key))
		r.note(c)
	}
}

func (r *replacement[T]) put(e *edit[T], l *entry[T]) {
	obj, version := l.value.obj, l.value.version
	if old := e.objects.get(l.hash, l.key); old != nil && version != "" && old.value.version == version {
		obj = old.value.obj
		r.note(indexer.Change[T]{Key: l.key, Object: obj, Old: obj, Existed: true, Type: indexer.ChangeUnchanged})
		return
	}
	c := indexer.Change[T]{Key: l.key, Object: obj, Type: indexer.ChangePut}
	fill(&c, e.put(l))
	r.note(c)
}

func (r *replacement[T]) note(c indexer.Change[T]) {
	if r.tell {
		r.changes = append(r.changes, c)
	}
}
