package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/informant-go/informant/clientgo/bridge"
)

// exception is a test that does not pass on our engine, and why that is meant to be.
type exception struct {
	test   string // or a subtest
	reason string
}

// covers reports whether the exception is for a test: its own, or one that a subtest of
// which it is for makes fail.
func (e exception) covers(test string) bool {
	return e.test == test || strings.HasPrefix(test, e.test+"/") || strings.HasPrefix(e.test, test+"/")
}

// verdict is what the two sides of a package say.
type verdict struct {
	faults    []string    // what passes on client-go's engine and not on ours, for no reason
	expected  []exception // what does so for a reason
	stale     []exception // those that nothing did so for
	both      []string    // what passes on neither
	oursAlone []string    // what passes on ours alone
	again     []string    // what passed on ours when it was tried again
}

// judge compares the sides. If there is one only, that of ours, everything that does not
// pass counts as if it passed on the other.
func judge(of result, listed []exception, only *regexp.Regexp) verdict {
	var v verdict
	ours := of.sides[bridge.EngineInformant]
	if ours == nil {
		return v
	}
	stock := expectations(of, ours)
	used := map[string]bool{}
	for _, test := range sorted(stock) {
		if slices.ContainsFunc(ours.left, func(o omission) bool { return o.test == top(test) }) {
			continue
		}
		good, fine := stock[test].outcome == passed, ours.records[test].outcome == passed
		switch {
		case fine && !good && stock[test].outcome != skipped:
			v.oursAlone = append(v.oursAlone, test)
		case !fine && !good && stock[test].outcome != skipped:
			v.both = append(v.both, test)
		case !fine && good && !excused(listed, test, used):
			v.faults = append(v.faults, test)
		}
	}
	if of.sides[bridge.EngineClientGo] != nil {
		for _, test := range ours.records.bad() {
			if _, known := stock[test]; !known && !excused(listed, test, used) {
				v.faults = append(v.faults, test)
			}
		}
	}
	for _, e := range listed {
		switch {
		case used[e.test]:
			v.expected = append(v.expected, e)
		case only.MatchString(top(e.test)):
			v.stale = append(v.stale, e)
		}
	}
	for _, test := range sorted(ours.records) {
		if r := ours.records[test]; test == top(test) && r.outcome == passed && r.tries > 1 {
			v.again = append(v.again, test)
		}
	}
	return v
}

// expectations are the records of client-go's engine, or ours with everything passed.
func expectations(of result, ours *side) records {
	if stock := of.sides[bridge.EngineClientGo]; stock != nil {
		return stock.records
	}
	all := records{}
	for test, r := range ours.records {
		if r.outcome != skipped {
			r.outcome = passed
		}
		all[test] = r
	}
	return all
}

// excused reports whether a test is listed, and notes by which line.
func excused(listed []exception, test string, used map[string]bool) bool {
	found := false
	for _, e := range listed {
		if e.covers(test) {
			used[e.test] = true
			found = true
		}
	}
	return found
}

func sorted(r records) []string {
	names := make([]string, 0, len(r))
	for name := range r {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// count is how many tests ended how; subtests are counted apart.
type count struct{ run, passed, failed, skipped, subtests, subtestsFailed int }

func (s *side) count() (c count) {
	for test, r := range s.records {
		if test != top(test) {
			c.subtests++
			if r.outcome != passed && r.outcome != skipped {
				c.subtestsFailed++
			}
			continue
		}
		c.run++
		switch r.outcome {
		case passed:
			c.passed++
		case skipped:
			c.skipped++
		default:
			c.failed++
		}
	}
	return c
}
