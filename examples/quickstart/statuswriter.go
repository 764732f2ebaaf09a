package main

import (
	"context"

	"github.com/informant-go/informant/reflector/httpsource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// statusWriter is the reconciler of the example: it writes back which stop of a
// parcel it has seen.
type statusWriter struct {
	parcels *httpsource.Client[*Parcel]
}

func (w statusWriter) reconcile(ctx context.Context, p *Parcel) error {
	if p.Status.SeenStop == p.Spec.Stop {
		return nil
	}
	// The cache's objects are everybody's: a change is made to a copy.
	changed := *p
	changed.Status.SeenStop = p.Spec.Stop
	_, err := w.parcels.UpdateStatus(ctx, &changed, metav1.UpdateOptions{})
	switch {
	case apierrors.IsNotFound(err): // deleted meanwhile: nothing is left to do
		return nil
	case apierrors.IsConflict(err): // the cache is behind: what it lacks will bring the key again
		return nil
	}
	return err
}

func isNotFound(err error) bool { return apierrors.IsNotFound(err) }
