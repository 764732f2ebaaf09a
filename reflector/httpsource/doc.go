// Package httpsource lists and watches a resource of an API server over HTTP. It
// needs an *http.Client and no client-go.
//
// # Where it stands
//
// A Source is a reflector.ListerWatcher. It makes one request for each List and
// each Watch, decodes the answer while it arrives and says what went wrong. When
// to list, when to watch, and what follows an error, is decided by the Reflector.
//
//	API server ──JSON──► Source ──objects, events──► Reflector ──► Sink ──► informer
//
// # What is on the wire
//
// A list is one JSON object with the items, the resource version of the list,
// which says what state of the collection it shows, and a continue token when
// there are more pages. A watch is a stream of frames, JSON objects one after
// another: ADDED, MODIFIED and DELETED with the object, ERROR with a Status, and
// BOOKMARK with nothing but a resource version: nothing of the collection has
// changed up to there that was not sent. A streamed list is a watch that begins
// with the objects that exist; the bookmark that ends them is marked as such.
//
// # Guarantees
//
// R1 to R6 are those of package reflector. A Source makes them possible by these:
//
//   - W1 A Source that cannot work is not made: New names the field of Config that
//     is missing or cannot be right, and what to set. It sends nothing.
//   - W2 The objects are those that client-go makes of the same bytes, whatever
//     the order of their fields and however the bytes arrive: those of its typed
//     clients for a typed T, those of its dynamic client for an
//     *unstructured.Unstructured.
//   - W3 An object that cannot be decoded, is of another kind or is too large is
//     refused alone, with a *reflector.DecodeError that has its key as far as that
//     can be read (R4); the rest of the list or stream is handed over. An answer
//     that is no list, or ends early, is an error.
//   - W4 An error of the server is or wraps an *apierrors.StatusError, also where
//     something in between has answered, with the time to wait that the server
//     asks for (R3). A Status in an answer 200 is the error that it says.
//   - W5 Each error names method, URL and resource, once. It holds neither a
//     password nor anything of an object but its key, its kind and the names of
//     its fields, since errors go into logs and the object may be a Secret.
//   - W6 Nothing is without a bound: a list that brings no byte for ReadSilence is
//     cut (R2), a list above MaxListBytes fails, an object above MaxObjectBytes is
//     refused, and so is an error text or a chain of redirects that does not end.
//     The work grows with the bytes that are read, never with their square; of a
//     list no more than one part is in memory.
//   - W7 Requests go to the configured scheme, host and port only: a redirect to
//     another server is an error, as the credentials would go there too.
//   - W8 No goroutine works for a Source. When List has returned, or Close, or the
//     context has ended, nothing of the request is left.
//
// # Files
//
//	source.go   Source: New, List and Watch
//	config.go   Config, and what New refuses and completes
//	request.go  requests, redirects, and how errors name them
//	answer.go   answers that are errors
//	list.go     a list, taken apart while it arrives
//	stream.go   a watch, frame by frame
//	codec.go    from JSON to an object, and its kind
//	scanner.go  a stream of JSON, cut into values; measure.go finds the end of
//	            one, skim.go the name of an object that is too large
package httpsource
