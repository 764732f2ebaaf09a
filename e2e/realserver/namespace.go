package realserver

import (
	"testing"

	"github.com/informant-go/informant/reflector/httpsource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Namespace creates a namespace of a new name and returns the name. No
// controller finishes the deletion of a namespace on this server, so it stays.
func (s *Server) Namespace(t testing.TB) string {
	t.Helper()
	client, err := httpsource.NewClient(httpsource.Config[*corev1.Namespace]{
		Client: s.client, BaseURL: s.URL(), Version: "v1", Resource: "namespaces",
	})
	if err != nil {
		t.Fatal(err)
	}
	ns, err := client.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("creating a namespace: %v", err)
	}
	return ns.Name
}
