package properties

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/klog/v2"

	"github.com/informant-go/informant/e2e/realserver"
)

var (
	rounds = flag.Int("properties.rounds", 2, "how often reflectors are moved from one API server to the other and back")
	kills  = flag.Int("properties.kills", 1, "how often API server and etcd are killed each")
)

func TestMain(m *testing.M) {
	// client-go logs each error that it is made to see.
	klog.SetLogger(logr.Discard())
	goleak.VerifyTestMain(m)
}

// within bounds a test that would hang.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), d, fmt.Errorf("nothing happened for %v", d))
	t.Cleanup(cancel)
	return ctx
}

func client(t *testing.T, s *realserver.Server, namespace string) typedv1.ConfigMapInterface {
	t.Helper()
	set, err := kubernetes.NewForConfigAndClient(s.RESTConfig(), s.Client())
	if err != nil {
		t.Fatal(err)
	}
	return set.CoreV1().ConfigMaps(namespace)
}

// mark writes one more object, which every selector shows, and returns its version once
// that is known to the truth.
func mark(ctx context.Context, t *testing.T, of typedv1.ConfigMapInterface, it *truth) string {
	t.Helper()
	c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "marker-", Labels: map[string]string{"team": "red"}}}
	for {
		made, err := of.Create(ctx, c, metav1.CreateOptions{})
		if err == nil {
			it.await(ctx, t, made.ResourceVersion)
			return made.ResourceVersion
		}
		if ctx.Err() != nil {
			t.Fatalf("a marker cannot be written: %v", err)
		}
		pause(ctx)
	}
}

// pause lets a server that has just failed come to itself; there is nothing to wait
// on in another process.
func pause(ctx context.Context) {
	timer := time.NewTimer(50 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
