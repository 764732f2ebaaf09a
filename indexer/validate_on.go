//go:build informant_validate

package indexer

// validateAfterCommit checks the whole structure and panics when it is wrong,
// after each of the first thousand commits and one of 257 later: that covers
// each kind of commit, and a store in long use stays usable. It is the slow
// twin of the one in validate_off.go.
func (t *turn[T]) validateAfterCommit() {
	if t.st.version > 1000 && t.st.version%257 != 0 {
		return
	}
	if err := t.validate(); err != nil {
		panic(err)
	}
}
