package realserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// Namespace creates a namespace of a new name and returns the name. No
// controller finishes the deletion of a namespace on this server, so it stays.
func (s *Server) Namespace(t testing.TB) string {
	t.Helper()
	const body = `{"apiVersion":"v1","kind":"Namespace","metadata":{"generateName":"test-"}}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/api/v1/namespaces", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatalf("creating a namespace: %v", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("creating a namespace: %s", resp.Status)
	}
	var ns corev1.Namespace
	if err := json.NewDecoder(resp.Body).Decode(&ns); err != nil {
		t.Fatalf("creating a namespace: %v", err)
	}
	return ns.Name
}
