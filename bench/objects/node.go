package objects

import (
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodeShares are those of nodes, most of which is the list of images.
var nodeShares = map[Size]shares{
	Medium: {managedFields: 0.17, annotations: 0.06, status: 0.55},
	Large:  {managedFields: 0.20, annotations: 0.06, status: 0.62},
}

var nodes = map[Size]func() func(int) *corev1.Node{Medium: nodesOf(Medium), Large: nodesOf(Large)}

func nodesOf(size Size) func() func(int) *corev1.Node {
	return sync.OnceValue(func() func(int) *corev1.Node { return maker[*corev1.Node]{size, nodeShares[size], node}.padded() })
}

// Node makes the i-th node of a size, Medium or Large: no node is Small, whose
// nodeInfo alone has as many bytes. It has no kind.
func Node(i int, size Size) *corev1.Node { return nodes[size]()(i) }

func node(i int, p pads) *corev1.Node {
	r := newSource(i, 4)
	created, name := r.time(), fmt.Sprintf("node-%05d", i%100_000)
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: r.uid(), ResourceVersion: version(i), CreationTimestamp: created,
			Labels:      map[string]string{"kubernetes.io/hostname": name},
			Annotations: map[string]string{},
		},
		Spec: corev1.NodeSpec{ProviderID: "aws:///eu-central-1a/i-" + r.hex(17) + words(i, p.spec)},
		Status: corev1.NodeStatus{
			Capacity:  corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("16"), corev1.ResourceMemory: resource.MustParse("65843212Ki"), corev1.ResourcePods: resource.MustParse("110")},
			Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: ip(i)}},
			NodeInfo:  corev1.NodeSystemInfo{MachineID: r.hex(32), KernelVersion: "6.12.41", OSImage: "Debian GNU/Linux 13", KubeletVersion: "v1.37.2", OperatingSystem: "linux", Architecture: "amd64"},
		},
	}
	for _, kind := range []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeReady} {
		n.Status.Conditions = append(n.Status.Conditions, corev1.NodeCondition{Type: kind, Status: corev1.ConditionFalse, LastHeartbeatTime: created, LastTransitionTime: created, Reason: "Kubelet"})
	}
	annotations(n.Annotations, i, p.annotations, false)
	n.ManagedFields = managedFields(i, p.managedFields, "v1", "cloud-controller", "kubelet", created)
	n.Status.Images = images(i, r, p.status)
	return n
}

// images are n bytes of them.
func images(i int, r source, n int) (all []corev1.ContainerImage) {
	for j, piece := range split(n, 190, 120) {
		const overhead = len(`{"names":["registry.example.com/@sha256:"],"sizeBytes":100000000},`) + 64
		all = append(all, corev1.ContainerImage{
			Names:     []string{"registry.example.com/" + words(i+j, max(1, piece-overhead)) + "@sha256:" + r.hex(64)},
			SizeBytes: int64(100_000_000 + r.IntN(800_000_000)),
		})
	}
	return all
}
