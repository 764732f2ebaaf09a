// Package clientgo is the root of the module that makes the engines of this
// library available under client-go's names and interfaces: see cache and
// workqueue below it, and parallelize.
package clientgo
