package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// statusWriter is the reconciler of the example: it writes back which stop of a
// parcel it has seen.
type statusWriter struct {
	client *http.Client
	base   string
}

func (w statusWriter) reconcile(ctx context.Context, p *Parcel) error {
	if p.Status.SeenStop == p.Spec.Stop {
		return nil
	}
	// The cache's objects are everybody's: a change is made to a copy.
	changed := *p
	changed.Status.SeenStop = p.Spec.Stop
	return w.put(ctx, &changed)
}

func (w statusWriter) put(ctx context.Context, p *Parcel) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	url := w.base + parcels.Path(p.Namespace, p.Name) + "/status"
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusNotFound: // deleted meanwhile: nothing is left to do
		return nil
	case http.StatusConflict: // the cache is behind: what it lacks will bring the key again
		return nil
	}
	return fmt.Errorf("writing the status of %s/%s: %s", p.Namespace, p.Name, resp.Status)
}

func isNotFound(err error) bool { return apierrors.IsNotFound(err) }
