package indexer_test

import (
	"testing"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/indexertest"
)

// TestConformance proves S1 to S5 for the Cache, as for any Indexer.
func TestConformance(t *testing.T) {
	indexertest.Run(t, func(c indexertest.Config) (indexertest.Indexer, error) {
		return indexer.New(indexer.Options[*indexertest.Object]{
			Indexers:     c.Indexers,
			OnIndexError: func(*indexer.IndexError) {},
		})
	}, nil)
}
