// Package kubeletlike is a program in the shape of a kubelet: it wants to know the
// pods of its node, all of them at each change, and needs no informer for that. A
// Reflector writes an UndeltaStore, which hands over the whole state.
//
//	API server ──pods of the node──► Reflector ──► UndeltaStore ──all pods──► loop ──► Runtime
//	     ▲                                                                     │
//	     └──────────────── status; the deletion, when the containers are gone ─┘
//
// On this library the reflector is package reflector's, over HTTP, and the store that
// of package indexer/stores; on stock both are client-go's.
//
//	kubelet.go  Kubelet and its options
//	loop.go     what is done with a state
//	feed.go     where states come from, on both engines
//	runtime.go  what runs containers
//	demo.go     the life of a pod, to look at
//
// # What it does
//
//   - A pod that is bound to the node is started, and said to be Running and Ready
//     for as long as it is; whatever else is written into its status is written over.
//   - A pod that is deleted is asked to stop, has its grace period for it, and is
//     killed after that. Only when its containers are gone does its object go.
//   - A pod whose object goes without that, by force or behind a cut watch, is killed.
//     One of the same name is another pod, by its UID.
//   - What the server refuses is tried again after RetryAfter.
//   - A program that begins again finds the pods of its node, running or deleted
//     meanwhile. What was gone by then it does not find.
//
// A grace period that is shortened while it runs is not; restarts, probes, volumes and
// everything else that a kubelet does are not there.
package kubeletlike
