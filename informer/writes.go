package informer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/informant-go/informant/internal/nils"
	"github.com/informant-go/informant/object"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// VersionedStore is what Writes needs to know of a store: up to which resource
// version its state goes. Every indexer.Indexer is one. Its methods are called by
// any goroutine, under no lock.
type VersionedStore interface {
	// LastStoreSyncResourceVersion is the newest version that the state is known
	// to include, "" before the first.
	LastStoreSyncResourceVersion() string
	// WaitFor returns nil once the state includes resourceVersion, and ctx.Err()
	// when ctx ends first.
	WaitFor(ctx context.Context, resourceVersion string) error
}

// Writes remembers up to which resource versions a controller has written, for
// each object that it wrote for, so that it does not decide anew from a cache that
// does not show yet what it has decided before: a controller that counts pods,
// creates those that lack, and is called again before its informer has them, would
// create them twice.
//
//	if err := writes.EnsureReady(key); err != nil {
//		return workqueue.After(10*time.Millisecond, nil) // the cache lags what was written for key
//	}
//	… list the pods of key, create a pod that lacks …
//	err = writes.WroteAt(key, set.UID, pods, created.ResourceVersion)
//
// An owner is the object for which a controller writes, by the key with which the
// controller's queue has it. One Writes is for one controller, with the stores of
// all resources that it writes. What an owner wrote is forgotten once EnsureReady or
// WaitReady find that the stores include it; an owner that is deleted is to be
// cleared. Any goroutine may call the methods.
//
// It corresponds to the ConsistencyStore of Kubernetes' own controllers (KEP-5647)
// and does what their Expectations were for, by versions and not by counting. It
// differs in that one can also wait (WaitReady), in that it tells of what it cannot
// remember, and in that a store which has no state yet includes no write.
//
// The versions must be those that the server gave to objects, or to the answer to a
// deletion. A write that the informer's selector hides is included only once a
// bookmark, or an event of something else, has brought the store past it (S5); that
// of a server which was set back to a backup perhaps never: Clear forgets it. With a
// DeltaFIFO a store's version can be ahead of what it holds.
type Writes struct {
	stores map[schema.GroupResource]VersionedStore

	mu sync.Mutex // guards what follows; not held over calls of stores

	owners map[string]ownerWrites
}

// ownerWrites are the newest versions that were written for one owner.
type ownerWrites struct {
	uid      types.UID
	versions map[schema.GroupResource]string
}

// Errors of Writes, for errors.Is.
var (
	// ErrNoStores is returned by NewWrites for no stores, or a nil one.
	ErrNoStores = errors.New("informer: NewWrites was given no store of a resource: give the Indexer of the informer of each resource that is written")

	// ErrUnknownResource is returned by WroteAt for a resource of which Writes has no
	// store.
	ErrUnknownResource = errors.New("informer: WroteAt was told of a resource that NewWrites was given no store of: give NewWrites the store, or leave out the writes of that resource")
)

// NewWrites returns a Writes over the stores of some resources, such as the Indexer of
// an informer for each. The map is copied. The error wraps ErrNoStores.
func NewWrites(stores map[schema.GroupResource]VersionedStore) (*Writes, error) {
	if len(stores) == 0 {
		return nil, ErrNoStores
	}
	for resource, store := range stores {
		if nils.Is(store) {
			return nil, fmt.Errorf("%w: that of %s is nil", ErrNoStores, resource)
		}
	}
	return &Writes{stores: maps.Clone(stores), owners: make(map[string]ownerWrites)}, nil
}

// WroteAt notes that an object of resource was written for owner, and that the server
// has given it resourceVersion. Call it with what comes back from each create, update,
// patch and deletion, before the owner can be worked on again. uid is that of the
// owner: another one than before means another owner of the same name, and what the
// one before it had written is forgotten.
//
// The error wraps ErrUnknownResource, or says that the version has no order, such as
// "" or "0"; nothing is noted then, so that nobody waits for it.
func (w *Writes) WroteAt(owner string, uid types.UID, resource schema.GroupResource, resourceVersion string) error {
	if w.stores[resource] == nil {
		return fmt.Errorf("%w (%s, for %s)", ErrUnknownResource, resource, owner)
	}
	if _, err := object.CompareVersions(resourceVersion, resourceVersion); err != nil {
		return fmt.Errorf("informer: the version %q of a write of %s for %s cannot be waited for: give WroteAt the one that the server has answered with: %w", resourceVersion, resource, owner, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	o, known := w.owners[owner]
	if !known || o.uid != uid {
		o = ownerWrites{uid: uid, versions: make(map[schema.GroupResource]string, 1)}
		w.owners[owner] = o
	}
	if before := o.versions[resource]; before == "" || object.NewerVersion(resourceVersion, before) {
		o.versions[resource] = resourceVersion
	}
	return nil
}

// Clear forgets what was written for owner, if it has that uid; "" is any. Call it when
// the owner is gone.
func (w *Writes) Clear(owner string, uid types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if o, known := w.owners[owner]; known && (uid == "" || o.uid == uid) {
		delete(w.owners, owner)
	}
}

// EnsureReady returns nil if the stores include everything that was written for owner,
// and otherwise, at once, an *UnreadError that says which write one of them lacks. A
// store whose state has a version without order includes everything, since nothing can
// be known of it.
func (w *Writes) EnsureReady(owner string) error {
	o := w.of(owner)
	for resource, wrote := range o.versions {
		if read, ok := includes(w.stores[resource], wrote); !ok {
			return &UnreadError{Owner: owner, Resource: resource, Wrote: wrote, Read: read}
		}
	}
	w.forget(owner, o)
	return nil
}

// WaitReady is EnsureReady, but waits until the stores include what was written for
// owner before the call, without polling. When ctx ends first, the error is an
// *UnreadError that unwraps to the error of ctx.
func (w *Writes) WaitReady(ctx context.Context, owner string) error {
	o := w.of(owner)
	for resource, wrote := range o.versions {
		store := w.stores[resource]
		if _, ok := includes(store, wrote); ok {
			continue
		}
		err := store.WaitFor(ctx, wrote)
		if err == nil {
			continue
		}
		if read, ok := includes(store, wrote); !ok {
			return &UnreadError{Owner: owner, Resource: resource, Wrote: wrote, Read: read, Err: err}
		}
	}
	w.forget(owner, o)
	return nil
}

// of returns a copy of what was written for owner.
func (w *Writes) of(owner string) ownerWrites {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.owners[owner]
	o.versions = maps.Clone(o.versions)
	return o
}

// forget forgets what is in o, and not what was written for owner since o was read.
func (w *Writes) forget(owner string, o ownerWrites) {
	if len(o.versions) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now, known := w.owners[owner]
	if !known || now.uid != o.uid {
		return
	}
	maps.DeleteFunc(now.versions, func(resource schema.GroupResource, wrote string) bool {
		return wrote == o.versions[resource]
	})
	if len(now.versions) == 0 {
		delete(w.owners, owner)
	}
}

// includes reports whether the state of store includes a version, and which version
// the state has.
func includes(store VersionedStore, version string) (state string, ok bool) {
	state = store.LastStoreSyncResourceVersion()
	if state == "" {
		return state, false
	}
	c, err := object.CompareVersions(state, version)
	return state, err != nil || c >= 0
}

// UnreadError says that a store does not show yet what was written for an owner. It
// corresponds to the ConsistencyError of Kubernetes' own controllers.
type UnreadError struct {
	// Owner is the key of the owner, Resource what was written for it.
	Owner    string
	Resource schema.GroupResource

	// Wrote is the version of the write, Read that of the store's state, "" before
	// its first list.
	Wrote, Read string

	// Err is why WaitReady waited no longer, nil from EnsureReady.
	Err error
}

// Error names the owner and both versions.
func (e *UnreadError) Error() string {
	text := fmt.Sprintf("informer: the store of %s is at version %q and does not show version %q yet, which was written for %s: work on it later", e.Resource, e.Read, e.Wrote, e.Owner)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (e *UnreadError) Unwrap() error { return e.Err }
