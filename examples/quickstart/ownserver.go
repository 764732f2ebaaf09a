package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var parcels = apitest.Resource{
	Group: group, Version: version, Resource: resource, Kind: kind, Namespaced: true, Status: true,
}

var cities = []string{"Aveiro", "Braga", "Coimbra", "Evora", "Faro", "Guarda", "Lisboa", "Porto"}

// runOnOwnServer is the main job: everything on one machine, faults included.
func runOnOwnServer(ctx context.Context, s settings, out *screen) error {
	server, err := s.start(apitest.Options{Resources: []apitest.Resource{parcels}})
	if err != nil {
		return err
	}
	defer server.Close()
	config := httpsource.Config[*Parcel]{
		Client: server.Client(), BaseURL: server.URL,
		Group: group, Version: version, Resource: resource,
	}
	source, err := httpsource.New(config)
	if err != nil {
		return err
	}
	client, err := httpsource.NewClient(config)
	if err != nil {
		return err
	}
	statuses := statusWriter{client}
	p, err := newPipeline(out, source,
		indexer.Indexers[*Parcel]{"city": byCity, "carrier": byCarrier, "progress": byProgress},
		statuses.reconcile,
	)
	if err != nil {
		return err
	}
	world := &world{server: server, parcels: apitest.Of[*Parcel](server, parcels), pipeline: p, pace: s.pace}
	if err := world.fill(s.objects); err != nil {
		return err
	}
	return drive(ctx, s, p, func() { world.introduce(s) }, world.disturb)
}

// world is what goes on outside: the parcels move, and the server has its
// troubles.
type world struct {
	server   *apitest.Server
	parcels  apitest.Collection[*Parcel]
	pipeline *pipeline[*Parcel]
	pace     time.Duration     // between two changes
	next     int               // the number of the next new parcel
	marks    int               // how often the cache was tried
	refused  *apitest.Injected // the writes that fail
}

// introduce says what is to be seen.
func (w *world) introduce(s settings) {
	out := w.pipeline.screen
	out.say("", "An API server in memory, at %s, holds %d parcels; %d times a second one of them changes. "+
		"The library keeps a cache of them, and %d workers write back which change they have seen. "+
		"Then come faults. After each you read what the library did and for how long the cache was "+
		"behind: what a change right after the fault took to get there. Most of that is a pause before "+
		"the next try, by default about a second after the first failure and twice as long after each "+
		"further one. All of this takes about 20 seconds; -h explains the columns.",
		w.server.URL, s.objects, time.Second/s.pace, s.workers)
	out.print("\n")
}

func (w *world) fill(n int) error {
	for range n {
		if err := w.send(); err != nil {
			return fmt.Errorf("filling the server: %w", err)
		}
	}
	return nil
}

// send creates a parcel.
func (w *world) send() error {
	_, err := w.parcels.Create(parcel(fmt.Sprintf("depot-%d", w.next%10), fmt.Sprintf("parcel-%06d", w.next), w.next))
	w.next++
	return err
}

// mark creates a parcel and returns its version, for which the cache can be
// waited for.
func (w *world) mark() (string, error) {
	w.marks++
	p, err := w.parcels.Create(parcel("marks", fmt.Sprintf("mark-%d", w.marks), w.marks))
	if err != nil {
		return "", err
	}
	return p.ResourceVersion, nil
}

func parcel(namespace, name string, n int) *Parcel {
	return &Parcel{
		TypeMeta:   metav1.TypeMeta{APIVersion: group + "/" + version, Kind: kind},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       ParcelSpec{City: cities[n%len(cities)], Carrier: fmt.Sprintf("carrier-%d", n%3), Stop: 1},
	}
}

// move changes a parcel at each tick until ctx ends.
func (w *world) move(ctx context.Context) error {
	tick := time.NewTicker(w.pace)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := w.change(); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// change sends a new parcel, loses one, or, most of the time, moves one on.
func (w *world) change() error {
	n := rand.IntN(w.next)
	namespace, name := fmt.Sprintf("depot-%d", n%10), fmt.Sprintf("parcel-%06d", n)
	var err error
	switch dice := rand.IntN(20); dice {
	case 0:
		return w.send()
	case 1:
		_, err = w.parcels.Delete(namespace, name)
	default:
		_, err = w.parcels.Modify(namespace, name, func(p *Parcel) *Parcel {
			p.Spec.Stop++
			p.Spec.City = cities[rand.IntN(len(cities))]
			return p
		})
	}
	if isNotFound(err) { // lost before
		return nil
	}
	return err
}
