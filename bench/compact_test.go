package bench

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/compact"
	"github.com/informant-go/informant/indexer/compact/s2dict"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/cache"
)

// BenchmarkCompact measures a store of pods of 10 KB of JSON, ten to a ReplicaSet:
// what it takes at rest, with its objects, in B/object; a write of an object that is
// there, whose old state is not asked for; and a read by key.
func BenchmarkCompact(b *testing.B) { Run(b, compactEngines(), compactCases()) }

// compactEngine is a store of pods.
type compactEngine struct {
	add func(*corev1.Pod) error
	get func(key string) (*corev1.Pod, bool)
	// decode makes a pod of its JSON, as client-go does.
	decode func(data []byte) (*corev1.Pod, error)
	stats  func() compact.Stats
}

func decodePod(data []byte) (*corev1.Pod, error) {
	pod := new(corev1.Pod)
	_, _, err := scheme.Codecs.UniversalDeserializer().Decode(data, nil, pod)
	return pod, err
}

func compactEngines() []Engine[compactEngine] {
	return []Engine[compactEngine]{
		{Name: Informant, New: func(tb testing.TB) compactEngine { return newCompact(tb, s2dict.New()) }},
		{Name: "bytes", New: func(tb testing.TB) compactEngine { return newCompact(tb, nil) }},
		{Name: ClientGo, New: func(testing.TB) compactEngine {
			store := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
			return compactEngine{
				decode: decodePod,
				add:    func(pod *corev1.Pod) error { return store.Add(pod) },
				get: func(key string) (*corev1.Pod, bool) {
					obj, exists, _ := store.GetByKey(key)
					pod, _ := obj.(*corev1.Pod)
					return pod, exists
				},
			}
		}},
	}
}

func newCompact(tb testing.TB, compressor compact.Compressor) compactEngine {
	store, err := compact.New(compact.Protobuf[corev1.Pod](), compact.Options[*corev1.Pod]{
		Store: indexer.Options[*corev1.Pod]{Indexers: indexer.Indexers[*corev1.Pod]{
			indexer.NamespaceIndex: indexer.MetaNamespaceIndexFunc[*corev1.Pod],
		}},
		Compressor: compressor,
		OnError:    func(err *compact.Error) { tb.Error(err) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return compactEngine{
		decode: decodePod,
		add:    store.Add,
		get: func(key string) (*corev1.Pod, bool) {
			pod, exists, _ := store.GetByKey(key)
			return pod, exists
		},
		stats: store.Stats,
	}
}

func compactCases() []Case[compactEngine] {
	return []Case[compactEngine]{
		{Name: "at-rest", Run: func(b *testing.B, e compactEngine) {
			n := compactPods()
			held := heldBy(b, e, largePods(b, n))
			b.ReportMetric(held, "B/object")
		}},
		{Name: "write", Run: func(b *testing.B, e compactEngine) {
			data := largePods(b, 500)
			fill(b, e, data)
			pods := make([]*corev1.Pod, 0, len(data))
			for _, text := range data {
				pods = append(pods, decodedPodOf(b, e, text))
			}
			b.ResetTimer()
			for i := range b.N {
				if err := e.add(pods[i%len(pods)]); err != nil {
					b.Fatal(err)
				}
			}
		}},
		{Name: "read", Run: func(b *testing.B, e compactEngine) {
			fill(b, e, largePods(b, 500))
			b.ResetTimer()
			for i := range b.N {
				if pod, exists := e.get(largePodKey(i % 500)); !exists || pod.Name == "" {
					b.Fatal("a pod is not there")
				}
			}
		}},
	}
}

// compactPods is how many pods there are at rest.
func compactPods() int {
	if testing.Short() {
		return 300
	}
	return 10_000
}

func decodedPodOf(tb testing.TB, e compactEngine, data []byte) *corev1.Pod {
	pod, err := e.decode(data)
	if err != nil {
		tb.Fatal(err)
	}
	return pod
}

func fill(tb testing.TB, e compactEngine, data [][]byte) {
	for _, text := range data {
		if err := e.add(decodedPodOf(tb, e, text)); err != nil {
			tb.Fatal(err)
		}
	}
}

// heldBy fills e and returns what that takes of the heap, for each object.
func heldBy(tb testing.TB, e compactEngine, data [][]byte) float64 {
	before := heap()
	fill(tb, e, data)
	held := float64(heap()) - float64(before)
	if _, exists := e.get(largePodKey(0)); !exists {
		tb.Error("a pod is not there")
	}
	runtime.KeepAlive(data)
	return held / float64(len(data))
}

// TestCompactAtRest shows that a compact store takes no more than 0.15 of what
// client-go's takes of the heap, and that it gives back what it was given.
func TestCompactAtRest(t *testing.T) {
	data := largePods(t, 2000)
	held := map[string]float64{}
	for _, e := range compactEngines() {
		engine := e.New(t)
		held[e.Name] = heldBy(t, engine, data)
		for i := 0; i < len(data); i += 97 {
			pod, _ := engine.get(largePodKey(i))
			if diff := cmp.Diff(decodedPodOf(t, engine, data[i]), pod); diff != "" {
				t.Fatalf("%s: pod %d: %s", e.Name, i, diff)
			}
		}
	}
	t.Logf("bytes an object: %v", held)
	if ratio := held[Informant] / held[ClientGo]; ratio > 0.15 {
		t.Errorf("the compact store takes %.3f of client-go's heap, want 0.15 or less", ratio)
	}
}

// largePods makes the JSON of n pods.
func largePods(tb testing.TB, n int) [][]byte {
	data := make([][]byte, n)
	size := 0
	for i := range data {
		text, err := json.Marshal(largePod(i))
		if err != nil {
			tb.Fatal(err)
		}
		data[i] = text
		size += len(text)
	}
	if mean := size / n; mean < 9_500 || mean > 11_500 {
		tb.Fatalf("pods have %d bytes of JSON, want about 10 KB", mean)
	}
	return data
}

func largePodKey(i int) string { return fmt.Sprintf("team-%02d/%s", i/10%50, largePodName(i)) }

func largePodName(i int) string {
	return fmt.Sprintf("checkout-%04d-%s-%s", i/10, noise(i/10, 10), noise(i, 5))
}

// noise is text of n characters that depend on seed alone, and repeat nowhere.
func noise(seed, n int) string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	text, state := make([]byte, n), uint64(seed)*0x9E3779B97F4A7C15+uint64(n)
	for i := range text {
		state ^= state >> 12
		state ^= state << 25
		state ^= state >> 27
		text[i] = letters[state*0x2545F4914F6CDD1D>>33%uint64(len(letters))]
		state += 0x9E3779B97F4A7C15
	}
	return string(text)
}

// largePod makes pod i, of ReplicaSet i/10: what the pods of a ReplicaSet have in
// common, what is each pod's own (names, addresses, times, identifiers), and
// managedFields that are a third of it.
func largePod(i int) *corev1.Pod {
	set, created := i/10, metav1.NewTime(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(i*37)*time.Second).Local())
	app, yes := fmt.Sprintf("checkout-%04d", set), true
	pod := &corev1.Pod{TypeMeta: metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{
		Namespace: fmt.Sprintf("team-%02d", set%50), Name: largePodName(i), GenerateName: app + "-" + noise(set, 10) + "-",
		UID: types.UID(noise(i, 36)), ResourceVersion: fmt.Sprint(18_200_000 + i*7), CreationTimestamp: created,
		Labels:      map[string]string{"app.kubernetes.io/name": app, "pod-template-hash": noise(set, 10), "app.kubernetes.io/managed-by": "Helm"},
		Annotations: map[string]string{"checksum/config": noise(set, 64), "cni.projectcalico.org/containerID": noise(-i, 64), "prometheus.io/scrape": "true"},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: app + "-" + noise(set, 10),
			UID: types.UID(noise(-set, 36)), Controller: &yes, BlockOwnerDeletion: &yes}},
	}}
	for n, name := range []string{"app", "proxy"} {
		pod.Spec.Containers = append(pod.Spec.Containers, largeContainer(set, n, name, app))
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: name, Ready: true, Started: &yes, Image: pod.Spec.Containers[n].Image, ImageID: "registry.example.com/" + app + "@sha256:" + noise(set+n, 64),
			ContainerID: "containerd://" + noise(i*2+n, 64), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: created}},
		})
		pod.Spec.Volumes = append(pod.Spec.Volumes,
			corev1.Volume{Name: "config-" + name, VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: app + "-config"}}}},
			corev1.Volume{Name: "kube-api-access-" + noise(i+n, 5), VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: app + "-tls"}}})
	}
	pod.Spec.NodeName, pod.Spec.ServiceAccountName, pod.Spec.SchedulerName = fmt.Sprintf("node-%03d", i%500), "default", "default-scheduler"
	pod.Status.Phase, pod.Status.PodIP, pod.Status.HostIP = corev1.PodRunning, fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), fmt.Sprintf("192.168.1.%d", i%250)
	pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
	for n, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue,
			LastTransitionTime: metav1.NewTime(created.Add(time.Duration(n) * time.Second))})
	}
	for _, manager := range []string{"kube-controller-manager", "kubelet"} {
		pod.ManagedFields = append(pod.ManagedFields, metav1.ManagedFieldsEntry{Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate,
			APIVersion: "v1", FieldsType: "FieldsV1", Time: &created, FieldsV1: largeFields(pod, manager)})
	}
	return pod
}

func largeContainer(set, n int, name, app string) corev1.Container {
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromInt32(8080), Scheme: "HTTP"}}, PeriodSeconds: 10, TimeoutSeconds: 1}
	c := corev1.Container{
		Name: name, Image: fmt.Sprintf("registry.example.com/%s/%s:v1.%d.0", name, app, set), ImagePullPolicy: corev1.PullIfNotPresent,
		Args: []string{"--config=/etc/app/config.yaml", "--log-format=json", "--shutdown-timeout=25s"}, LivenessProbe: probe, ReadinessProbe: probe,
		Ports:        []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: "TCP"}, {Name: "metrics", ContainerPort: 9090, Protocol: "TCP"}},
		VolumeMounts: []corev1.VolumeMount{{Name: "config-" + name, MountPath: "/etc/app", ReadOnly: true}},
		Resources:    corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("128Mi")}},
	}
	for k := range 20 {
		name, value := noise(k, 6), noise(k+n*100, 18)
		if k < 8 && n == 0 { // what only this ReplicaSet has
			name, value = noise(set*8+k, 10), noise(-set*8-k, 24)
		}
		c.Env = append(c.Env, corev1.EnvVar{Name: strings.ToUpper(name), Value: value})
	}
	return c
}

// largeFields makes the tree of the fields that a manager owns.
func largeFields(pod *corev1.Pod, manager string) *metav1.FieldsV1 {
	var fields []string
	if manager == "kubelet" {
		for _, c := range pod.Status.Conditions {
			fields = append(fields, fmt.Sprintf(`"k:{\"type\":\"%s\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}`, c.Type))
		}
		fields = append(fields, `"f:containerStatuses":{}`, `"f:hostIP":{}`, `"f:phase":{}`, fmt.Sprintf(`"k:{\"ip\":\"%s\"}":{".":{},"f:ip":{}}`, pod.Status.PodIP))
		return ownedFields(`{"f:status":{` + strings.Join(fields, ",") + `}}`)
	}
	for _, c := range pod.Spec.Containers {
		var env []string
		for _, e := range c.Env {
			env = append(env, fmt.Sprintf(`"k:{\"name\":\"%s\"}":{".":{},"f:name":{},"f:value":{}}`, e.Name))
		}
		fields = append(fields, fmt.Sprintf(`"k:{\"name\":\"%s\"}":{".":{},"f:args":{},"f:image":{},"f:livenessProbe":{".":{},"f:httpGet":{".":{},"f:path":{},"f:port":{}}},"f:env":{".":{},%s}}`, c.Name, strings.Join(env, ",")))
	}
	return ownedFields(`{"f:metadata":{"f:labels":{".":{},"f:app.kubernetes.io/name":{}},"f:ownerReferences":{".":{}}},"f:spec":{"f:containers":{` + strings.Join(fields, ",") + `},"f:nodeName":{}}}`)
}

func ownedFields(raw string) *metav1.FieldsV1 {
	f := &metav1.FieldsV1{}
	f.SetRawString(raw)
	return f
}
