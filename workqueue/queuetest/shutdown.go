package queuetest

import (
	"errors"
	"testing/synctest"
)

var shutdownChecks = []check{
	{"Q5 new items are ignored after ShutDown", func(f Factory) error {
		q := f.Queue()
		q.ShutDown()
		q.Add("a")
		if !q.ShuttingDown() {
			return errors.New("ShuttingDown is false")
		}
		return first(wantLen(q, 0), wantShutdown(get(q)))
	}},
	{"Q5 workers get what is queued", func(f Factory) error {
		q := f.Queue()
		q.Add("a")
		q.Add("b")
		q.ShutDown()
		return first(wantItems(q, "a", "b"), wantShutdown(get(q)))
	}},
	{"Q5 an item added while processing before ShutDown goes back", func(f Factory) error {
		q := f.Queue()
		q.Add("a")
		err := wantItems(q, "a")
		q.Add("a")
		q.ShutDown()
		q.Done("a")
		return first(err, wantItems(q, "a"), wantShutdown(get(q)))
	}},
	{"Q5 ShutDown wakes every worker", func(f Factory) error {
		q := f.Queue()
		workers := []*getter{get(q), get(q), get(q)}
		q.ShutDown()
		synctest.Wait()
		for _, w := range workers {
			if err := wantShutdown(w); err != nil {
				return err
			}
		}
		return nil
	}},
	{"Q5 ShutDownWithDrain waits for items that are being processed", func(f Factory) error {
		q := f.Queue()
		q.Add("a")
		q.Add("b")
		err := wantItems(q, "a", "b")
		drain := started(q.ShutDownWithDrain)
		q.Done("a")
		synctest.Wait()
		early := drain.has()
		q.Done("b")
		<-drain.returned
		if early {
			return errors.New("ShutDownWithDrain returned while an item was being processed")
		}
		return err
	}},
	{"Q5 every ShutDownWithDrain ends with the last Done", func(f Factory) error {
		q := f.Queue()
		q.Add("a")
		err := wantItems(q, "a")
		one, two := started(q.ShutDownWithDrain), started(q.ShutDownWithDrain)
		q.Done("a")
		synctest.Wait()
		both := one.has() && two.has()
		q.ShutDown()
		<-one.returned
		<-two.returned
		if !both {
			return errors.New("one of two ShutDownWithDrain goes on waiting")
		}
		return err
	}},
	{"Q5 ShutDownWithDrain waits for what is queued", func(f Factory) error {
		q := f.Queue()
		q.Add("a")
		drain := started(q.ShutDownWithDrain)
		early := drain.has()
		err := wantItems(q, "a")
		q.Done("a")
		<-drain.returned
		if early {
			return errors.New("ShutDownWithDrain returned with an item in the queue")
		}
		return err
	}},
	{"Q5 ShutDownWithDrain waits for an item that goes back", func(f Factory) error {
		q := f.Queue()
		q.Add("a")
		err := wantItems(q, "a")
		q.Add("a")
		drain := started(q.ShutDownWithDrain)
		q.Done("a")
		synctest.Wait()
		early := drain.has()
		err = first(err, wantItems(q, "a"))
		q.Done("a")
		<-drain.returned
		if early {
			return errors.New("ShutDownWithDrain returned with an item in the queue")
		}
		return err
	}},
	{"Q5 ShutDown ends ShutDownWithDrain", func(f Factory) error {
		q := f.Queue()
		q.Add("a")
		err := wantItems(q, "a")
		drain := started(q.ShutDownWithDrain)
		early := drain.has()
		q.ShutDown()
		synctest.Wait()
		ended := drain.has()
		q.Done("a")
		<-drain.returned
		if early || !ended {
			return errors.New("ShutDownWithDrain does not wait for ShutDown, or goes on after it")
		}
		return err
	}},
	{"Q5 both may be called again, in any order", func(f Factory) error {
		q := f.Queue()
		q.ShutDown()
		q.ShutDownWithDrain()
		q.ShutDown()
		q.ShutDownWithDrain()
		return wantShutdown(get(q))
	}},
}

func wantShutdown(g *getter) error {
	switch {
	case !g.has():
		return errors.New("call of Get waits on a queue that is shut down")
	case !g.shutdown:
		return errors.New("call of Get returned an item of an empty queue that is shut down")
	}
	return nil
}
