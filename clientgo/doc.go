// Package clientgo is the root of the module that makes the engines of this
// library available under client-go's names and interfaces: see cache and
// workqueue below it, parallelize, informerfactory for client-go's generated
// factories, and bridge, which joins typed code with client-go's.
package clientgo
