package differential

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/informant-go/informant/reflector/apitest"
)

// sides are the two servers, with fresh namespaces.
func sides(t *testing.T) (reality, imitation *side) {
	t.Helper()
	server := realServer.Server(t)
	reality = &side{name: "kube-apiserver", base: server.URL(), client: server.Client(), namespace: server.Namespace(t)}
	imitation, _ = newImitation(t, reality.namespace)
	return reality, imitation
}

// advance moves the imitation's version past all small numbers, so that a
// version in a message can be told from a limit or an index.
func advance(t *testing.T, fake *apitest.Server) {
	t.Helper()
	others := apitest.Resource{Version: "v1", Resource: "secrets", Kind: "Secret", Namespaced: true}
	if err := fake.Serve(others); err != nil {
		t.Fatal(err)
	}
	secrets := apitest.Of[*metav1.PartialObjectMetadata](fake, others)
	for range 1000 {
		_, err := secrets.Create(&metav1.PartialObjectMetadata{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{Namespace: "others", GenerateName: "secret-"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestApitestAnswersAsARealServerDoes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	reality, imitation := sides(t)
	for _, w := range writes {
		t.Run(w.name, func(t *testing.T) {
			compare(t, reality.write(ctx, t, w), imitation.write(ctx, t, w))
		})
	}
	if len(reality.versions) != 10 || len(imitation.versions) != 10 {
		t.Fatalf("%d and %d writes succeeded, want 10: the reads below would compare nothing",
			len(reality.versions), len(imitation.versions))
	}
	for _, r := range reads {
		t.Run(r.name, func(t *testing.T) {
			path := collection + r.path
			want := reality.do(ctx, t, "GET", reality.path(t, path), "", nil)
			compare(t, want, imitation.do(ctx, t, "GET", imitation.path(t, path), "", nil))
		})
	}
}

func compare(t *testing.T, want, got answer) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-kube-apiserver +apitest\n%s", diff)
	}
}
