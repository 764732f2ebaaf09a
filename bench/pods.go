package bench

import (
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

// Pod makes the i-th pod of the benchmarks in the state of the given version. It
// shares no string with another pod, as one does not that comes from a decoder.
func Pod(i int, version uint64) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       numbered("ns-", 3, i%Namespaces),
			Name:            numbered("pod-", 7, i),
			UID:             types.UID(numbered("uid-", 7, i)),
			ResourceVersion: strconv.FormatUint(version, 10),
			Labels:          map[string]string{"app": numbered("app-", 2, i%Apps)},
		},
		Spec: corev1.PodSpec{NodeName: numbered("node-", 3, i%Nodes)},
	}
}

// numbered is prefix with i in so many digits. A million pods have five million
// such strings, for which fmt takes seconds.
func numbered(prefix string, digits, i int) string {
	var buf [24]byte
	text := append(buf[:0], prefix...)
	for unit := 10; digits > 1; digits, unit = digits-1, unit*10 {
		if i < unit {
			text = append(text, "000000"[:digits-1]...)
			break
		}
	}
	return string(strconv.AppendInt(text, int64(i), 10))
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
