package apitest

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Collection reads and writes the objects of one resource directly in the
// store, with the same rules and the same errors as over HTTP, but past faults
// and request log. T is anything that JSON can be decoded into: a pointer to a
// typed object, *unstructured.Unstructured, json.RawMessage. Its methods may
// be called by any goroutine; the objects that they return are copies.
type Collection[T any] struct {
	server *Server
	res    Resource
}

// Of returns the collection of res, which s must serve when a method is
// called.
func Of[T any](s *Server, res Resource) Collection[T] { return Collection[T]{server: s, res: res} }

// Create stores a new object, in the namespace that it names, and returns it
// as stored. It must not carry a resource version.
func (c Collection[T]) Create(obj T) (T, error) {
	return c.write(obj, func(t *table, d *document) (*record, error) {
		return c.server.create(t, d.meta.Namespace, d)
	})
}

// Update stores a new state of an object and returns it as stored. A resource
// version that is not the latest is a conflict; none overwrites, but only in a
// built-in resource. With Resource.Status the stored status stays.
func (c Collection[T]) Update(obj T) (T, error) { return c.put(obj, "") }

// UpdateStatus stores the status of obj and nothing else of it.
func (c Collection[T]) UpdateStatus(obj T) (T, error) { return c.put(obj, statusField) }

func (c Collection[T]) put(obj T, subresource string) (T, error) {
	return c.write(obj, func(t *table, d *document) (*record, error) {
		return c.server.update(t, d.meta.Namespace, d.meta.Name, func(old *document) (*document, error) {
			return t.owned(old, d, subresource), nil
		})
	})
}

// Modify stores what change makes of the present state of an object, status
// included, and returns it as stored. change gets a copy, may be called again
// when another writer was faster, and is called without a lock.
func (c Collection[T]) Modify(namespace, name string, change func(T) T) (T, error) {
	var none T
	t, err := c.table()
	if err != nil {
		return none, err
	}
	rec, err := c.server.update(t, namespace, name, func(old *document) (*document, error) {
		before, err := old.record("")
		if err != nil {
			return nil, err
		}
		if before.rv, err = parseVersion(old.meta.ResourceVersion); err != nil {
			return nil, err
		}
		obj, err := c.decode(t, before)
		if err != nil {
			return nil, err
		}
		return c.document(change(obj))
	})
	if err != nil {
		return none, err
	}
	return c.decode(t, rec)
}

// Delete removes an object, without a grace period, and returns its last state. One
// that has finalizers stays, with a deletion timestamp, until they are removed.
func (c Collection[T]) Delete(namespace, name string) (T, error) {
	return c.remove(namespace, name, nil)
}

// DeleteLife is Delete for an object whose UID is uid.
func (c Collection[T]) DeleteLife(namespace, name string, uid types.UID) (T, error) {
	return c.remove(namespace, name, &metav1.Preconditions{UID: &uid})
}

func (c Collection[T]) remove(namespace, name string, only *metav1.Preconditions) (T, error) {
	return c.one(func(t *table) (*record, error) {
		rec, _, err := c.server.remove(t, namespace, name, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0)), Preconditions: only})
		return rec, err
	})
}

// Get returns an object. namespace is ignored if the resource has none.
func (c Collection[T]) Get(namespace, name string) (T, error) {
	return c.one(func(t *table) (*record, error) { return c.server.find(t, namespace, name) })
}

// List returns all objects of a namespace, or of all when it is "", in the
// order of a list over HTTP.
func (c Collection[T]) List(namespace string) ([]T, error) {
	t, err := c.table()
	if err != nil {
		return nil, err
	}
	sel := &selection{namespaced: t.res.Namespaced}
	sel.narrow(namespace, false)
	_, items, err := c.server.state(t, readAt{})
	if err != nil {
		return nil, err
	}
	items = sel.in(items)
	objects := make([]T, len(items))
	for i, rec := range items {
		if objects[i], err = c.decode(t, rec); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// Objects returns all objects by key: namespace/name, or the name alone. It is
// what a cache of the resource must hold.
func (c Collection[T]) Objects() (map[string]T, error) {
	t, err := c.table()
	if err != nil {
		return nil, err
	}
	_, items, err := c.server.state(t, readAt{})
	if err != nil {
		return nil, err
	}
	objects := make(map[string]T, len(items))
	for _, rec := range items {
		if objects[rec.key], err = c.decode(t, rec); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// Versions returns the resource version of each object by key, without
// decoding any.
func (c Collection[T]) Versions() (map[string]string, error) {
	t, err := c.table()
	if err != nil {
		return nil, err
	}
	_, items, err := c.server.state(t, readAt{})
	if err != nil {
		return nil, err
	}
	versions := make(map[string]string, len(items))
	for _, rec := range items {
		versions[rec.key] = formatVersion(rec.rv)
	}
	return versions, nil
}

// Len returns the number of objects, 0 for a resource that is not served.
func (c Collection[T]) Len() int {
	t, err := c.table()
	if err != nil {
		return 0
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return len(t.records)
}

func (c Collection[T]) table() (*table, error) {
	t := c.server.table(c.res.GroupVersionResource())
	if t == nil {
		return nil, notServedError{c.res.GroupVersionResource()}
	}
	return t, nil
}

func (c Collection[T]) one(find func(*table) (*record, error)) (T, error) {
	var none T
	t, err := c.table()
	if err != nil {
		return none, err
	}
	rec, err := find(t)
	if err != nil {
		return none, err
	}
	return c.decode(t, rec)
}

func (c Collection[T]) write(obj T, store func(*table, *document) (*record, error)) (T, error) {
	return c.one(func(t *table) (*record, error) {
		d, err := c.document(obj)
		if err != nil {
			return nil, err
		}
		return store(t, d)
	})
}

func (c Collection[T]) document(obj T) (*document, error) {
	encoded, err := json.Marshal(obj)
	if err != nil {
		return nil, fmt.Errorf("apitest: a %T for resource %s cannot be encoded: %w", obj, c.res.GroupVersionResource(), err)
	}
	d, err := parseDocument(encoded)
	if err != nil {
		return nil, unreadable(c.res.Kind, err, encoded)
	}
	return d, nil
}

func (c Collection[T]) decode(t *table, rec *record) (T, error) {
	var obj T
	if err := json.Unmarshal(t.encode(nil, rec, rec.rv), &obj); err != nil {
		return obj, fmt.Errorf("apitest: object %s of resource %s cannot be decoded as %T: %w", rec.key, c.res.GroupVersionResource(), obj, err)
	}
	return obj, nil
}
