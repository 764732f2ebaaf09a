// Package httpsource lists and watches a resource of an API server over HTTP, and
// makes the small writes of a controller. It needs an *http.Client and no client-go.
//
// # Where it stands
//
// A Source is a reflector.ListerWatcher. It makes one request for each List and
// each Watch, decodes the answer while it arrives and says what went wrong. When
// to list, when to watch, and what follows an error, is decided by the Reflector.
// A Client is beside it and has the way back: what a controller's workers write.
// InCluster is for programs in a pod; with a kubeconfig, client-go's
// rest.HTTPClientFor makes an *http.Client that will do.
//
//	           protobuf
//	             CBOR
//	API server ──JSON──► Source ──objects, events──► Reflector ──► Sink ──► informer
//	    ▲                                                                      │
//	    └─────────JSON────── Client ◄── Create, Update, Patch, … ── workers ◄──┘
//
// # What is on the wire
//
// A list is one object with the items, the resource version of the list,
// which says what state of the collection it shows, and a continue token when
// there are more pages. A watch is a stream of frames, one after another: ADDED, MODIFIED and DELETED with the object, ERROR with a Status, and
// BOOKMARK with nothing but a resource version: nothing of the collection has
// changed up to there that was not sent. A streamed list is a watch that begins
// with the objects that exist; the bookmark that ends them is marked as such.
//
// All of it is written in one of three encodings. JSON is spoken for every type.
// Protobuf is asked for where T, or what Config.New makes, has methods Reset and
// Unmarshal of its own, as the types of k8s.io/api and metav1.PartialObjectMetadata
// have: it takes a third to a tenth of the time. An answer is in it what it is in
// JSON, behind four bytes and inside of a runtime.Unknown, which says the kind; a
// frame has its length ahead, in four bytes. For *metav1.PartialObjectMetadata the
// server is asked for metadata alone.
//
// CBOR is asked for if Config.CBOR is set, for types that have no protobuf, custom
// resources above all: lists, streamed lists and watches. Servers have it behind a
// feature gate that is alpha, and without it answer in JSON, which is why it is not
// asked for otherwise. An answer is what it is in JSON, and says what is a fraction and
// what is not; a watch is one data item after another, each with the fields in any
// order. YAML and Tables are not spoken.
//
// # How it is decoded
//
// An answer is cut into objects as it arrives, and each is decoded by itself:
//
//	bytes ──► cutter ──frames──► decoders ──objects──► List's part, Next
//
// Where much comes at once (a list, a streamed list, a burst of events), one
// goroutine cuts and up to Config.Decoders decode. Where events come one by one,
// Next does all of it, and there is no other goroutine.
//
// JSON means what apimachinery's decoder (sigs.k8s.io/json) makes of it; unknown fields
// are skipped, and upper and lower case are told apart. An Unstructured is made by a
// decoder of this package. A typed T is made by github.com/go-json-experiment/json, which
// takes about half of the time, if T is built as the types of k8s.io/api are, and else
// by apimachinery's decoder: so it is for a T with, say, a time.Time, an array, numbers
// that are written as strings, or two fields of one name. What one of the fast ones
// does not take is left to apimachinery's as well: it alone refuses. The bytes are cut
// by a scanner that is part of this package, and not by jsontext, which is as fast: that
// holds each value whole, however large it is (W6), and ends a list at what is malformed
// inside of one item (W3).
//
// CBOR means what apimachinery's decoder makes of it, and that makes it: of a typed T
// all, of an Unstructured what the decoder of this package leaves to it. Where an item
// ends is found by its heads, one after another, without recursion and without
// belief in the sizes that they tell (W6); one that is nested deeper than 16,384 levels
// ends the answer, as no decoder would take it.
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
//     What the server itself says of a write stands in its error: when it refuses an
//     object as invalid, it may quote values of the fields that it refuses.
//   - W6 Nothing is without a bound: a list that brings no byte for ReadSilence is
//     cut (R2), a list above MaxListBytes fails, in pages or as a stream, an object
//     above MaxObjectBytes is refused, and so is an error text or a chain of
//     redirects that does not end.
//     The work grows with the bytes that are read, never with their square; of a
//     list no more than one part is in memory, and of any answer what W10 says.
//   - W7 Requests go to the configured scheme, host and port only: a redirect to
//     another server is an error, as the credentials would go there too.
//   - W8 When List has returned, or Close, nothing of the request is left, no
//     goroutine either; when the context has ended, all of it ends by itself.
//   - W9 What the answer says it is, is how it is decoded, whatever was asked for. A
//     server that refuses to choose (406, 415) is asked for JSON, and when it
//     answers, from then on. What cannot be decoded is an error that says so.
//   - W10 Objects come in the order in which they were sent, however many goroutines
//     decode them. What has come and is not handed on is 384 KiB for each decoder
//     at most, or one object if that is larger, besides one batch of 128 KiB and
//     one object that are being cut. An event that comes alone waits for
//     no other goroutine. What panics while it is decoded panics where List or
//     Next was called.
//   - W11 Each call of a Client is one request: it is not repeated, not redirected
//     and not sent at all if it cannot be right. The objects that are given stay as
//     they are. An error of an answer that says success says so; W4 to W7 hold for
//     a Client as for a Source.
//   - W12 The client of InCluster sends the token of the pod's service account to the
//     cluster's API server and to nobody else, reads it again when it is a minute
//     old or was refused, and goes on with the last one while there is no other, up
//     to its refusal. That, and what is missing in a pod, is said once and without
//     the token.
//
// # Files
//
//	source.go   Source: New, List and Watch, and what it has read; listlimit.go how large a list may be
//	client.go   Client: what a controller writes
//	incluster.go  the client of a program in a pod
//	config.go   Config, and what New refuses and completes
//	request.go  requests, redirects, and how errors name them
//	answer.go   answers that are errors
//	dialect.go  the encodings: which is asked for, which has come
//	codec.go    from bytes to an object, and its kind
//	list.go     a list, cut while it arrives: listjson.go,
//	            listprotobuf.go and listcbor.go; parts.go hands it over
//	stream.go   a watch, frame by frame: framesjson.go, framesprotobuf.go
//	            and framescbor.go; ahead.go has what comes in bursts read ahead
//	lanes.go    one goroutine cuts, several decode, the order is kept
//	protobuf.go what protobuf is around objects
//	cbor.go     what CBOR is around objects, and apimachinery's decoder of it
//	unstructured.go  from JSON to maps; unstructuredcbor.go from CBOR
//	buffer.go   what is read and not consumed
//	scanner.go  a stream of JSON, cut into values; measure.go finds the end of
//	            one, skim.go the name of an object that is too large
//	wire.go     a stream of protobuf, field by field
//	sequence.go a stream of CBOR, cut into items; extent.go finds the end of one
package httpsource
