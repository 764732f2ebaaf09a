package workqueue_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/workqueue"
)

// The metrics have client-go's meanings.
func TestMetricsMeanWhatClientGoSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollector()
		q := workqueue.NewDelaying(workqueue.Options[string]{Name: "q", Metrics: c})
		defer q.ShutDown()
		want := func(name string, v float64) {
			t.Helper()
			if got := c.get("q " + name); got != v {
				t.Errorf("%s is %v, expected %v", name, got, v)
			}
		}
		q.Add("a")
		q.Add("a") // merged
		want("adds", 1)
		want("depth", 1)
		<-time.After(2 * time.Second)
		q.Get()
		want("depth", 0)
		q.Add("a") // waits for Done, and is counted
		want("adds", 2)
		want("depth", 1)
		<-time.After(3*time.Second + 100*time.Millisecond)
		synctest.Wait()
		want("unfinished", 3)
		want("longest", 3)
		q.Done("a")
		q.Get()
		q.Done("a")
		q.AddAfter("b", time.Second)
		q.AddAfter("b", 0)
		want("retries", 2)
		want("adds", 3)
		<-time.After(time.Second)
		synctest.Wait()
		want("adds", 3) // b waits already
		q.Get()
		q.Done("b")
		q.AddAfter("c", time.Second)
		<-time.After(time.Second)
		synctest.Wait()
		want("adds", 4)
		want("depth", 1)
		q.GetBatch(t.Context(), make([]string, 3))
		want("depth", 0)
		q.Done("c")
		<-time.After(time.Second)
		synctest.Wait()
		want("unfinished", 0)
		want("longest", 0)
		if got, want := c.seen("q latency"), []float64{2, 3.1, 1, 0}; !slices.Equal(got, want) {
			t.Errorf("latencies are %v, expected %v", got, want)
		}
		if got, want := c.seen("q work"), []float64{3.1, 0, 0, 0}; !slices.Equal(got, want) {
			t.Errorf("work durations are %v, expected %v", got, want)
		}
	})
}

// A queue without a name has no metrics, as in client-go, and starts nothing.
func TestNoMetricsWithoutAName(t *testing.T) {
	c := newCollector()
	q := workqueue.New(workqueue.Options[string]{Metrics: c})
	q.Add("a")
	q.ShutDown()
	if len(c.value) != 0 {
		t.Errorf("metrics of a queue without a name: %v", c.value)
	}
}

// A layer over a foreign queue counts the retries.
func TestForeignLayerCountsRetries(t *testing.T) {
	c := newCollector()
	q := workqueue.NewDelayingOver[string](new(workqueue.Queue[string]), workqueue.Options[string]{Name: "q", Metrics: c})
	defer q.ShutDown()
	q.AddAfter("a", time.Hour)
	q.AddAfter("b", 0)
	if c.get("q retries") != 2 {
		t.Errorf("retries are %v", c.get("q retries"))
	}
}

// A queue without delays asks for no retries metric, as in client-go: what is
// made of one is a series that nothing ever changes.
func TestAQueueWithoutDelaysHasNoRetries(t *testing.T) {
	made := 0
	p := counted{MetricsProvider: newCollector(), retries: &made}
	q := workqueue.New(workqueue.Options[string]{Name: "plain", Metrics: p})
	q.Add("a")
	q.ShutDown()
	if made != 0 {
		t.Errorf("a queue without delays has made %d retries metrics", made)
	}
	workqueue.NewRateLimiting(workqueue.Options[string]{Name: "limiting", Metrics: p}).ShutDown()
	if made != 1 {
		t.Errorf("a queue with delays has made %d retries metrics, not one", made)
	}
}

// counted counts the retries metrics that its provider makes.
type counted struct {
	workqueue.MetricsProvider
	retries *int
}

func (c counted) NewRetriesMetric(name string) workqueue.CounterMetric {
	*c.retries++
	return c.MetricsProvider.NewRetriesMetric(name)
}
