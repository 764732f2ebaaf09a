// Package mutation finds handlers and workers that change the objects which
// they share with a cache.
//
// An object in a cache is everybody's, and whoever changes it in place changes
// it for all: others work on a state that no server ever had, and do so while
// it changes. A Detector keeps a copy of some of the objects and compares. It
// stands beside the way into the cache and is not in it:
//
//	deltafifo ──batches──► informer ──┬─► indexer ──► handlers, workers
//	                                  └─Observe─► Detector ──Check──► Mutation
//
// informer.Options.Detector puts one on an informer, which names its handlers
// as suspects; it can watch any other cache as well.
//
// # Guarantees
//
//   - M1 An object that is kept and was changed is told of once, by the path of a
//     field that differs; an object that nobody changed is never told of. What
//     equals is what reflect.DeepEqual says.
//   - M2 It stays on in production: it keeps one object of Options.Sample,
//     Options.Max of them at most, and ends no process. Outside the sample an
//     Observe is one atomic addition.
//   - M3 Whoever changed an object is among the suspects of its Mutation, if
//     Options.Suspects names everybody who was given objects.
//   - M4 Options.Copy, Suspects, Shared and OnMutation run without a lock. A Copy that
//     panics costs the object its place in the sample, and nothing else.
//   - M5 A change in a part that several objects have (object.Sharer) is told of for
//     each object that is kept; each Mutation names the part and the others, if
//     Options.Shared knows the part.
package mutation
