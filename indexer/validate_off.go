//go:build !informant_validate

package indexer

// validateAfterCommit does nothing: built with the tag informant_validate it
// checks the whole structure.
func (tx *txn[T]) validateAfterCommit() {}
