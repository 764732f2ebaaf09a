package informer

import (
	"maps"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/informer/informertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// I1 to I9, as far as this informer gives them.
func TestConformance(t *testing.T) {
	informertest.Run(t, func(c informertest.Config) (informertest.Informer, error) {
		return subject{New(c.Source), c.Indexers}, nil
	}, informertest.Known{
		"I1/AnotherLifeIsDeleteAndAdd":              "a list is compared by key and version, not by UID",
		"I1/TransformedObjectsAreStoredAndTold":     "there is no transform",
		"I3/ASlowHandlerKeepsNobodyWaiting":         "handlers are called one after the other, and the watch is read after that",
		"I4/LateHandlerDuringASlowIndexFunction":    "there are no indexes",
		"I6/LateHandlerSyncsWithItsSnapshot":        "AddHandler makes the first calls itself",
		"Resync/OnlyThoseWhoAskedAreTold":           "there are no resyncs",
		"Resync/SaysSo":                             "there are no resyncs",
		"Resync/PeriodsAreRaisedToASecond":          "there are no resyncs",
		"Resync/LatePeriodsAreRaisedToTheInformers": "there are no resyncs",
	})
}

// subject is an Informer as the suite wants it. It answers a query of an index by
// looking at each object.
type subject struct {
	*Informer[*informertest.Object]
	indexers indexer.Indexers[*informertest.Object]
}

func (s subject) AddHandler(h informer.Handler[*informertest.Object], _ informer.HandlerOptions) (informertest.Registration, error) {
	return registration{s.Informer.AddHandler(h)}, nil
}

func (s subject) HasSynced() bool { return s.hasSynced() }
func (s subject) Keys() []string  { return slices.Collect(maps.Keys(s.List())) }

func (s subject) ByIndex(name, value string) (found []*informertest.Object, err error) {
	for _, obj := range s.List() {
		values, err := s.indexers[name](obj)
		if err != nil {
			return nil, err
		}
		if slices.Contains(values, value) {
			found = append(found, obj)
		}
	}
	return found, nil
}

type registration struct {
	*Registration[*informertest.Object]
}

func (r registration) HasSynced() bool {
	select {
	case <-r.Synced():
		return true
	default:
		return false
	}
}
