package operatorstest

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/memcached"
	"github.com/informant-go/informant/examples/operators/operator"
)

// Memcached is the life of two replicas of the operator of Memcacheds, of which one loses
// its server, and of what they look after. It takes as long as a lease, 15 seconds.
func Memcached(t *testing.T, c Cluster, e engine.Engine) {
	scheme, err := memcached.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	w := &memcachedWorld{world: newWorld(t, c, scheme)}
	w.populate(e)
	first := w.replica(e)
	w.leads(first)
	second := w.replica(e)
	barred := second.line.Refuse(-1, leaseWrite) // it may not lead before the test says so

	cache := w.create("cache", 2)
	w.isLookedAfter(cache)
	w.scales(cache)
	w.triesAgain(cache, first.line)
	w.heals(cache)
	w.outlivesACut(cache, first.line, second.line)
	w.refusesWhatIsInvalid(cache)
	w.leavesOthersAlone()
	w.takesOver(cache, first, second, barred)
	w.records()
	w.cleansUp(cache)
}

type memcachedWorld struct{ *world }

// replica is one of the operator.
type replica struct {
	line  *Line
	mgr   manager.Manager
	ended <-chan error
}

func (w *memcachedWorld) replica(e engine.Engine) *replica {
	line := NewLine(w.T, w.Config)
	mgr, err := memcached.New(line.Config, operator.Options{
		Engine: e, Namespace: w.Namespace, Watch: w.Namespace, LeaderElection: true,
	})
	w.must(err)
	_, ended := w.start(mgr.Start)
	return &replica{line: line, mgr: mgr, ended: ended}
}

func leaseWrite(req *http.Request) bool {
	return req.Method != http.MethodGet && strings.Contains(req.URL.Path, "/leases")
}

func (w *memcachedWorld) create(name string, size int32) *memcached.Memcached {
	w.Helper()
	m := &memcached.Memcached{ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: name}, Spec: memcached.Spec{Size: size}}
	w.must(w.client.Create(w.ctx, m))
	return m
}

func (w *memcachedWorld) resize(m *memcached.Memcached, size int32) {
	w.Helper()
	w.must(w.change(m, func() { m.Spec.Size = size }))
}

// ready waits until m has the size that it wants, and all of it is said.
func (w *memcachedWorld) ready(m *memcached.Memcached) {
	w.Helper()
	w.await(m, func() bool { return m.IsReady() && len(m.Status.Nodes) == int(m.Spec.Size) })
	w.eventually("the directory has "+m.Name, func() bool {
		return w.directory()[memcached.EntryOf(m)] == strings.Join(m.Status.Nodes, " ")
	})
}

func (w *memcachedWorld) directory() map[string]string {
	cm := &corev1.ConfigMap{}
	err := w.client.Get(w.ctx, client.ObjectKey{Namespace: w.Namespace, Name: memcached.DirectoryName}, cm)
	w.must(client.IgnoreNotFound(err))
	return cm.Data
}

func (w *memcachedWorld) deploymentOf(m *memcached.Memcached) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: m.Namespace, Name: m.Name}}
}

// Owner references, finalizer, and the names of the pods.
func (w *memcachedWorld) isLookedAfter(m *memcached.Memcached) {
	w.ready(m)
	d := w.deploymentOf(m)
	w.await(d, func() bool { return true })
	if !metav1.IsControlledBy(d, m) || *d.Spec.Replicas != m.Spec.Size {
		w.Errorf("the Deployment is of %d, owned by %v", *d.Spec.Replicas, d.OwnerReferences)
	}
	if !controllerutil.ContainsFinalizer(m, memcached.Finalizer) {
		w.Errorf("the finalizers are %q", m.Finalizers)
	}
	var pods corev1.PodList
	w.must(w.client.List(w.ctx, &pods, client.InNamespace(w.Namespace), client.MatchingLabels{memcached.Label: m.Name}))
	for _, pod := range pods.Items {
		if !slices.Contains(m.Status.Nodes, pod.Name) {
			w.Errorf("the pod %s is not among the nodes %q", pod.Name, m.Status.Nodes)
		}
	}
}

func (w *memcachedWorld) scales(m *memcached.Memcached) {
	for _, size := range []int32{4, 1} {
		w.resize(m, size)
		w.ready(m)
	}
}

// What the server refuses is tried again.
func (w *memcachedWorld) triesAgain(m *memcached.Memcached, line *Line) {
	const times = 3
	path := "/deployments/" + m.Name
	refused := line.Refuse(times, func(req *http.Request) bool {
		return req.Method == http.MethodPut && strings.HasSuffix(req.URL.Path, path)
	})
	w.resize(m, 3)
	w.ready(m)
	if hits := refused.Hits(); hits != times {
		w.Errorf("%d writes were refused, not %d", hits, times)
	}
}

// A Deployment and a pod that somebody deletes are there again.
func (w *memcachedWorld) heals(m *memcached.Memcached) {
	d := w.deploymentOf(m)
	w.await(d, func() bool { return true })
	w.must(w.client.Delete(w.ctx, d))
	w.awaitGone(d)
	w.await(d, func() bool { return metav1.IsControlledBy(d, m) && d.Status.ReadyReplicas == m.Spec.Size })

	w.await(m, func() bool { return w.names(m, d) })
	w.ready(m)
	lost := m.Status.Nodes[0]
	w.must(w.client.Delete(w.ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: m.Namespace, Name: lost}}))
	w.await(m, func() bool { return m.IsReady() && !slices.Contains(m.Status.Nodes, lost) })
	w.ready(m)
}

// names reports whether the nodes of m are the pods of d: the operator may not have written
// yet that those of a Deployment before it have gone.
func (w *memcachedWorld) names(m *memcached.Memcached, d *appsv1.Deployment) bool {
	var pods corev1.PodList
	w.must(w.client.List(w.ctx, &pods, client.InNamespace(w.Namespace), client.MatchingLabels{memcached.Label: m.Name}))
	var names []string
	for i := range pods.Items {
		if pod := &pods.Items[i]; metav1.IsControlledBy(pod, d) && pod.DeletionTimestamp.IsZero() {
			names = append(names, pod.Name)
		}
	}
	slices.Sort(names)
	return slices.Equal(names, m.Status.Nodes)
}

// What is written while the watches are cut is seen.
func (w *memcachedWorld) outlivesACut(m *memcached.Memcached, lines ...*Line) {
	for _, line := range lines {
		line.Cut()
	}
	w.resize(m, 2)
	w.ready(m)
}

// A size that cannot be is refused by a server that has the definition, and by the operator
// where nobody else does; the Deployment stays.
func (w *memcachedWorld) refusesWhatIsInvalid(m *memcached.Memcached) {
	good := m.Spec.Size
	for _, size := range []int32{-1, memcached.MaxSize + 1} {
		err := w.change(m, func() { m.Spec.Size = size })
		if w.Real {
			if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "spec.size") {
				w.Errorf("a size of %d gives %v", size, err)
			}
			m.Spec.Size = good
			continue
		}
		w.must(err)
		w.await(m, func() bool {
			c := meta.FindStatusCondition(m.Status.Conditions, memcached.Ready)
			return c.Reason == "Invalid" && c.ObservedGeneration == m.Generation && strings.Contains(c.Message, "spec.size")
		})
	}
	d := w.deploymentOf(m)
	w.await(d, func() bool { return true })
	if *d.Spec.Replicas != good {
		w.Errorf("the Deployment is of %d", *d.Spec.Replicas)
	}
	if !w.Real {
		w.resize(m, good)
	}
	w.ready(m)
}

// A Deployment of the same name that belongs to somebody else is left alone, and that is
// said; when it is gone, the name is free.
func (w *memcachedWorld) leavesOthersAlone() {
	labels := map[string]string{"app": "other"}
	other := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: "taken"},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(0)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "example.com/other:1"}}},
			},
		},
	}
	w.must(w.client.Create(w.ctx, other))
	m := w.create("taken", 1)
	w.await(m, func() bool {
		c := meta.FindStatusCondition(m.Status.Conditions, memcached.Ready)
		return c != nil && c.Reason == "NameTaken" && strings.Contains(c.Message, "Deployment taken")
	})
	w.await(other, func() bool { return true })
	if *other.Spec.Replicas != 0 || len(other.OwnerReferences) != 0 {
		w.Errorf("the Deployment of somebody else is of %d, owned by %v", *other.Spec.Replicas, other.OwnerReferences)
	}
	w.must(w.client.Delete(w.ctx, other))
	w.ready(m)
}

// The leader loses its server. What is written while nobody leads is what the next one
// finds: it begins with a list, and acts on nothing older.
func (w *memcachedWorld) takesOver(m *memcached.Memcached, first, second *replica, barred *Refusal) {
	leaves := w.create("leaves", 1)
	w.ready(leaves)
	first.line.Down()
	if err := <-first.ended; err == nil || !strings.Contains(err.Error(), "leader election lost") {
		w.Fatalf("the leader ended with %v", err)
	}
	w.eventually("the second replica wants to lead", func() bool { return barred.Hits() > 0 })
	select {
	case <-second.mgr.Elected():
		w.Fatal("the second replica leads already")
	default:
	}

	w.resize(m, 1)
	w.resize(m, 4)
	d := w.deploymentOf(m)
	w.await(d, func() bool { return true })
	w.must(w.client.Delete(w.ctx, d))
	w.awaitGone(d)
	w.must(w.client.Delete(w.ctx, leaves))
	w.await(leaves, func() bool { return !leaves.DeletionTimestamp.IsZero() })
	comes := w.create("comes", 2)
	seen, err := w.client.Watch(w.ctx, &appsv1.DeploymentList{}, client.InNamespace(w.Namespace))
	w.must(err)
	defer seen.Stop()

	barred.End()
	w.leads(second)
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: memcached.Name}}
	w.await(lease, func() bool { return lease.Spec.LeaseTransitions != nil && *lease.Spec.LeaseTransitions > 0 })
	w.ready(m)
	w.ready(comes)
	w.awaitGone(leaves)
	w.actedOn(seen.ResultChan(), map[string]int32{m.Name: 4, comes.Name: 2})
}

// actedOn checks that Deployments were never of another size than the last one that was
// wanted.
func (w *memcachedWorld) actedOn(events <-chan watch.Event, sizes map[string]int32) {
	ready := map[string]bool{}
	for len(ready) < len(sizes) {
		select {
		case event := <-events:
			d, ok := event.Object.(*appsv1.Deployment)
			if !ok {
				w.Fatalf("the watch ended with %+v", event)
			}
			size, ours := sizes[d.Name]
			if ours && *d.Spec.Replicas != size {
				w.Errorf("the new leader made the Deployment %s of %d, not of %d", d.Name, *d.Spec.Replicas, size)
			}
			if ours && d.Status.ReadyReplicas == size {
				ready[d.Name] = true
			}
		case <-w.ctx.Done():
			w.Fatalf("of the Deployments were seen %v", ready)
		}
	}
}

// leads returns when r leads.
func (w *memcachedWorld) leads(r *replica) {
	w.Helper()
	select {
	case <-r.mgr.Elected():
	case err := <-r.ended:
		w.Fatalf("a replica ended with %v", err)
	case <-w.ctx.Done():
		w.Fatal("a replica does not lead")
	}
}

// The recorders of both replicas have told what happened, leader election included.
func (w *memcachedWorld) records() {
	for _, wanted := range []string{"cache Created", "cache Scaled", "comes Created", "leaves CleanedUp"} {
		w.eventually("there is the event "+wanted, func() bool {
			var events eventsv1.EventList
			w.must(w.client.List(w.ctx, &events, client.InNamespace(w.Namespace)))
			return slices.ContainsFunc(events.Items, func(event eventsv1.Event) bool {
				return event.Regarding.Kind == "Memcached" && event.Regarding.Name+" "+event.Reason == wanted
			})
		})
	}
	w.eventually("both replicas became leader", func() bool {
		leaders := map[string]bool{}
		var events corev1.EventList
		w.must(w.client.List(w.ctx, &events, client.InNamespace(w.Namespace)))
		for _, event := range events.Items {
			if event.Reason == "LeaderElection" && strings.HasSuffix(event.Message, "became leader") {
				leaders[event.Message] = true
			}
		}
		return len(leaders) == 2
	})
}

// What is deleted goes with all that it owns, and out of the directory.
func (w *memcachedWorld) cleansUp(m *memcached.Memcached) {
	w.must(w.client.DeleteAllOf(w.ctx, &memcached.Memcached{}, client.InNamespace(w.Namespace)))
	w.awaitGone(m)
	w.eventually("all is gone", func() bool {
		var memcacheds memcached.List
		var deployments appsv1.DeploymentList
		var pods corev1.PodList
		w.must(w.client.List(w.ctx, &memcacheds, client.InNamespace(w.Namespace)))
		w.must(w.client.List(w.ctx, &deployments, client.InNamespace(w.Namespace)))
		w.must(w.client.List(w.ctx, &pods, client.InNamespace(w.Namespace)))
		return len(memcacheds.Items)+len(deployments.Items)+len(pods.Items) == 0
	})
	if left := w.directory(); len(left) != 0 {
		w.Errorf("left in the directory: %v", left)
	}
}
