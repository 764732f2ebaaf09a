package controllerruntime

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	informant "github.com/informant-go/informant/workqueue"
)

const (
	// mostPriorities is how many priorities of a queue have a series of
	// their own, and otherPriorities the label of the rest, as in
	// controller-runtime.
	mostPriorities  = 25
	otherPriorities = "exceeded_cardinality_limit"
)

// depth is the depth of one queue by priority. A priority that was given a
// series keeps it, so that what was counted up there is counted down there.
type depth struct {
	gauges *prometheus.GaugeVec
	name   string

	mu    sync.Mutex
	known map[int]prometheus.Gauge
	other prometheus.Gauge
}

var _ informant.PriorityGauge = (*depth)(nil)

func (s *series) depthOf(name string) *depth {
	return &depth{gauges: s.depth, name: name, known: map[int]prometheus.Gauge{}}
}

func (d *depth) Inc(priority int) { d.gauge(priority).Inc() }
func (d *depth) Dec(priority int) { d.gauge(priority).Dec() }

func (d *depth) gauge(priority int) prometheus.Gauge {
	d.mu.Lock()
	defer d.mu.Unlock()
	if g := d.known[priority]; g != nil {
		return g
	}
	if len(d.known) < mostPriorities {
		g := d.gauges.WithLabelValues(d.name, d.name, strconv.Itoa(priority))
		d.known[priority] = g
		return g
	}
	if d.other == nil {
		d.other = d.gauges.WithLabelValues(d.name, d.name, otherPriorities)
	}
	return d.other
}
