// Package indexertest is the conformance suite of indexer.Indexer: what an
// informer and its users may rely on, whatever store they are given.
//
//	func TestIndexer(t *testing.T) {
//		indexertest.Run(t, func(c indexertest.Config) (indexertest.Indexer, error) {
//			return mine.NewIndexer(c.Indexers), nil
//		}, nil)
//	}
//
// The name of a subtest begins with the guarantee that it is about, see package
// indexer.
package indexertest
