// Package objects makes API objects as clusters have them, for benchmarks: pods,
// nodes and custom resources, each of a size that its JSON has, of which stated parts
// are managedFields, status and annotations (see the tables of shares).
//
// The same number gives the same object, in each process. Ten pods that follow one
// another are of one ReplicaSet: what a ReplicaSet gives its pods is the same in them,
// what is a pod's own is not. No object is made by decoding, so neither of the
// engines that decode them has had a part in it.
package objects
