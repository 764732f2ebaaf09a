package stage_test

import (
	"testing"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/informant-go/informant/examples/operators/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A recorder of events counts those that come again by a strategic merge patch.
func TestAPatchOfARecorder(t *testing.T) {
	server, err := stage.Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	core, err := typedcorev1.NewForConfig(stage.Config(server))
	if err != nil {
		t.Fatal(err)
	}
	events := core.Events("test")
	if _, err := events.Create(t.Context(), &corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "again"}, Reason: "Again", Count: 1}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	event, err := events.Patch(t.Context(), "again", types.StrategicMergePatchType, []byte(`{"count":2}`), metav1.PatchOptions{})
	if err != nil || event.Count != 2 || event.Reason != "Again" {
		t.Errorf("the event becomes %+v, %v", event, err)
	}
}
