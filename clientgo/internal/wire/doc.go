// Package wire lets ListerWatchers of client-go have what they list and watch brought by
// package httpsource, for the packages of this module that make informers of them.
//
// # How
//
// What a ListerWatcher asks a server for is known to it alone: resource, namespace and
// selectors are in closures. So it is asked, with a context that marks the call, over a
// client of client-go whose http.Client is that of Wire.Client: this answers a marked
// request by itself, with a made-up list or watch, and notes the request. Then
//
//   - the request is read. It has to be a list or watch of a collection on the server of
//     the config, with a query that list options can hold;
//   - what the ListerWatcher has made of the made-up answer is compared with it. It has to
//     hand on the same objects, of the type of the informer. A kind that it sets or clears is
//     noted, and set or cleared in all objects that follow;
//   - the request is sent again by httpsource, over rest.HTTPClientFor of the config.
//
// This is done for each request, so that functions that tweak list options count each time,
// as does the client's rate limiter. Where one of these steps fails, the ListerWatcher is
// asked as ever, from then on, and one line in the log says why. The http.Client sends what
// is not marked.
//
// # Files
//
//	wire.go      Wire: the config and its clients
//	probe.go     marked requests and their answers; request.go reads them
//	made.go      the made-up list and watch, and what became of them
//	over.go      ListerWatcher: asks, and sends again
//	source.go    sources of httpsource, of the type of an example
//	errors.go    errors as client-go's clients return them
package wire
