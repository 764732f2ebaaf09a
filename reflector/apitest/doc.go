// Package apitest is an API server in memory that speaks Kubernetes' list and
// watch protocol over HTTP. It is to an informer what net/http/httptest is to
// an HTTP client: the other side, in the same process, with everything that
// can go wrong on demand.
//
// # Place in the data flow
//
//	Collection (your test writes) ──► Server ──HTTP──► reflector ──► …
//	                                    ▲
//	              Fault, Cut, Stall, Expire, Down, Restore
//
// A server is reached on a loopback port (Start), by any client, or on an
// in-memory pipe (StartPipe), by Server.Client alone. On a pipe there is no
// network and all waiting is on channels and timers, so a test in
// testing/synctest sees a bookmark interval or a watch timeout pass at once.
// Both answer alike. The server has to be closed inside the bubble:
//
//	synctest.Test(t, func(t *testing.T) {
//		srv, err := apitest.StartPipe(opts)
//		…
//		defer srv.Close()
//		resp, err := srv.Client().Get(srv.URL + pods.Path("", "") + "?watch=true&timeoutSeconds=300")
//		_, err = io.Copy(io.Discard, resp.Body) // five minutes, which take no time
//	})
//
// client-go's default watch error handler, which clientgo/cache keeps, does not
// work in a bubble: it ends in apimachinery's HandleError, which spaces errors
// by the time since the last one and reckons from the real clock, so that it
// sleeps for decades of the bubble's time and the informer seems to hang. Set a
// watch error handler that does not call HandleError
// (SetWatchErrorHandlerWithContext), or, in TestMain, keep of
// k8s.io/apimachinery/pkg/util/runtime's ErrorHandlers only the first, which
// logs.
//
// A Collection reads and writes objects past HTTP; Server.Requests and
// Server.Count say what the code under test has asked for. A Trace knows every write
// that there was, to be held against what clients were told.
//
// # What it promises
//
//   - A1 Versions: one counter serves all resources; each write gets the next
//     value, and a write that changes nothing gets none.
//   - A2 Lists: pages of a list show one state, whatever is written between
//     them, in the order of namespace/name; resourceVersion,
//     resourceVersionMatch, limit and continue mean what they mean to a real
//     server.
//   - A3 Watches: a watch from version v sends exactly the changes after v, in
//     order, once; or it opens with the present state, if asked to. An object
//     that enters or leaves the selection is ADDED or DELETED.
//   - A4 Bookmarks and timeouts come when a real server's come: every minute
//     and two seconds before the timeout, if the version has moved since the
//     watch began.
//   - A5 Errors are a real server's: codes, reasons, causes, messages; 410 as
//     an HTTP status for lists and as an ERROR event for watches.
//   - A6 Writes: conflicts, preconditions, generated names, generations, the
//     status subresource, finalizers, grace periods and the deletion of whole
//     collections are a real server's.
//   - A7 Faults happen exactly to the requests and at the frames that they
//     name; what was written before a Cut or Stall is delivered first.
//   - A8 Close ends every goroutine of the server, in stalled answers too.
//   - A9 Discovery (/api, /apis and the groups and versions below) says what is
//     served now, so that clients that map kinds to resources work.
//   - A10 Accept headers are read as a real server reads them: JSON, protobuf for
//     resources that have it (Resource.Protobuf), CBOR for all if that is set
//     (Options.CBOR), the metadata alone of all (as=PartialObjectMetadata and
//     PartialObjectMetadataList) in each; 406 for what there is not. Faults happen
//     in each of them.
//
// # Trouble that is put together
//
//   - Lists work and watches do not, for as long as the test likes: Inject a
//     Fault of VerbWatch without Times, with Fail(403), Fail(503), Refuse (cut
//     before the headers) or Respond (a page of a proxy, with any code).
//   - A Status in an answer 200: Respond with the Status as body.
//   - Lists that take minutes: Slow, in pages and as streams; Delay for one
//     that comes at once after minutes.
//   - A restart that loses the history: Down, Expire, Up.
//
// # What it leaves out
//
// It checks metadata and stores the rest as it comes: there are no schemas, no
// defaults, no admission, no namespace life cycle, no authentication. Answers are
// JSON, protobuf or CBOR, uncompressed; there are no Tables and no YAML, and
// what is written has to be JSON. Patches are JSON merge patches. There is no garbage collector, and
// propagation policies and dry runs are ignored. Field selectors know metadata.name, metadata.namespace
// and what Resource.Fields names.
// managedFields are not there.
//
// # Files
//
//	server.go      Server: start, close, compact; gate.go takes it down and up
//	resource.go    Resource; options.go has Options
//	collection.go  Collection, the way past HTTP
//	fault.go       Fault and Match; action.go what a fault does
//	request.go     Request, as the server saw it; requestlog.go keeps them
//	backup.go      Backup and what it brings back
//	trace.go       Trace, every write there was
//	exchange.go    one request and its answer; place.go finds what a path names
//	accept.go      what the client accepts
//	form.go        how objects are written, in JSON; protobuf.go in protobuf,
//	               cbor.go in CBOR
//	discovery.go   which resources there are
//	list.go        lists; watch.go watches; verbs.go and write.go the rest;
//	               shard.go the shards of both
//	deletion.go    what a deletion waits for
//	table.go       the objects and the history of one resource
//
// # History
//
// The log of each resource holds Options.History events. What is older is
// compacted, as Server.Compact does it.
package apitest
