// Package informerfactory puts this library's informers into client-go's generated
// factories: factory.Core().V1().Pods() is as before, with its generated lister, on
// another engine.
//
//	factory, err := informerfactory.Wrap(informers.NewSharedInformerFactory(client, resync))
//
// Wrap is for client-go's own factory; WrapGenerated for the factory of any other
// generated client, whose group constructors are then given the result:
//
//	wrapped, err := informerfactory.WrapGenerated(externalversions.NewSharedInformerFactory(client, resync))
//	foos := samplecontroller.New(wrapped, metav1.NamespaceAll, nil).V1alpha1().Foos()
//
// NewDynamicSharedInformerFactory and NewMetadataSharedInformerFactory stand in for the
// constructors of client-go's dynamicinformer and metadatainformer.
//
// # Over HTTP, without client-go's decoders
//
// An informer of a wrapped factory has its objects from the factory's client, and most of
// the time of a first list goes into client-go's decoders. With the rest.Config that
// the client was made from, they are brought by reflector/httpsource instead:
//
//	overHTTP, err := informerfactory.WithConfig(config)
//	…
//	factory, err := informerfactory.Wrap(informers.NewSharedInformerFactory(client, resync), overHTTP)
//
// It decodes on several goroutines and hands lists over while they arrive. Of kinds that have
// protobuf, those of k8s.io/api and all metadata, it asks for protobuf, and else for JSON.
// ContentType or AcceptContentTypes of the config with JSON and no protobuf ask for JSON alone;
// where they say nothing client-go asks for JSON, in which a server may send an empty slice or
// map that protobuf does not have. For equal parts of objects to be shared besides, give the
// factory the transform that object.Sharer has: informers.WithTransform(sharer.Share).
// bridge.WireOf tells what brings an informer's objects.
//
// The requests are those that the client would send, with what functions that tweak list
// options make of them at that time. Of the config all that is in the
// transport counts: credentials, their rotation, impersonation, proxies, TLS, Dial,
// WrapTransport, UserAgent; and its WarningHandler. What is different:
//
//   - Lists take their turn with QPS and Burst, or a RateLimiter of the config. Without the
//     latter this limit is beside that of the factory's client: no bucket is shared. Watches
//     do not, as in client-go.
//   - Timeout is for a list, from the first byte to the last. A watch is not ended by it, as
//     it is in client-go's clients.
//   - Redirects lead to the same server only (W7 of package httpsource).
//   - client-go's metrics of requests count each of them once, as ever, with no time to speak
//     of and as a success: to measure or to count by code, wrap the transport.
//   - The handler that rest.SetDefaultWarningHandler sets is not asked: without one in
//     the config warnings are logged.
//   - An object that cannot be decoded, or has more than 16 MiB, is refused by itself, where
//     client-go fails the list. A list that brings nothing for 90 s is cut.
//
// # How
//
// A generated factory asks generated code for each new informer, and keeps what that
// makes. A wrapped one is handed an informer of package cache in its place, made of
// what the generated code has put into client-go's: source, example object, indexes,
// resync period, names, metrics, transform and watch error handler. All else, such as
// Start, Shutdown, WaitForCacheSync, transforms and resync periods, is the factory's own.
// To go back, leave Wrap out.
//
// # What it promises
//
//  1. Every informer that comes out of a wrapped factory is on this library's engine, or
//     an error in the log, once for each, says which one is not and why: one that the
//     generated code did not make with client-go's tools/cache, such as a fake.
//     bridge.EngineOf tells which engine an informer has.
//  2. The factory that was wrapped has the same informers: it may be used as well, for all
//     informers that were asked for by way of the wrapper first. What is first asked for
//     of the factory itself is client-go's; Wrap refuses a factory of which anything has
//     been asked.
//  3. Names in logs and metrics are those that client-go gives.
//  4. With WithConfig handlers and stores have the objects that client-go's clients make of
//     the same answers, with a kind and apiVersion where these have one; and watch error
//     handlers are told of errors of the same types and texts.
//  5. What cannot go that way stays with its client, and a line in the log says so once, with
//     the informer's type and the reason: a client that is a fake, or another type than the
//     generated package makes, or one of another server than the config's; a config that asks
//     for neither protobuf nor JSON, or has a NegotiatedSerializer, for typed objects; a
//     function given to InformerFor whose ListWatch is not of informer-gen's making, since
//     that may filter by what is in the objects; a ListerWatcher that changes, or leaves out,
//     what its client returns, sends several requests, or uses no context; a server whose
//     answers this library cannot read.
//
// What a ListerWatcher asks for is found out by asking it, over a second client made from the
// config, of the same package: that one's http.Client answers with a made-up list or
// watch, and nothing is sent. What comes out of it has to be what went in. Functions that
// tweak list options are called once for each request, as ever.
//
// The fields of client-go's informers and factories have no names outside client-go. They
// are read by reflection in one file, apart.go, of which a test fails when a version of
// client-go has other fields. Such a version costs an error in the log, and the informer
// is client-go's.
package informerfactory
