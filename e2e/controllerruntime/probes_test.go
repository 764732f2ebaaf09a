package controllerruntime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// fetch returns the status of an answer and its body.
func fetch(ctx context.Context, url string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	request.Close = true // no connection is to outlive its server
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

// Probes answer while the caches sync, and say so; a check of one's own counts.
func TestProbesTellWhetherTheCachesHaveSynced(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		address := fmt.Sprint("127.0.0.1:", x.port())
		mgr := w.manager(func(o *manager.Options) { o.HealthProbeBindAddress = address })
		informer, err := mgr.GetCache().GetInformer(x.ctx, &corev1.ConfigMap{})
		x.must(err)
		x.must(mgr.AddHealthzCheck("ping", healthz.Ping))
		x.must(mgr.AddReadyzCheck("ping", healthz.Ping))
		x.must(mgr.AddReadyzCheck("caches", func(*http.Request) error {
			if !informer.HasSynced() {
				return errors.New("not yet")
			}
			return nil
		}))
		release := w.wire.hold() // what a streamed list brings, too
		defer release()
		probe := func(path string) (status int, body string) {
			x.eventually(path, func() (err error) {
				status, body, err = fetch(x.ctx, "http://"+address+path)
				return err
			})
			return status, body
		}
		w.begin(mgr)
		for _, path := range []string{"/healthz", "/readyz", "/readyz?verbose", "/readyz/caches", "/readyz/ping", "/readyz?exclude=caches", "/nothing"} {
			status, body := probe(path)
			x.saw("unsynced "+path, fmt.Sprint(status, " ", body))
		}
		release()
		x.eventually("readiness", func() error {
			if status, body := probe("/readyz"); status != http.StatusOK {
				return fmt.Errorf("%d %s", status, body)
			}
			return nil
		})
		_, body := probe("/readyz?verbose")
		x.saw("synced", body)
	})
}
