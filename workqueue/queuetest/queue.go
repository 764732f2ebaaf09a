package queuetest

import (
	"errors"
	"fmt"
	"testing/synctest"
)

var queueChecks = []check{
	{"Q1 an item that is being processed is handed to nobody else", func(f Factory) error {
		q := f.Queue()
		defer q.ShutDown()
		q.Add("a")
		one := get(q)
		q.Add("a")
		two := get(q)
		if two.has() {
			return errors.New("two workers process the item")
		}
		q.Done("a")
		synctest.Wait()
		return first(one.want("a"), two.want("a"))
	}},
	{"Q1 a Done without a Get does not double an item", func(f Factory) error {
		q := f.Queue()
		defer q.ShutDown()
		q.Add("a")
		q.Done("a")
		return wantItems(q, "a")
	}},
	{"Q2 additions of a waiting item are merged", func(f Factory) error {
		q := f.Queue()
		defer q.ShutDown()
		q.Add("a")
		q.Add("b")
		q.Add("a")
		return first(wantLen(q, 2), wantItems(q, "a", "b"))
	}},
	{"Q2 an item added while processing goes back once after Done", func(f Factory) error {
		q := f.Queue()
		defer q.ShutDown()
		q.Add("a")
		err := wantItems(q, "a")
		q.Add("a")
		q.Add("a")
		err = first(err, wantLen(q, 0))
		q.Done("a")
		err = first(err, wantLen(q, 1), wantItems(q, "a"))
		q.Done("a")
		return first(err, wantLen(q, 0))
	}},
	{"Q2 an item that was not added while processing does not come back", func(f Factory) error {
		q := f.Queue()
		defer q.ShutDown()
		q.Add("a")
		err := wantItems(q, "a")
		q.Done("a")
		return first(err, wantItems(q))
	}},
	{"Q3 items go out in the order in which they became ready", func(f Factory) error {
		q := f.Queue()
		defer q.ShutDown()
		q.Add("c")
		q.Add("a")
		err := wantItems(q, "c", "a")
		q.Add("a") // ready after b, by its Done
		q.Add("b")
		q.Done("a")
		q.Done("c")
		q.Add("c")
		return first(err, wantItems(q, "b", "a", "c"))
	}},
	{"Q6 an item goes out after those that were ready before it", func(f Factory) error {
		q := f.Queue()
		defer q.ShutDown()
		q.Add("hot")
		q.Add("cold")
		for range 3 {
			item, _ := q.Get()
			if item == "cold" {
				return nil
			}
			q.Add(item)
			q.Done(item)
		}
		return errors.New("an item that is added again and again keeps another one waiting")
	}},
	{"Q7 no worker waits while items do", func(f Factory) error {
		q := f.Queue()
		workers := []*getter{get(q), get(q), get(q)}
		q.Add("a")
		q.Add("b")
		q.Add("c")
		synctest.Wait()
		var err error
		for i, w := range workers {
			if !w.has() {
				err = fmt.Errorf("worker %d waits, and so do %d items", i, q.Len())
			}
		}
		q.ShutDown()
		return err
	}},
	{"Q7 nothing but Get waits", func(f Factory) error {
		q := f.Queue()
		g := get(q)
		rest := started(func() {
			q.Len()
			q.Done("nobody has it")
			q.ShuttingDown()
			q.Add("a")
			q.Add("b")
			q.Done("a")
			q.ShutDown()
		})
		if !rest.has() {
			return errors.New("a call waits")
		}
		return g.want("a")
	}},
	{"Q1 many workers get everything once", func(f Factory) error {
		q := f.Queue()
		const items, workers = 500, 8
		seen := make(chan string, 2*items)
		for range workers {
			go func() {
				for {
					item, shutdown := q.Get()
					if shutdown {
						return
					}
					seen <- item
					q.Done(item)
				}
			}()
		}
		for i := range items {
			q.Add(fmt.Sprint(i))
		}
		synctest.Wait()
		q.ShutDown()
		synctest.Wait()
		close(seen)
		count := map[string]int{}
		for item := range seen {
			count[item]++
		}
		if len(count) != items {
			return fmt.Errorf("workers saw %d of %d items", len(count), items)
		}
		for item, n := range count {
			if n != 1 {
				return fmt.Errorf("item %q was handed out %d times", item, n)
			}
		}
		return nil
	}},
}
