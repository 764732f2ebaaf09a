package indexer

import (
	"flag"
	"fmt"
	"runtime"
	"testing"

	"pgregory.net/rapid"
)

// late begins to watch when it is waited on for the second time, and so misses
// what happened since it was made: the lost wake-up that Watch is made against.
type late struct {
	begin func() Watch
	asked bool
	watch Watch
}

func (l *late) Done() <-chan struct{} {
	if !l.asked {
		l.asked = true
		return make(chan struct{})
	}
	if l.watch == nil {
		l.watch = l.begin()
	}
	return l.watch.Done()
}

func (l *late) Stop() {
	if l.watch != nil {
		l.watch.Stop()
	}
}

// left is a Watch whose Stop forgets to give it up.
type left struct{ Watch }

func (left) Stop() {}

// watchFaults make watches that are wrong in one way.
var watchFaults = map[string]func(c *Cache[*thing], of topic) Watch{
	"one that begins when it is waited on": func(c *Cache[*thing], of topic) Watch {
		return &late{begin: func() Watch { return c.engine.notifier.watch(of) }}
	},
	"a key's that sees all keys": func(c *Cache[*thing], of topic) Watch {
		if of.kind == topicKey {
			of = topic{}
		}
		return c.engine.notifier.watch(of)
	},
	"an index value's that is another value's": func(c *Cache[*thing], of topic) Watch {
		if of.kind == topicValue {
			of.name = "red"
		}
		return c.engine.notifier.watch(of)
	},
	"the store's that is one key's": func(c *Cache[*thing], of topic) Watch {
		if of.kind == topicStore {
			of = topic{kind: topicKey, name: "a"}
		}
		return c.engine.notifier.watch(of)
	},
	"one that is not given up": func(c *Cache[*thing], of topic) Watch {
		return left{c.engine.notifier.watch(of)}
	},
}

// TestWatchFaultsAreFound shows that the model of watches can fail.
func TestWatchFaultsAreFound(t *testing.T) {
	nofile := flag.Lookup("rapid.nofailfile")
	before := nofile.Value.String()
	if err := flag.Set(nofile.Name, "true"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := flag.Set(nofile.Name, before); err != nil {
			t.Error(err)
		}
	}()
	for name, fault := range watchFaults {
		t.Run(name, func(t *testing.T) {
			verdict := &quiet{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				rapid.Check(verdict, watchModel(fault))
			}()
			<-done
			if !verdict.failed {
				t.Error("the model does not find the fault")
			}
			t.Log(verdict.said)
		})
	}
}

// quiet keeps a failure to itself. Its failing methods end the goroutine that
// calls them.
type quiet struct {
	testing.TB
	failed bool
	said   string
}

func (q *quiet) Helper()      {}
func (q *quiet) Log(...any)   {}
func (q *quiet) Failed() bool { return q.failed }
func (q *quiet) Fail()        { q.failed = true }
func (q *quiet) FailNow() {
	q.failed = true
	runtime.Goexit()
}
func (q *quiet) Logf(string, ...any) {}
func (q *quiet) Error(args ...any) {
	q.failed = true
	q.said += fmt.Sprint(args...)
}
func (q *quiet) Errorf(format string, args ...any) {
	q.failed = true
	q.said += fmt.Sprintf(format, args...)
}
func (q *quiet) Fatal(args ...any) {
	q.Error(args...)
	runtime.Goexit()
}
func (q *quiet) Fatalf(format string, args ...any) {
	q.Errorf(format, args...)
	runtime.Goexit()
}
