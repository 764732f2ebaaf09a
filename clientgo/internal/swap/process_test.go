package swap

import (
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
)

// process is what a user of client-go's Controller gives it: it brings what the queue hands
// out into the store, and tells the handler.
type process struct {
	store upstream.Indexer
	told  upstream.ResourceEventHandler
	lost  string // a key that is handed out in vain, "" for none
}

// one is a ProcessFunc.
func (p *process) one(obj any, initial bool) error {
	for _, d := range obj.(upstream.Deltas) {
		if err := p.delta(d, initial); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) delta(d upstream.Delta, initial bool) error {
	switch d.Type {
	case upstream.ReplacedAll:
		return p.replace(d.Object.(upstream.ReplacedAllInfo), initial)
	case upstream.Bookmark:
		p.store.Bookmark(d.Object.(upstream.BookmarkInfo).ResourceVersion)
		return nil
	case upstream.SyncAll:
		return nil // no handler asks for resyncs
	case upstream.Deleted:
		return p.remove(d.Object)
	}
	return p.put(d.Object, initial)
}

func (p *process) put(obj any, initial bool) error {
	if keyOf(obj.(*corev1.Pod)) == p.lost {
		return nil
	}
	old, existed, err := p.store.Get(obj)
	if err != nil {
		return err
	}
	if err := p.store.Update(obj); err != nil {
		return err
	}
	if existed {
		p.told.OnUpdate(old, obj)
	} else {
		p.told.OnAdd(obj, initial)
	}
	return nil
}

func (p *process) remove(obj any) error {
	if err := p.store.Delete(obj); err != nil {
		return err
	}
	p.told.OnDelete(obj)
	return nil
}

// replace takes a whole list: first goes what it does not have.
func (p *process) replace(list upstream.ReplacedAllInfo, initial bool) error {
	listed := map[string]bool{}
	for _, obj := range list.Objects {
		listed[keyOf(obj.(*corev1.Pod))] = true
	}
	for _, key := range p.store.ListKeys() {
		if listed[key] {
			continue
		}
		last, _, err := p.store.GetByKey(key)
		if err != nil {
			return err
		}
		if err := p.remove(upstream.DeletedFinalStateUnknown{Key: key, Obj: last}); err != nil {
			return err
		}
	}
	for _, obj := range list.Objects {
		if err := p.put(obj, initial); err != nil {
			return err
		}
	}
	p.store.Bookmark(list.ResourceVersion)
	return nil
}
