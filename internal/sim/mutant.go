package sim

import "github.com/informant-go/informant/reflector"

// mutant makes a faulty reflector of a good one: it changes what passes between
// the reflector and what the oracles see. The zero mutant changes nothing; the
// tests of the oracles have others.
type mutant struct {
	source func(reflector.ListerWatcher[*Job]) reflector.ListerWatcher[*Job]
	sink   func(reflector.Sink[*Job]) reflector.Sink[*Job]
}

func (m mutant) lw(s *source) reflector.ListerWatcher[*Job] {
	if m.source == nil {
		return s
	}
	return m.source(s)
}

func (m mutant) to(t *tape) reflector.Sink[*Job] {
	if m.sink == nil {
		return t
	}
	return m.sink(t)
}
