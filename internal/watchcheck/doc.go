// Package watchcheck holds what watches delivered against what the server did.
//
//	server ──► Server: each write, with its version
//	                                                   ┐
//	API ──► Source ──► reflector ──► Sink ──► queue    ├─► Check ──► Report
//	           └── Log: lists and watches,             ┘
//	               and what the sink was given
//
// A Server is told of every write, in order, by somebody who knows: a trace of
// package apitest, or a watch of etcd itself. A Log notes what passes at two
// places. Source (or Lists and Watches, for client-go) stands between the source
// and the reflector, and sees each request and its answer. Sink (or Store, for
// client-go) stands behind the reflector: what that hands over between two lists
// is one long watch, whatever watches it was made of, and has to have the same
// properties. So what is true of a server is asked of a reflector as well. Check
// compares the two.
//
// # Properties
//
// These are the properties of a watch that etcd's robustness tests look for, in
// terms of the Kubernetes API, where each write has a version of its own. A watch
// begins after a version; the changes after it that its selector shows are its
// due.
//
//   - Ordered: versions do not fall. In a session, which is all that a sink is
//     given by one run of a reflector, a list is not older than what came before
//     it.
//   - Unique: no change comes twice, no list has an object twice.
//   - Atomic: a change comes as it was made, whole, with its type; changes of one
//     version come together. A list, in all its pages, or at the beginning of a
//     watch, is the collection at one version.
//   - Reliable: between the first and the last change that come, none is left
//     out; of a watch that is open and has nothing more to bring, none at its end.
//   - Resumable: a watch begins with the first change after the version that was
//     asked for, and with nothing before it.
//   - Bookmarkable: all that was due up to the version of a bookmark has come
//     before it, and nothing of it comes later.
//   - Filtered: nothing comes that the selector hides; what enters the selection
//     is ADDED, what leaves it DELETED.
//
// # Histories that begin anew
//
// A server that is restored from a backup, or whose resource is withdrawn and
// served again, has several pasts: eras. A list or a watch belongs to one of them,
// and is sound if it is in one.
//
// # What is not judged
//
// A watch without a version begins anywhere, so that nothing is due. Objects that
// were refused (reflector.DecodeError) count as delivered; a refusal that does not
// say of which object makes up for one change that is missing, and a reflector
// need not have handed over what it refused (R4).
package watchcheck
