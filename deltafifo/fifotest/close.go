package fifotest

import (
	"context"
	"errors"

	"github.com/informant-go/informant/deltafifo"
)

var closeTests = []test{
	{"F6/CloseWakesPop", func(s *suite) {
		k := s.consume(Config{})
		popped := s.start(func() {
			if err := k.q.Pop(context.Background(), k.process); !errors.Is(err, deltafifo.ErrClosed) {
				s.errorf("Pop returns %v after Close", err)
			}
		})
		k.q.Close()
		k.q.Close()
		s.await("Pop after Close", popped)
	}},
	{"F6/CloseWakesProducers", func(s *suite) {
		k := s.consume(Config{Bound: 1})
		k.add("a", "1")
		added := s.start(func() {
			if err := k.q.Add(context.Background(), object("b", "2")); !errors.Is(err, deltafifo.ErrClosed) {
				s.errorf("Add returns %v after Close", err)
			}
		})
		k.q.Close()
		s.await("Add after Close", added)
	}},
	{"F6/WhatWasQueuedCanBePopped", func(s *suite) {
		k := s.consume(Config{})
		k.list(object("a", "1"), object("b", "2"))
		k.update("a", "3")
		k.remove("b", "4")
		k.close()
		k.expect("a", "Replaced 1", "Updated 3")
		k.expect("b", "Replaced 2", "Deleted 4")
	}},
	{"F6/ProducersAfterClose", func(s *suite) {
		k := s.consume(Config{})
		k.add("a", "1")
		ctx := context.Background()
		k.must("Begin", k.q.Begin(ctx))
		k.q.Close()
		for name, err := range map[string]error{
			"Add":      k.q.Add(ctx, object("b", "2")),
			"Update":   k.q.Update(ctx, object("b", "2")),
			"Delete":   k.q.Delete(ctx, object("a", "2")),
			"Bookmark": k.q.Bookmark(ctx, "2"),
			"Page":     k.q.Page(ctx, []*Object{object("b", "2")}),
			"Commit":   k.q.Commit(ctx, "2"),
			"Begin":    k.q.Begin(ctx),
			"Resync":   k.q.Resync(),
		} {
			if !errors.Is(err, deltafifo.ErrClosed) {
				s.errorf("%s returns %v after Close", name, err)
			}
		}
		k.q.Abort()
		k.close()
		k.expect("a", "Added 1")
		k.expect("b")
	}},
}
