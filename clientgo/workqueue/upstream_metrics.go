package workqueue

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"

	informant "github.com/informant-go/informant/workqueue"
)

// Client-go keeps the provider that SetProvider was given in a variable that
// nobody else can read; a program gives it there by importing a package, so
// that it never passes through ours. What can be had are the metrics that it
// makes: a queue of client-go's asks it for them when it is made, and keeps
// them. So one is made for each of ours, of the same name, is shut down before
// anything is added to it, and hands over its metrics. It asks for exactly
// those that client-go's queue in the place of ours has.
//
// Its fields are not exported, and reflection gives out their values through
// their addresses only. This file alone knows them, and checks name and type
// of each.

// layers says which parts of a queue have metrics of their own.
type layers uint8

const (
	queueLayer layers = 1 << iota
	delayingLayer
)

// upstream are the metrics of one queue that client-go's provider has made.
// It is the provider of that queue.
type upstream struct {
	depth      GaugeMetric
	adds       CounterMetric
	latency    HistogramMetric
	work       HistogramMetric
	unfinished SettableGaugeMetric
	longest    SettableGaugeMetric
	retries    CounterMetric
}

var _ informant.MetricsProvider = (*upstream)(nil)

func (u *upstream) NewDepthMetric(string) informant.GaugeMetric            { return u.depth }
func (u *upstream) NewAddsMetric(string) informant.CounterMetric           { return u.adds }
func (u *upstream) NewLatencyMetric(string) informant.HistogramMetric      { return u.latency }
func (u *upstream) NewWorkDurationMetric(string) informant.HistogramMetric { return u.work }
func (u *upstream) NewRetriesMetric(string) informant.CounterMetric        { return u.retries }
func (u *upstream) NewUnfinishedWorkSecondsMetric(string) informant.SettableGaugeMetric {
	return u.unfinished
}
func (u *upstream) NewLongestRunningProcessorSecondsMetric(string) informant.SettableGaugeMetric {
	return u.longest
}

// fromUpstream returns the metrics that client-go's provider makes for the
// layers of a queue of that name, nil if client-go has no provider.
func fromUpstream(name string, of layers) (*upstream, error) {
	ofQueue := name
	if of&queueLayer == 0 {
		ofQueue = ""
	}
	queue := workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[int]{Name: ofQueue})
	queue.ShutDown()
	u := new(upstream)
	if of&queueLayer != 0 {
		if found, err := u.takeQueue(queue); !found || err != nil {
			return nil, err
		}
	}
	if of&delayingLayer != 0 {
		// Its goroutine ends at once, since the queue below is shut down.
		delaying := workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[int]{Name: name, Queue: queue})
		delaying.ShutDown()
		if found, err := u.takeDelaying(delaying); !found || err != nil {
			return nil, err
		}
	}
	return u, nil
}

// takeQueue takes the metrics of a queue, and reports whether it has any.
func (u *upstream) takeQueue(queue any) (bool, error) {
	m, err := metricsOf(queue)
	if err != nil || !m.IsValid() {
		return false, err
	}
	return true, errors.Join(
		take(&u.depth, m, "depth"),
		take(&u.adds, m, "adds"),
		take(&u.latency, m, "latency"),
		take(&u.work, m, "workDuration"),
		take(&u.unfinished, m, "unfinishedWorkSeconds"),
		take(&u.longest, m, "longestRunningProcessor"),
	)
}

// takeDelaying takes the metric of a delaying queue, and reports whether it
// has one.
func (u *upstream) takeDelaying(queue any) (bool, error) {
	m, err := metricsOf(queue)
	if err != nil || !m.IsValid() {
		return false, err
	}
	return true, take(&u.retries, m, "retries")
}

// metricsOf returns the struct of a queue's metrics, which is addressable, or
// the zero Value if it has none.
func metricsOf(queue any) (reflect.Value, error) {
	v := reflect.ValueOf(queue)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return reflect.Value{}, fmt.Errorf("a queue is a %T, not a pointer to a struct", queue)
	}
	m := v.Elem().FieldByName("metrics")
	if m.Kind() != reflect.Interface {
		return reflect.Value{}, fmt.Errorf("%T has no field metrics of an interface type", queue)
	}
	m = m.Elem()
	if m.Kind() == reflect.Struct && m.NumField() == 0 { // there is no provider
		return reflect.Value{}, nil
	}
	if m.Kind() != reflect.Pointer || m.Elem().Kind() != reflect.Struct {
		return reflect.Value{}, fmt.Errorf("the metrics of %T are not a pointer to a struct", queue)
	}
	return m.Elem(), nil
}

// take reads a field of an addressable struct. The conversion is safe: the
// field is of type F.
func take[F any](into *F, from reflect.Value, name string) error {
	field := from.FieldByName(name)
	if !field.IsValid() || field.Type() != reflect.TypeFor[F]() {
		return fmt.Errorf("%s has no field %s of type %s", from.Type(), name, reflect.TypeFor[F]())
	}
	*into = *(*F)(field.Addr().UnsafePointer())
	return nil
}

// complaint is logged once, however many queues have the reason for it.
type complaint struct{ once sync.Once }

// unread is the complaint of this process.
var unread complaint

func (c *complaint) tell(logger klog.Logger, err error, queue string) {
	c.once.Do(func() {
		logger.Error(err, "Work queues have no metrics: this version of client-go keeps those of its provider where "+
			"github.com/informant-go/informant/clientgo/workqueue does not find them. Set MetricsProvider in the "+
			"configuration of each queue, or take versions of both modules that fit together", "queue", queue)
	})
}
