// Package cache is client-go's tools/cache with the engines of this module
// behind it.
package cache
