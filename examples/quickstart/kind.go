package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Parcel is the example's kind: something on its way to a customer. A kind of
// one's own needs no more than this: no registration, no generated code.
type Parcel struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec   ParcelSpec   `json:"spec"`
	Status ParcelStatus `json:"status,omitempty"`
}

// ParcelSpec says what is to be done.
type ParcelSpec struct {
	City    string `json:"city"`
	Carrier string `json:"carrier"`
	Stop    int    `json:"stop"`
}

// ParcelStatus says what the workers have done: the last Stop that they saw.
type ParcelStatus struct {
	SeenStop int `json:"seenStop,omitempty"`
}

// The coordinates of the kind on the server.
const (
	group    = "example.informant.dev"
	version  = "v1"
	resource = "parcels"
	kind     = "Parcel"
)

func byCity(p *Parcel) ([]string, error)    { return []string{p.Spec.City}, nil }
func byCarrier(p *Parcel) ([]string, error) { return []string{p.Spec.Carrier}, nil }

// byProgress tells the parcels that wait for a worker from those that do not.
func byProgress(p *Parcel) ([]string, error) {
	if p.Status.SeenStop == p.Spec.Stop {
		return []string{"done"}, nil
	}
	return []string{"waiting"}, nil
}
