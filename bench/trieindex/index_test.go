package trieindex

import (
	"testing"

	"github.com/informant-go/informant/indexer/indexertest"
	"github.com/informant-go/informant/object"
)

// TestConformance proves S1 to S5 for the tries, as for any Indexer.
func TestConformance(t *testing.T) {
	indexertest.Run(t, func(c indexertest.Config) (indexertest.Indexer, error) {
		return New(object.Meta[*indexertest.Object](), c.Indexers)
	}, nil)
}
