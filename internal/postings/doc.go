// Package postings has the sets of slots of an index: which objects have a value.
//
//	"kube-system" ─► hints ─► id 7 ─► slots     0–4095 ─► cell 12 ─► members
//	                               └► slots 8192–12287 ─► cell 31 ─► members
//
// The set of a value is cut in ranges of 4,096 slots, so that a change copies
// no more than the members of one range. What changes with the state are the
// members alone, in an array of cells (see package cells). Values have ids, and
// ranges have cells, that are only ever added, as hints are; an empty range is
// one without members. A Book makes both anew when it has no room for a further
// value, and leaves out what is empty.
package postings
