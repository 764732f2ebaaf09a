//go:build !informant_validate

package indexer

// validateAfterCommit does nothing: built with the tag informant_validate it
// checks the whole structure.
func (t *turn[T]) validateAfterCommit() {}
