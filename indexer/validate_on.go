//go:build informant_validate

package indexer

// validateAfterCommit checks the whole structure and panics when it is wrong.
// It is the slow twin of the one in validate_off.go.
func (tx *txn[T]) validateAfterCommit() {
	if err := tx.validate(); err != nil {
		panic(err)
	}
}
