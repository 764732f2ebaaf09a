// Package informer composes reflector, queue and store: it keeps a store in
// step with a server and tells handlers what happens to it.
package informer
