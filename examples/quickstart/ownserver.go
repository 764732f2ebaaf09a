package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var parcels = apitest.Resource{
	Group: group, Version: version, Resource: resource, Kind: kind, Namespaced: true, Status: true,
}

var cities = []string{"Aveiro", "Braga", "Coimbra", "Evora", "Faro", "Guarda", "Lisboa", "Porto"}

// runOnOwnServer is the main job: everything on one machine, disturbances
// included.
func runOnOwnServer(ctx context.Context, s settings) error {
	server, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{parcels}})
	if err != nil {
		return err
	}
	defer server.Close()
	world := &world{server: server, parcels: apitest.Of[*Parcel](server, parcels)}
	if err := world.fill(s.objects); err != nil {
		return err
	}
	fmt.Printf("API server at %s with %d parcels\n\n", server.URL, s.objects)

	source, err := reflector.NewHTTP(reflector.HTTPConfig[*Parcel]{
		Client: server.Client(), BaseURL: server.URL,
		Group: group, Version: version, Resource: resource,
	})
	if err != nil {
		return err
	}
	statuses := statusWriter{client: server.Client(), base: server.URL}
	p, err := newPipeline(source,
		indexer.Indexers[*Parcel]{"city": byCity, "carrier": byCarrier, "progress": byProgress},
		statuses.reconcile,
	)
	if err != nil {
		return err
	}
	return drive(ctx, s, p, world.disturb)
}

// world is what goes on outside: the parcels move, and the server has its
// troubles.
type world struct {
	server  *apitest.Server
	parcels apitest.Collection[*Parcel]
	next    int // the number of the next new parcel
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
	_, err := w.parcels.Create(&Parcel{
		TypeMeta:   metav1.TypeMeta{APIVersion: group + "/" + version, Kind: kind},
		ObjectMeta: metav1.ObjectMeta{Namespace: fmt.Sprintf("depot-%d", w.next%10), Name: fmt.Sprintf("parcel-%06d", w.next)},
		Spec:       ParcelSpec{City: cities[w.next%len(cities)], Carrier: fmt.Sprintf("carrier-%d", w.next%3), Stop: 1},
	})
	w.next++
	return err
}

// disturb changes objects for as long as d, lets writes fail, cuts every watch after a third of
// it, and lets the history expire after two thirds.
func (w *world) disturb(ctx context.Context, d time.Duration) error {
	fmt.Println("      … some writes of the workers fail: their keys come back later")
	w.server.Inject(apitest.Fault{
		Match: apitest.Match{Verb: apitest.VerbUpdate, Resource: resource},
		Times: 25,
		Do:    apitest.Fail(http.StatusServiceUnavailable),
	})
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	everything := apitest.Match{}
	cut, stall, expire, end := time.After(d/3), time.After(d*6/10), time.After(d*2/3), time.After(d)
	for {
		select {
		case <-tick.C:
			if err := w.change(); err != nil {
				return err
			}
		case <-cut:
			fmt.Println("      … the watch is cut in the middle of an event")
			w.server.Cut(everything, apitest.MidFrame)
		case <-stall:
			fmt.Println("      … the watch falls silent")
			w.server.Stall(everything)
		case <-expire:
			fmt.Println("      … the history expires and the silent watch is closed: 410")
			w.server.Compact()
			w.server.Cut(everything, apitest.Abruptly)
		case <-end:
			return nil
		case <-ctx.Done():
			return ctx.Err()
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
