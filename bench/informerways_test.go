package bench

import (
	"strconv"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	// perCall is what a call of a handler waits for at least, such as the answer to a
	// write.
	perCall = 20 * time.Microsecond

	// waitingPods is the number of pods that change, in turn, where each costs a wait.
	waitingPods = 1000

	// lanes is how many goroutines call a handler at once.
	lanes = 8
)

// batched sends b.N changes to a handler that waits in each call: with what has come
// meanwhile where an engine has such handlers, and else with each.
func batched(b *testing.B, in sharedInformer) {
	pods := Pods(waitingPods, 1)
	f := newFeed(pods)
	in.start(b, f)
	c := &counter{want: len(pods), done: make(chan string, 1)}
	in.handleBatches(b, func(pods []*corev1.Pod) {
		<-time.After(perCall)
		for _, pod := range pods {
			c.told(pod)
		}
	})
	<-c.done
	send(b, f, pods, []*counter{c})
}

// newestCounter is a counter for several goroutines, which says the newest version.
type newestCounter struct {
	counter
	mu      sync.Mutex
	newest  *corev1.Pod
	version int
}

func (c *newestCounter) told(pod *corev1.Pod) {
	version, _ := strconv.Atoi(pod.ResourceVersion)
	c.mu.Lock()
	defer c.mu.Unlock()
	if version > c.version {
		c.version, c.newest = version, pod
	}
	c.counter.told(c.newest)
}

// inLanes sends b.N changes to a handler that waits in each call, of which several may
// go on at once where an engine has such handlers.
func inLanes(b *testing.B, in sharedInformer) {
	pods := Pods(waitingPods, 1)
	f := newFeed(pods)
	in.start(b, f)
	c := &newestCounter{counter: counter{want: len(pods), done: make(chan string, 1)}}
	in.handleInLanes(b, lanes, func(pod *corev1.Pod) {
		<-time.After(perCall)
		c.told(pod)
	})
	<-c.done
	send(b, f, pods, []*counter{&c.counter})
}
