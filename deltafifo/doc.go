// Package deltafifo holds the queues of deltas: what a reflector reports waits
// there until an informer brings it into its store.
package deltafifo
