package sim

import "sync"

// kept knows of which objects an event was refused since the last list, and which
// went with a list of which nothing could be used although none had been. Such a
// list is none (R4); where all of it was refused before it is one, and the store
// loses what it held of the objects.
type kept struct {
	mu      sync.Mutex
	items   int             // of the list that is coming in
	refused map[string]bool // keys of which an event was refused since the last list
	robbed  map[string]bool // keys of those that went
}

func newKept() *kept { return &kept{refused: map[string]bool{}, robbed: map[string]bool{}} }

// anew forgets what was refused: a Run begins.
func (k *kept) anew() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refused = map[string]bool{}
}

// look forgets what went.
func (k *kept) look() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.robbed = map[string]bool{}
}

// event notes whether an event of the object of key was refused.
func (k *kept) event(key string, refused bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if refused {
		k.refused[key] = true
	} else {
		delete(k.refused, key)
	}
}

// begin notes the beginning of a list, page a part of it.
func (k *kept) begin() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.items = 0
}

func (k *kept) page(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.items += n
}

// commit notes that the list has taken effect. Before it there were those of
// keys in the store.
func (k *kept) commit(keys []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range keys {
		if k.items == 0 && !k.refused[key] {
			k.robbed[key] = true
		}
	}
	k.refused = map[string]bool{}
}

// waits reports whether an event was refused, of an object of which neither a list
// nor another event has been taken since.
func (k *kept) waits() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.refused) > 0
}

// wasRobbed reports whether the object of key went.
func (k *kept) wasRobbed(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.robbed[key]
}

// checkKept reports a store that has lost all objects of had although the server
// has them, some of which nobody had refused before: it took a list of which
// nothing could be used (R4).
func (w *world) checkKept(had []*Job) {
	exist, err := w.jobs.Objects()
	if err != nil {
		return // it is not served
	}
	stays, lost := 0, 0
	for _, j := range had {
		if now := exist[keyOf(j)]; now == nil || now.UID != j.UID {
			continue
		}
		if _, stored, _ := w.informer.Indexer().GetByKey(keyOf(j)); stored {
			stays++
		} else if w.kept.wasRobbed(keyOf(j)) {
			lost++
		}
	}
	if lost > 0 && stays == 0 {
		w.book.fault("store", "R4: no object could be used, and %d that were known before are gone", lost)
	}
}
