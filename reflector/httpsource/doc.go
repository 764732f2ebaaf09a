// Package httpsource lists and watches a resource of an API server over HTTP, for
// a reflector.
//
// # Where it stands
//
// A Source is a reflector.ListerWatcher: it makes one request for each List and
// each Watch, decodes the answer while it arrives and says what went wrong. When
// to list, when to watch and what to do after an error is the Reflector's. A
// Source needs an *http.Client and no client-go.
//
//	API server ──► Source ──► Reflector ──► Sink (deltafifo) ──► informer
package httpsource
