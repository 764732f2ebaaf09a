package fifotest

var resyncTests = []test{
	{"F5/ResyncRepeatsEveryObject", func(s *suite) {
		k := s.consume(Config{})
		k.list(object("a", "1"), object("b", "2"))
		k.drain()
		k.must("Resync", k.q.Resync())
		k.drain()
		k.expect("a", "Replaced 1", "Sync 1")
		k.expect("b", "Replaced 2", "Sync 2")
		k.must("Resync", k.q.Resync())
		k.drain()
		k.expect("a", "Replaced 1", "Sync 1", "Sync 1")
	}},
	{"F5/ResyncDoesNotOverwriteWhatIsQueued", func(s *suite) {
		k := s.consume(Config{})
		k.list(object("a", "1"), object("b", "2"))
		k.drain()
		k.update("a", "3")
		k.remove("b", "4")
		k.must("Resync", k.q.Resync())
		k.drain()
		k.expectFresh("a", "3")
		k.expect("b", "Replaced 2", "Deleted 4")
	}},
	{"F5/ResyncDoesNotOverwriteWhatIsProcessed", func(s *suite) {
		k := s.consume(Config{})
		k.list(object("a", "1"), object("b", "2"))
		k.drain()
		k.once(func() { k.must("Resync", k.q.Resync()) })
		k.update("a", "3")
		k.pop()
		k.drain()
		k.expectFresh("a", "3")
		k.once(func() { k.must("Resync", k.q.Resync()) })
		k.remove("b", "4")
		k.pop()
		k.drain()
		if k.has("b") {
			s.errorf("a resync brought back what was deleted: %v", k.of("b"))
		}
	}},
}

// expectFresh checks that version was the last new state of name.
func (k *consumer) expectFresh(name, version string) {
	of := k.of(name)
	fresh := false
	for _, seen := range of {
		if fresh && seen.Version != version {
			k.errorf("%s fell back behind %s: %v", name, version, of)
		}
		fresh = fresh || seen.Version == version
	}
	if !fresh {
		k.errorf("%s never had version %s: %v", name, version, of)
	}
}
