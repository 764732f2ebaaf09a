//go:build informant_validate

package indexer

// validateAfterCommit checks the whole structure and panics when it is wrong,
// after each of the first thousand commits and one of 257 later: that covers
// each kind of commit, and a store in long use stays usable. It is the slow
// twin of the one in validate_off.go.
func (tx *txn[T]) validateAfterCommit() {
	if tx.version > 1000 && tx.version%257 != 0 {
		return
	}
	if err := tx.validate(); err != nil {
		panic(err)
	}
}
