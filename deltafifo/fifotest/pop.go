package fifotest

import (
	"context"
	"errors"
	"testing/synctest"

	"github.com/informant-go/informant/deltafifo"
)

var errMine = errors.New("an error of process")

var popTests = []test{
	{"Pop/ReturnsTheErrorOfProcess", func(s *suite) {
		k := s.consume(Config{})
		k.add("a", "1")
		err := k.q.Pop(context.Background(), func(deltafifo.Batch[*Object]) error { return errMine })
		if err != errMine { //nolint:errorlint // as it is
			s.errorf("Pop returns %v", err)
		}
		k.update("a", "2")
		k.drain()
		k.expect("a", "Updated 2")
	}},
	{"Pop/PanicOfProcessLeavesTheQueueUsable", func(s *suite) {
		k := s.consume(Config{})
		k.add("a", "1")
		func() {
			defer func() { _ = recover() }()
			_ = k.q.Pop(context.Background(), func(deltafifo.Batch[*Object]) error { panic(errMine) })
			s.errorf("Pop swallows a panic")
		}()
		k.within("Update after a panic", func() { k.update("a", "2") })
		k.drain()
		k.expect("a", "Updated 2")
	}},
	{"Pop/PanicOfProcessSyncs", func(s *suite) {
		k := s.consume(Config{})
		k.list(object("a", "1"))
		func() {
			defer func() { _ = recover() }()
			_ = k.q.Pop(context.Background(), func(deltafifo.Batch[*Object]) error { panic(errMine) })
		}()
		k.within("HasSynced after a panic", func() { k.expectSynced("after a panic (F4)", true) })
	}},
	{"Pop/EndsWithItsContext", func(s *suite) {
		s.bubble(func() {
			k := s.consume(Config{})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			popped := make(chan error, 1)
			go func() { popped <- k.q.Pop(ctx, k.process) }()
			synctest.Wait() // until Pop waits
			cancel()
			synctest.Wait() // until it has returned
			if len(popped) == 0 {
				s.errorf("Pop does not return when its context ends")
				return
			}
			if err := <-popped; !errors.Is(err, context.Canceled) {
				s.errorf("Pop returns %v when its context ends", err)
			}
			k.add("a", "1")
			k.drain()
			k.expect("a", "Added 1")
		})
	}},
	{"Pop/WakesForEachKindOfDelta", func(s *suite) {
		for name, produce := range map[string]func(*consumer){
			"Add":    func(k *consumer) { k.add("a", "1") },
			"Commit": func(k *consumer) { k.list(object("a", "1")) },
		} {
			k := s.consume(Config{})
			popped := s.start(func() { k.pop() })
			produce(k)
			s.await("Pop after "+name, popped)
			if !k.has("a") {
				s.errorf("%s did not arrive", name)
			}
		}
	}},
}
