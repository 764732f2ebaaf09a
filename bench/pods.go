package bench

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The spread of the pods over index values.
const (
	Namespaces = 100
	Nodes      = 500
	Apps       = 50
)

// Pod makes the i-th pod of the benchmarks in the state of the given version.
func Pod(i int, version uint64) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       fmt.Sprintf("ns-%03d", i%Namespaces),
			Name:            fmt.Sprintf("pod-%07d", i),
			UID:             types.UID(fmt.Sprintf("uid-%07d", i)),
			ResourceVersion: strconv.FormatUint(version, 10),
			Labels:          map[string]string{"app": fmt.Sprintf("app-%02d", i%Apps)},
		},
		Spec: corev1.PodSpec{NodeName: fmt.Sprintf("node-%03d", i%Nodes)},
	}
}

// Pods makes the pods 0 to n-1, with versions counting from version.
func Pods(n int, version uint64) []*corev1.Pod {
	pods := make([]*corev1.Pod, n)
	for i := range pods {
		pods[i] = Pod(i, version+uint64(i))
	}
	return pods
}

// ByNamespace, ByNode and ByApp are the index functions of the benchmarks.
func ByNamespace(pod *corev1.Pod) ([]string, error) { return []string{pod.Namespace}, nil }

// ByNode indexes by spec.nodeName.
func ByNode(pod *corev1.Pod) ([]string, error) { return []string{pod.Spec.NodeName}, nil }

// ByApp indexes by the label app.
func ByApp(pod *corev1.Pod) ([]string, error) { return []string{pod.Labels["app"]}, nil }
