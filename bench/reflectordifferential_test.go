package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// What the server of the differential test sends: items without a kind, as
// built-in types come, numbers of all sizes, quotes, and a field in the wrong
// case, which counts for nothing.
const (
	diffList = `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[
{"metadata":{"name":"a","namespace":"n","resourceVersion":"3","creationTimestamp":"2024-05-06T07:08:09Z","labels":{"k":"\u0041\"}"},"annotations":null},
 "spec":{"nodeName":"x","terminationGracePeriodSeconds":9007199254740993,"NodeName":"y","containers":[{"name":"c","resources":{"limits":{"cpu":"100m","memory":"1Gi"}},"ports":[{"containerPort":80}]}]},
 "status":{"phase":"Running","unknown":{"ratio":1.5,"huge":1e30,"big":18446744073709551615,"list":[1,null,true]}}},
{"metadata":{"name":"b","namespace":"n","resourceVersion":"4"},"spec":{},"kind":"Pod","apiVersion":"v1"}]}`
	diffWatch = `{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"c","namespace":"n","resourceVersion":"10"},"spec":{"priority":7}}}
{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"c","namespace":"n","resourceVersion":"11"},"spec":{"priority":8}}}
{"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n","resourceVersion":"12"},"spec":{}},"type":"DELETED"}
`
)

func diffServer(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("watch") == "" {
			fmt.Fprint(w, diffList)
			return
		}
		fmt.Fprint(w, diffWatch)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// ourObjects lists and watches with our HTTP source.
func ourObjects[T httpsource.Object](t *testing.T, url string) (all []T) {
	t.Helper()
	h, err := httpsource.New(httpsource.Config[T]{BaseURL: url, Version: "v1", Resource: "pods"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[T]) error {
		all = append(all, p.Items...)
		if len(p.Refused) > 0 {
			t.Error(p.Refused)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Watch(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for {
		e, err := s.Next()
		if err != nil {
			return all
		}
		all = append(all, e.Object)
	}
}

// theirEvents reads the objects of a client-go watch.
func theirEvents[T any](t *testing.T, w watch.Interface, err error) (all []T) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for e := range w.ResultChan() {
		all = append(all, e.Object.(T))
	}
	return all
}

// The objects of our HTTP source are those that client-go's typed and dynamic
// clients make of the same bytes (R1, R4).
func TestTheHTTPSourceMakesTheObjectsOfClientGo(t *testing.T) {
	url, ctx := diffServer(t), context.Background()
	config := &rest.Config{Host: url}
	config.ContentType = "application/json"

	t.Run("typed", func(t *testing.T) {
		pods := kubernetes.NewForConfigOrDie(config).CoreV1().Pods("")
		list, err := pods.List(ctx, metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var want []*corev1.Pod
		for i := range list.Items {
			want = append(want, &list.Items[i])
		}
		w, err := pods.Watch(ctx, metav1.ListOptions{})
		want = append(want, theirEvents[*corev1.Pod](t, w, err)...)
		if diff := cmp.Diff(want, ourObjects[*corev1.Pod](t, url)); diff != "" || len(want) != 5 {
			t.Errorf("%d objects (-client-go +informant):\n%s", len(want), diff)
		}
	})
	t.Run("dynamic", func(t *testing.T) {
		pods := dynamic.NewForConfigOrDie(config).Resource(corev1.SchemeGroupVersion.WithResource("pods"))
		list, err := pods.List(ctx, metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var want []*unstructured.Unstructured
		for i := range list.Items {
			want = append(want, &list.Items[i])
		}
		w, err := pods.Watch(ctx, metav1.ListOptions{})
		want = append(want, theirEvents[*unstructured.Unstructured](t, w, err)...)
		if diff := cmp.Diff(want, ourObjects[*unstructured.Unstructured](t, url)); diff != "" || len(want) != 5 {
			t.Errorf("%d objects (-client-go +informant):\n%s", len(want), diff)
		}
	})
}
