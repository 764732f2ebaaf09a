package bench

import (
	"encoding/json"
	"flag"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/informant-go/informant/object"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/scheme"
)

// restingPods is how many pods the comparison of memory at rest has.
var restingPods = flag.Int("bench.resting", 2000, "pods in the comparison of memory at rest")

// podsOfASet is how many pods of the comparison have one ReplicaSet.
const podsOfASet = 10

// sharePod makes the i-th pod for the comparison of memory at rest: about 10 KB of
// JSON, ten pods to a ReplicaSet. What a ReplicaSet gives its pods is theirs in
// common, and no other's; each has its own name, addresses, times, volume of the
// service account, and the set of fields that its kubelet owns.
func sharePod(i int) *corev1.Pod {
	set := i / podsOfASet
	created := metav1.Unix(1_770_000_000+int64(i)*37%8_000_000, 0)
	name := fmt.Sprintf("checkout-service-%04d-%s", set, hexOf(set, 10))
	ip := fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
	token := "kube-api-access-" + hexOf(i+1<<20, 5)
	p := &corev1.Pod{
		TypeMeta: metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{
			Name: name + "-" + hexOf(i, 5), GenerateName: name + "-", Namespace: fmt.Sprintf("team-%03d", set%100), UID: uidOf(i),
			ResourceVersion: fmt.Sprint(18_200_000 + i), Generation: 1, CreationTimestamp: created,
			Labels: map[string]string{
				"app.kubernetes.io/name": fmt.Sprintf("checkout-service-%04d", set), "app.kubernetes.io/part-of": "shop", "app.kubernetes.io/managed-by": "Helm",
				"app.kubernetes.io/version": fmt.Sprintf("v1.%d.0", set), "pod-template-hash": hexOf(set, 10),
			},
			Annotations: map[string]string{
				"checksum/config": hexOf(set+7, 64), "prometheus.io/scrape": "true", "prometheus.io/port": "9090",
				"kubectl.kubernetes.io/restartedAt": created.Format(time.RFC3339),
			},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: name, UID: uidOf(set + 1<<30), Controller: new(true), BlockOwnerDeletion: new(true),
			}},
		},
		Spec: corev1.PodSpec{
			NodeName: fmt.Sprintf("ip-10-20-%d-%d.eu-central-1.compute.internal", i%500/250, i%250), ServiceAccountName: fmt.Sprintf("checkout-%04d", set),
			DeprecatedServiceAccount: fmt.Sprintf("checkout-%04d", set), RestartPolicy: "Always", DNSPolicy: "ClusterFirst", SchedulerName: "default-scheduler",
			TerminationGracePeriodSeconds: new(int64(30)), EnableServiceLinks: new(true), Priority: new(int32(0)), PreemptionPolicy: new(corev1.PreemptLowerPriority),
			SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: new(true), RunAsUser: new(int64(10_000)), FSGroup: new(int64(10_000))},
			Volumes: []corev1.Volume{
				{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: fmt.Sprintf("checkout-config-%04d", set)}, DefaultMode: new(int32(420))}}},
				{Name: "certificates", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: fmt.Sprintf("checkout-certificates-%04d", set), DefaultMode: new(int32(420))}}},
				{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(resource.MustParse("64Mi"))}}},
				tokenVolume(token),
			},
			Tolerations: []corev1.Toleration{
				{Key: "node.kubernetes.io/not-ready", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: new(int64(300))},
				{Key: "node.kubernetes.io/unreachable", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: new(int64(300))},
			},
			TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: "topology.kubernetes.io/zone", WhenUnsatisfiable: "ScheduleAnyway",
				LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": fmt.Sprintf("checkout-service-%04d", set)}},
			}},
		},
		Status: corev1.PodStatus{
			Phase: "Running", HostIP: fmt.Sprintf("10.20.%d.%d", i%500/250, i%250), HostIPs: []corev1.HostIP{{IP: fmt.Sprintf("10.20.%d.%d", i%500/250, i%250)}},
			PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}, QOSClass: "Burstable", StartTime: &created,
		},
	}
	for c, kind := range []string{"app", "sidecar"} {
		p.Spec.Containers = append(p.Spec.Containers, shareContainer(set, c, kind, token))
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: kind, Ready: true, Started: new(true), RestartCount: int32(i % 3), Image: p.Spec.Containers[c].Image,
			ImageID: "registry.example.com/shop/" + kind + "@sha256:" + hexOf(set, 64), ContainerID: "containerd://" + hexOf(i*2+c, 64),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: created}},
		})
	}
	for _, kind := range []corev1.PodConditionType{"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"} {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: "True", ObservedGeneration: 1, LastTransitionTime: metav1.NewTime(created.Add(time.Duration(i%60) * time.Second))})
	}
	p.ManagedFields = []metav1.ManagedFieldsEntry{
		{Manager: "kube-controller-manager", Operation: "Update", APIVersion: "v1", Time: &created, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fieldsOfTheController(p))},
		{Manager: "kubelet", Operation: "Update", APIVersion: "v1", Time: &created, FieldsType: "FieldsV1", Subresource: "status", FieldsV1: metav1.NewFieldsV1(fieldsOfTheKubelet(ip))},
	}
	return p
}

func shareContainer(set, c int, kind, token string) corev1.Container {
	probe := func(path string) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler:        corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("http"), Scheme: "HTTP"}},
			InitialDelaySeconds: 5, TimeoutSeconds: 1, PeriodSeconds: 10, SuccessThreshold: 1, FailureThreshold: 3,
		}
	}
	container := corev1.Container{
		Name: kind, Image: fmt.Sprintf("registry.example.com/shop/%s:v1.%d.0", kind, set), ImagePullPolicy: "IfNotPresent",
		Args:  []string{"--config=/etc/checkout/config.yaml", "--log-format=json", fmt.Sprintf("--shard=%d", set)},
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: "TCP"}, {Name: "metrics", ContainerPort: 9090, Protocol: "TCP"}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("128Mi")},
			Limits:   corev1.ResourceList{"memory": resource.MustParse("256Mi")},
		},
		LivenessProbe: probe("/healthz"), ReadinessProbe: probe("/readyz"),
		SecurityContext:        &corev1.SecurityContext{AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
		TerminationMessagePath: "/dev/termination-log", TerminationMessagePolicy: "File",
		VolumeMounts: []corev1.VolumeMount{
			{Name: "config", MountPath: "/etc/checkout", ReadOnly: true}, {Name: "certificates", MountPath: "/etc/certificates", ReadOnly: true},
			{Name: "scratch", MountPath: "/tmp"}, {Name: token, MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true},
		},
	}
	for e := range 12 - 8*c {
		container.Env = append(container.Env, corev1.EnvVar{Name: fmt.Sprintf("CHECKOUT_SETTING_%02d", e), Value: fmt.Sprintf("value-%s-of-%04d", hexOf(set*16+e, 12), set)})
	}
	container.Env = append(container.Env, corev1.EnvVar{Name: "POD_IP", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "status.podIP"}}})
	return container
}

func tokenVolume(name string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{DefaultMode: new(int32(420)), Sources: []corev1.VolumeProjection{
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: new(int64(3607))}},
		{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}, Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}}}},
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}}}}},
	}}}}
}

// fieldsOfTheController are those of the ReplicaSet controller: the same for all pods
// of the set.
func fieldsOfTheController(p *corev1.Pod) string {
	var b strings.Builder
	b.WriteString(`{"f:metadata":{"f:annotations":{".":{},"f:checksum/config":{},"f:prometheus.io/port":{},"f:prometheus.io/scrape":{}},"f:generateName":{},"f:labels":{".":{},"f:app.kubernetes.io/name":{},"f:app.kubernetes.io/part-of":{},"f:app.kubernetes.io/managed-by":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"` + string(p.OwnerReferences[0].UID) + `\"}":{}}},"f:spec":{"f:containers":{`)
	for i, c := range p.Spec.Containers {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"k:{\"name\":\"%s\"}":{".":{},"f:args":{},"f:env":{".":{}`, c.Name)
		for _, e := range c.Env {
			fmt.Fprintf(&b, `,"k:{\"name\":\"%s\"}":{".":{},"f:name":{},"f:value":{}}`, e.Name)
		}
		b.WriteString(`},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}}},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}}},"f:resources":{".":{},"f:limits":{".":{},"f:memory":{}},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"f:securityContext":{".":{},"f:allowPrivilegeEscalation":{},"f:readOnlyRootFilesystem":{}},"f:volumeMounts":{".":{},"k:{\"mountPath\":\"/etc/checkout\"}":{".":{},"f:mountPath":{},"f:name":{},"f:readOnly":{}}}}`)
	}
	b.WriteString(`},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:serviceAccount":{},"f:serviceAccountName":{},"f:terminationGracePeriodSeconds":{},"f:volumes":{".":{},"k:{\"name\":\"config\"}":{".":{},"f:configMap":{".":{},"f:defaultMode":{},"f:name":{}},"f:name":{}}}}}`)
	return b.String()
}

// fieldsOfTheKubelet have the address of the pod in them.
func fieldsOfTheKubelet(ip string) string {
	return `{"f:status":{"f:conditions":{"k:{\"type\":\"ContainersReady\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Initialized\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},"f:hostIP":{},"f:hostIPs":{},"f:phase":{},"f:podIP":{},"f:podIPs":{".":{},"k:{\"ip\":\"` + ip + `\"}":{".":{},"f:ip":{}}},"f:startTime":{}}}`
}

// hexOf is n hexadecimal digits that depend on i alone.
func hexOf(i, n int) string {
	out := make([]byte, n)
	x := uint64(i)*0x9e3779b97f4a7c15 + 1
	for j := range out {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		out[j] = "0123456789abcdef"[x%16]
	}
	return string(out)
}

func uidOf(i int) types.UID {
	h := hexOf(i, 32)
	return types.UID(h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:])
}

// encodedForSharing is the JSON of n pods.
func encodedForSharing(tb testing.TB, n int) (all [][]byte) {
	for i := range n {
		raw, err := json.Marshal(sharePod(i))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, raw)
	}
	return all
}

// decodedPod is what client-go makes of JSON.
func decodedPod(tb testing.TB, raw []byte) *corev1.Pod {
	obj, _, err := scheme.Codecs.UniversalDeserializer().Decode(raw, nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return obj.(*corev1.Pod)
}

func decodedUnstructured(tb testing.TB, raw []byte) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	if err := kjson.Unmarshal(raw, &u.Object); err != nil {
		tb.Fatal(err)
	}
	return u
}

// atRest says what objects cost that are decoded one by one, as from a stream.
type atRest struct {
	bytes   float64       // of live heap, for an object
	outside float64       // of memory that the runtime needs for weak pointers
	decode  time.Duration // for decoding one
	each    time.Duration // for transforming one
	collect time.Duration // for one collection
}

// holding measures the heap that n transformed objects take, the tables of the
// transform included.
func holding[T any](tb testing.TB, encoded [][]byte, decode func(testing.TB, []byte) T, transform func(T) (T, error)) (r atRest) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	held := make([]T, len(encoded))
	for i, raw := range encoded {
		start := time.Now()
		obj := decode(tb, raw)
		decoded := time.Now()
		out, err := transform(obj)
		r.decode += decoded.Sub(start)
		r.each += time.Since(decoded)
		if err != nil {
			tb.Fatal(err)
		}
		held[i] = out
	}
	runtime.GC()
	runtime.GC()
	start := time.Now()
	runtime.GC()
	r.collect = time.Since(start)
	runtime.ReadMemStats(&after)
	n := len(encoded)
	r.decode /= time.Duration(n)
	r.each /= time.Duration(n)
	r.bytes = (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / float64(n)
	r.outside = (float64(after.OtherSys) - float64(before.OtherSys)) / float64(n)
	runtime.KeepAlive(held)
	runtime.KeepAlive(transform)
	return r
}

// slimming is a way to make objects smaller. most is how much of client-go's heap may
// be left.
type slimming[T any] struct {
	name      string
	transform func(T) (T, error)
	most      float64
}

func asItIs[T any](obj T) (T, error) { return obj, nil }

func slimmings[T metav1.Object](tb testing.TB, most map[string]float64) []slimming[T] {
	sharer := func(options object.SharerOptions) func(T) (T, error) {
		s, err := object.NewSharer[T](options)
		if err != nil {
			tb.Fatal(err)
		}
		return s.Share
	}
	keeper, err := object.NewKeeper[T]("spec.nodeName", "spec.containers.image", "status.phase")
	if err != nil {
		tb.Fatal(err)
	}
	stripped := object.Transforms(object.StripManagedFields[T], object.StripLastApplied[T])
	all := []slimming[T]{
		{name: "client-go", transform: asItIs[T]},
		{name: "stripped", transform: stripped},
		{name: "strings shared", transform: sharer(object.SharerOptions{StringsOnly: true})},
		{name: "parts shared", transform: sharer(object.SharerOptions{})},
		{name: "stripped, parts shared", transform: object.Transforms(stripped, sharer(object.SharerOptions{}))},
		{name: "three fields kept", transform: object.Transforms(object.StripManagedFields[T], keeper.Keep)},
		{name: "three fields kept, parts shared", transform: object.Transforms(object.StripManagedFields[T], keeper.Keep, sharer(object.SharerOptions{}))},
	}
	for i := range all {
		all[i].most = most[all[i].name]
	}
	return all
}

// compareAtRest measures all of them in one run, and fails where more is left than may
// be.
func compareAtRest[T metav1.Object](t *testing.T, encoded [][]byte, decode func(testing.TB, []byte) T, most map[string]float64) {
	base := 0.0
	for _, way := range slimmings[T](t, most) {
		r := holding(t, encoded, decode, way.transform)
		if base == 0 {
			base = r.bytes
		}
		t.Logf("%-32s %6.0f B an object, %.2f of client-go's, and %3.0f B outside of the heap; %5.1f µs to decode, %5.1f to transform; %v to collect",
			way.name, r.bytes, r.bytes/base, r.outside, micros(r.decode), micros(r.each), r.collect.Round(time.Millisecond))
		if way.most > 0 && r.bytes > way.most*base {
			t.Errorf("%s: %.2f of client-go's heap, want at most %.2f", way.name, r.bytes/base, way.most)
		}
	}
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// TestSharedPodsAtRest shows what pods of 10 KB, ten to a ReplicaSet, leave of
// client-go's heap: at most 0.5 with equal parts shared, 0.4 with what is stripped
// besides. With -v it prints the table.
func TestSharedPodsAtRest(t *testing.T) {
	n := *restingPods
	encoded := encodedForSharing(t, n)
	size := 0
	for _, raw := range encoded {
		size += len(raw)
	}
	t.Logf("%d pods of %d B of JSON", n, size/n)
	compareAtRest(t, encoded, decodedPod, map[string]float64{"parts shared": 0.5, "stripped, parts shared": 0.4})
}

// TestSharedUnstructuredAtRest is the same for objects without types.
func TestSharedUnstructuredAtRest(t *testing.T) {
	compareAtRest(t, encodedForSharing(t, *restingPods/4), decodedUnstructured, map[string]float64{"parts shared": 0.5, "stripped, parts shared": 0.4})
}

// TestSharedPodsEqualTheOriginals has pods and their parts come and go, and compares.
func TestSharedPodsEqualTheOriginals(t *testing.T) {
	sharer, err := object.NewSharer[*corev1.Pod](object.SharerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	held := make([]*corev1.Pod, 50)
	for i := range 500 {
		want := decodedPod(t, encodedForSharingAt(t, i))
		got, err := sharer.Share(decodedPod(t, encodedForSharingAt(t, i)))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("pod %d: %v\n%+v\nwant\n%+v", i, err, got, want)
		}
		held[i%len(held)] = got
		if i%100 == 99 {
			runtime.GC()
		}
	}
	for i, got := range held {
		if want := decodedPod(t, encodedForSharingAt(t, 450+i)); !reflect.DeepEqual(got, want) {
			t.Fatalf("pod %d was changed by the sharing of others:\n%+v\nwant\n%+v", 450+i, got, want)
		}
	}
}

func encodedForSharingAt(tb testing.TB, i int) []byte {
	raw, err := json.Marshal(sharePod(i))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// restCases are what pods of 10 KB leave of client-go's heap in each way to have them
// smaller: what TestSharedPodsAtRest and TestCompactAtRest ask for, as figures.
func restCases() []Case[struct{}] {
	var cases []Case[struct{}]
	for _, c := range [][2]string{{"interned", "strings shared"}, {"shared", "parts shared"}, {"stripped-shared", "stripped, parts shared"}} {
		name, way := c[0], c[1]
		cases = append(cases, Case[struct{}]{Name: "at-rest/" + name, Run: func(b *testing.B, _ struct{}) {
			encoded := encodedForSharing(b, atMost(*restingPods))
			base, held := 0.0, 0.0
			for b.Loop() {
				ways := slimmings[*corev1.Pod](b, nil)
				chosen := ways[slices.IndexFunc(ways, func(s slimming[*corev1.Pod]) bool { return s.name == way })]
				base += holding(b, encoded, decodedPod, asItIs[*corev1.Pod]).bytes
				held += holding(b, encoded, decodedPod, chosen.transform).bytes
			}
			b.ReportMetric(held/base, "of-client-go")
		}})
	}
	return append(cases, Case[struct{}]{Name: "at-rest/compact", Run: func(b *testing.B, _ struct{}) {
		data := largePods(b, atMost(2000))
		held := map[string]float64{}
		for b.Loop() {
			for _, e := range compactEngines() {
				held[e.Name] += heldBy(b, e.New(b), data)
			}
		}
		b.ReportMetric(held[Informant]/held[ClientGo], "of-client-go")
	}})
}
