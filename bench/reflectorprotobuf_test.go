package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

var mutations = flag.Int("bench.mutations", 300, "how many mutated pods the decoders of protobuf are compared with")

// scripted is an http.RoundTripper that answers a list and a watch, in protobuf if it
// says nothing else.
type scripted struct {
	list, watch []byte
	contentType string
}

func (a scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	body := a.list
	if r.URL.Query().Get("watch") != "" {
		body = a.watch
	}
	header := http.Header{"Content-Type": {protobufType}}
	if a.contentType != "" {
		header.Set("Content-Type", a.contentType)
	}
	if a.contentType == cborType && r.URL.Query().Get("watch") != "" {
		header.Set("Content-Type", cborType+"-seq")
	}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

// fullPod has fields of all sorts.
func fullPod(i int) *corev1.Pod {
	pod := Pod(i, uint64(i+1))
	pod.CreationTimestamp = metav1.Unix(1700000000, 0)
	pod.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "m", Operation: "Apply", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:x":{}}`)}}
	pod.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "r", Controller: new(bool)}}
	pod.Annotations = map[string]string{"a": "b", "c": ""}
	pod.Spec.Containers = []corev1.Container{{
		Name:          "c",
		Image:         "i",
		Ports:         []corev1.ContainerPort{{ContainerPort: 80}},
		Resources:     corev1.ResourceRequirements{Limits: corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("1Gi")}},
		LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromString("http")}}},
	}}
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: "Ready", LastTransitionTime: metav1.Unix(1700000001, 0)}}}
	return pod
}

// rawList is a PodList in protobuf of items that are encoded, as a server sends it.
func rawList(tb testing.TB, kind string, items ...[]byte) []byte {
	raw := marshaled(tb, &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "9"}})
	for _, item := range items {
		raw = appendItem(raw, item)
	}
	return protobufOf(tb, kind, raw)
}

// appendItem adds an item to a list in protobuf.
func appendItem(list, item []byte) []byte {
	return append(binary.AppendUvarint(append(list, 0x12), uint64(len(item))), item...)
}

// ourAnswers lists and watches with our source. bad counts what is refused, fails
// what fails as a whole.
func ourAnswers[T httpsource.Object](t *testing.T, a scripted) (listed, watched []T, badList, badWatch int) {
	t.Helper()
	s, err := httpsource.New(httpsource.Config[T]{Client: &http.Client{Transport: a}, BaseURL: "http://api", Version: "v1", Resource: "pods", Decoders: 2})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[T]) error {
		listed = append(listed, p.Items...)
		badList += len(p.Refused)
		return nil
	})
	if err != nil {
		badList++
	}
	w, err := s.Watch(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for {
		switch e, err := w.Next(); {
		case err == io.EOF:
			return listed, watched, badList, badWatch
		case err != nil:
			if badWatch++; badWatch > 100 {
				return listed, watched, badList, badWatch
			}
		default:
			watched = append(watched, e.Object)
		}
	}
}

// theirPods does the same with client-go's typed client. ok says whether it took the
// list.
func theirPods(t *testing.T, a scripted) (listed, watched []*corev1.Pod, ok bool) {
	t.Helper()
	config := &rest.Config{Host: "http://api", QPS: -1}
	config.ContentType = protobufType
	client, err := kubernetes.NewForConfigAndClient(config, &http.Client{Transport: a})
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.CoreV1().Pods("").List(context.Background(), metav1.ListOptions{})
	if err == nil {
		for i := range list.Items {
			listed = append(listed, &list.Items[i])
		}
	}
	w, watchErr := client.CoreV1().Pods("").Watch(context.Background(), metav1.ListOptions{})
	if watchErr != nil {
		t.Fatal(watchErr)
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		if pod, ok := e.Object.(*corev1.Pod); ok {
			watched = append(watched, pod)
		}
	}
	return listed, watched, err == nil
}

// named are the pods that have a name: ours takes no others.
func named(pods []*corev1.Pod) (some []*corev1.Pod) {
	for _, pod := range pods {
		if pod.Name != "" {
			some = append(some, pod)
		}
	}
	return some
}

// The objects that our source makes of protobuf are those of client-go's typed
// client (W2), and what that does not take is refused alone (W3, R4).
func TestProtobufGivesTheObjectsOfClientGo(t *testing.T) {
	var items [][]byte
	var events []byte
	for i := range 40 {
		raw := marshaled(t, fullPod(i))
		items = append(items, raw)
		events = append(events, protobufEvent(t, "ADDED", protobufOf(t, "Pod", raw))...)
	}
	compareProtobuf(t, scripted{list: rawList(t, "PodList", items...), watch: events}, 40)
}

// compareProtobuf compares what both make of a. It has so many good objects in the list,
// and the same number in the watch.
func compareProtobuf(t *testing.T, a scripted, least int) {
	t.Helper()
	wantListed, wantWatched, ok := theirPods(t, a)
	listed, watched, badList, badWatch := ourAnswers[*corev1.Pod](t, a)
	if ok {
		if diff := cmp.Diff(named(wantListed), listed); diff != "" || badList != len(wantListed)-len(listed) {
			t.Errorf("listed, %d refused (-client-go +informant):\n%s", badList, diff)
		}
	} else if badList == 0 || len(listed) > 0 && len(listed) < least {
		t.Errorf("client-go takes no list of which %d were taken and %d refused", len(listed), badList)
	}
	// After an event that it cannot decode client-go's watch ends.
	want := named(wantWatched)
	if diff := cmp.Diff(want, watched[:min(len(want), len(watched))]); diff != "" || len(watched) < least {
		t.Errorf("watched %d, %d refused (-client-go +informant):\n%s", len(watched), badWatch, diff)
	}
}

// The same for bytes that were changed at random: -bench.mutations says how many.
func TestMutatedProtobufIsTakenAsByClientGo(t *testing.T) {
	good := marshaled(t, fullPod(1))
	goodEvent := protobufEvent(t, "ADDED", protobufOf(t, "Pod", good))
	for seed := range *mutations {
		random := rand.New(rand.NewPCG(1, uint64(seed)))
		raw := mutated(random, marshaled(t, fullPod(2)))
		events := append(protobufEvent(t, "MODIFIED", protobufOf(t, "Pod", raw)), goodEvent...)
		compareProtobuf(t, scripted{list: rawList(t, "PodList", good, raw), watch: append(goodEvent[:len(goodEvent):len(goodEvent)], events...)}, 1)
		if t.Failed() {
			t.Fatalf("mutation %d: %x", seed, raw)
		}
	}
}

// mutated is raw with a few changes.
func mutated(random *rand.Rand, raw []byte) []byte {
	for range 1 + random.IntN(3) {
		at := random.IntN(len(raw))
		switch random.IntN(4) {
		case 0:
			raw[at] = byte(random.Uint32())
		case 1:
			raw[at] ^= 1 << random.IntN(8)
		case 2:
			raw = append(raw[:at:at], raw[min(len(raw), at+1+random.IntN(8)):]...)
		case 3:
			raw = append(raw[:at:at], append([]byte(fmt.Sprint(random.IntN(1000))), raw[at:]...)...)
		}
		if len(raw) == 0 {
			return raw
		}
	}
	return raw
}

// FuzzProtobufPod is the test above with bytes of the fuzzer's.
func FuzzProtobufPod(f *testing.F) {
	good := marshaled(f, fullPod(1))
	goodEvent := protobufEvent(f, "ADDED", protobufOf(f, "Pod", good))
	f.Add(good)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		events := append(protobufEvent(t, "MODIFIED", protobufOf(t, "Pod", raw)), goodEvent...)
		compareProtobuf(t, scripted{list: rawList(t, "PodList", good, raw), watch: append(goodEvent[:len(goodEvent):len(goodEvent)], events...)}, 1)
	})
}

// Metadata alone is that of client-go's metadata client, but for the kind, which ours
// has from the answer.
func TestMetadataInProtobufIsThatOfClientGo(t *testing.T) {
	raw := marshaled(t, &metav1.PartialObjectMetadata{ObjectMeta: fullPod(1).ObjectMeta})
	list := metav1.PartialObjectMetadataList{Items: []metav1.PartialObjectMetadata{{ObjectMeta: fullPod(1).ObjectMeta}}}
	a := scripted{
		list:  protobufOfVersion(t, "meta.k8s.io/v1", "PartialObjectMetadataList", marshaled(t, &list)),
		watch: protobufEvent(t, "ADDED", protobufOfVersion(t, "meta.k8s.io/v1", "PartialObjectMetadata", raw)),
	}
	config := &rest.Config{Host: "http://api", QPS: -1}
	config.ContentType = protobufType
	client, err := metadata.NewForConfigAndClient(config, &http.Client{Transport: a})
	if err != nil {
		t.Fatal(err)
	}
	pods := client.Resource(corev1.SchemeGroupVersion.WithResource("pods"))
	theirs, err := pods.List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := pods.Watch(context.Background(), metav1.ListOptions{})
	want := append([]*metav1.PartialObjectMetadata{&theirs.Items[0]}, theirEvents[*metav1.PartialObjectMetadata](t, w, err)...)
	listed, watched, badList, badWatch := ourAnswers[*metav1.PartialObjectMetadata](t, a)
	for _, objects := range [][]*metav1.PartialObjectMetadata{want, listed, watched} {
		for _, obj := range objects {
			obj.TypeMeta = metav1.TypeMeta{}
		}
	}
	if diff := cmp.Diff(want, append(listed, watched...)); diff != "" || badList+badWatch > 0 || len(want) != 2 {
		t.Errorf("%d objects, %d and %d refused (-client-go +informant):\n%s", len(want), badList, badWatch, diff)
	}
}
