package objects

import (
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// PodsOfReplicaSet is how many pods that follow one another have one owner.
const PodsOfReplicaSet = 10

// podShares are those of pods: a quarter of one, or a third where containers have more
// fields, are managedFields; half of the large ones carry what kubectl has applied.
var podShares = map[Size]shares{
	Small:  {status: 0.12},
	Medium: {managedFields: 0.27, annotations: 0.04, status: 0.23},
	Large:  {managedFields: 0.37, annotations: 0.16, status: 0.13},
}

var pods = map[Size]func() func(int) *corev1.Pod{
	Small:  podsOf(Small, smallPod),
	Medium: podsOf(Medium, mediumPod),
	Large:  podsOf(Large, largePod),
}

func podsOf(size Size, of func(int, pads) *corev1.Pod) func() func(int) *corev1.Pod {
	return sync.OnceValue(func() func(int) *corev1.Pod { return maker[*corev1.Pod]{size, podShares[size], of}.padded() })
}

// Pod makes the i-th pod of a size, one of the constants. It has no kind.
func Pod(i int, size Size) *corev1.Pod { return pods[size]()(i) }

func smallPod(i int, p pads) *corev1.Pod {
	r := newSource(i, 1)
	app := fmt.Sprintf("checkout-%03d", i/PodsOfReplicaSet%1000)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: app + "-" + r.word(5), Namespace: namespace(i), UID: r.uid(), ResourceVersion: version(i),
			Labels: map[string]string{"app": app},
		},
		Spec:   corev1.PodSpec{NodeName: nodeName(i), Containers: []corev1.Container{{Name: "app", Image: "app:1" + words(i, p.spec)}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip(i), Message: words(i, p.status)},
	}
}

func namespace(i int) string { return fmt.Sprintf("team-%03d", i/PodsOfReplicaSet%100) }
func nodeName(i int) string  { return fmt.Sprintf("node-%03d", i%500) }
func version(i int) string   { return fmt.Sprint(18_200_000 + i) }
func ip(i int) string        { return fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255) }

// mediumPod has one container, two conditions and a volume.
func mediumPod(i int, p pads) *corev1.Pod {
	r, set := newSource(i, 2), i/PodsOfReplicaSet
	created := r.time()
	pod := basePod(i, r, created)
	pod.Annotations = map[string]string{}
	annotations(pod.Annotations, set, p.annotations, false)
	pod.ManagedFields = managedFields(set, p.managedFields, "v1", "kube-controller-manager", "kubelet", created)
	pod.Spec.Containers[0].Env = environment(set, p.spec)
	pod.Status.Conditions = podConditions(r, created, p.status, "Ready", "PodScheduled")
	return pod
}

// largePod has a second container, probes, volumes, and the status of both containers.
func largePod(i int, p pads) *corev1.Pod {
	r, set := newSource(i, 3), i/PodsOfReplicaSet
	created := r.time()
	pod := basePod(i, r, created)
	app := pod.Labels["app"]
	for k, v := range map[string]string{"app.kubernetes.io/name": app, "app.kubernetes.io/managed-by": "Helm", "team": namespace(i), "topology.kubernetes.io/zone": "eu-central-1a"} {
		pod.Labels[k] = v
	}
	pod.Annotations = map[string]string{"checksum/config": newSource(set, 11).hex(64), "prometheus.io/scrape": "true", "prometheus.io/port": "15020"}
	annotations(pod.Annotations, set, p.annotations, set%2 == 0)
	pod.ManagedFields = managedFields(set, p.managedFields, "v1", "kube-controller-manager", "kubelet", created)
	pod.Spec.Volumes = volumes(app, r.word(5))
	mounts := []corev1.VolumeMount{{Name: "config", MountPath: "/etc/app", ReadOnly: true}, {Name: pod.Spec.Volumes[2].Name, MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true}}
	main := &pod.Spec.Containers[0]
	main.Args = []string{"--config=/etc/app/config.yaml", "--log-format=json"}
	main.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: "TCP"}, {Name: "metrics", ContainerPort: 9090, Protocol: "TCP"}}
	main.Env = environment(set, p.spec)
	main.LivenessProbe, main.ReadinessProbe = probe("/healthz", 8080), probe("/readyz", 8080)
	main.VolumeMounts = mounts
	main.SecurityContext = &corev1.SecurityContext{RunAsNonRoot: ptr(true), AllowPrivilegeEscalation: ptr(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}}
	pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{
		Name: "proxy", Image: "docker.io/istio/proxyv2:1.27.1", ImagePullPolicy: corev1.PullIfNotPresent, Resources: resources("10m", "64Mi"),
		Args: []string{"proxy", "sidecar"}, ReadinessProbe: probe("/healthz/ready", 15021), VolumeMounts: mounts[1:],
	})
	for _, key := range []string{"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"} {
		pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: ptr(int64(300))})
	}
	for _, c := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, containerStatus(r, c))
	}
	pod.Status.Conditions = podConditions(r, created, p.status, "Initialized", "Ready", "ContainersReady", "PodScheduled")
	return pod
}

// basePod is what pods of a ReplicaSet have in any case.
func basePod(i int, r source, created metav1.Time) *corev1.Pod {
	set := i / PodsOfReplicaSet
	app, hash := fmt.Sprintf("checkout-service-%04d", set%10_000), newSource(set, 7).hex(10)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: app + "-" + hash + "-" + r.word(5), GenerateName: app + "-" + hash + "-", Namespace: namespace(i),
			UID: r.uid(), ResourceVersion: version(i), CreationTimestamp: created,
			Labels:          map[string]string{"app": app, "pod-template-hash": hash},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: app + "-" + hash, UID: newSource(set, 8).uid(), Controller: ptr(true), BlockOwnerDeletion: ptr(true)}},
		},
		Spec: corev1.PodSpec{
			NodeName: nodeName(i), ServiceAccountName: "default", RestartPolicy: corev1.RestartPolicyAlways, DNSPolicy: corev1.DNSClusterFirst,
			TerminationGracePeriodSeconds: ptr(int64(30)),
			Containers:                    []corev1.Container{{Name: "app", Image: "registry.example.com/" + app + ":v1", ImagePullPolicy: corev1.PullIfNotPresent, Resources: resources("100m", "128Mi")}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip(i), PodIPs: []corev1.PodIP{{IP: ip(i)}}, QOSClass: corev1.PodQOSBurstable, StartTime: &created},
	}
}

func resources(cpu, memory string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)},
	}
}

func probe(path string, port int) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:        corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt(port), Scheme: corev1.URISchemeHTTP}},
		InitialDelaySeconds: 5, TimeoutSeconds: 1, PeriodSeconds: 10, SuccessThreshold: 1, FailureThreshold: 3,
	}
}

func volumes(app, token string) []corev1.Volume {
	return []corev1.Volume{
		{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: app + "-config"}, DefaultMode: ptr(int32(420))}}},
		{Name: "cache", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: ptr(resource.MustParse("1Gi"))}}},
		{Name: "kube-api-access-" + token, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{DefaultMode: ptr(int32(420)), Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{ExpirationSeconds: ptr(int64(3607)), Path: "token"}},
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}, Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}}}},
		}}}},
	}
}

// environment is n bytes of variables.
func environment(set, n int) (all []corev1.EnvVar) {
	for j, piece := range split(n, 70, 32) {
		const overhead = len(`{"name":"VARIABLE_00","value":""},`)
		all = append(all, corev1.EnvVar{Name: fmt.Sprintf("VARIABLE_%02d", j%100), Value: words(set+j, max(1, piece-overhead))})
	}
	return all
}

func containerStatus(r source, c corev1.Container) corev1.ContainerStatus {
	return corev1.ContainerStatus{
		Name: c.Name, Ready: true, RestartCount: int32(r.IntN(3)), Image: c.Image, ImageID: c.Image + "@sha256:" + r.hex(64),
		ContainerID: "containerd://" + r.hex(64), Started: ptr(true),
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: r.time()}},
	}
}

// podConditions have messages of n bytes in all.
func podConditions(r source, created metav1.Time, n int, kinds ...corev1.PodConditionType) (all []corev1.PodCondition) {
	for i, kind := range kinds {
		const overhead = len(`"message":"",`)
		all = append(all, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: created, Message: words(r.IntN(50)+i, max(0, n/len(kinds)-overhead))})
	}
	return all
}
