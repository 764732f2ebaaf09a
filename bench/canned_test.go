package bench

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/informant-go/informant/bench/objects"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	jsonType     = "application/json"
	protobufType = "application/vnd.kubernetes.protobuf"
)

// firstVersion is that of the first list; each time that versions expire it grows by
// one. All versions have as many digits, so that one takes the place of another.
const firstVersion = 50_000_000

// encoded is an object in an encoding, the digits of whose version begin at at.
type encoded struct {
	raw []byte
	at  int
}

// with writes the object with a version.
func (e encoded) with(w io.Writer, version string) error {
	for _, part := range [][]byte{e.raw[:e.at], []byte(version), e.raw[e.at+len(version):]} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// newEncoded encodes a pod without its kind.
func newEncoded(pod *corev1.Pod, protobuf bool) (encoded, error) {
	before := `"resourceVersion":"`
	raw, err := json.Marshal(pod)
	if protobuf {
		before = string([]byte{6<<3 | 2, byte(len(pod.ResourceVersion))})
		raw, err = pod.Marshal()
	}
	at := bytes.Index(raw, []byte(before+pod.ResourceVersion))
	if err == nil && at < 0 {
		err = fmt.Errorf("the version of %s is not in its encoding", pod.Name)
	}
	return encoded{raw, at + len(before)}, err
}

// canned answers with pods that were encoded beforehand: lists, watches, streamed lists.
// Each is written as it is sent, from the bytes of its objects.
//
// Below /events=N a watch brings N changes. A POST to /expire ends all watches as one
// does whose version is gone.
type canned struct {
	pods map[bool][]encoded // by whether they are in protobuf

	mu      sync.Mutex
	version int           // guarded by mu
	expired chan struct{} // guarded by mu; closed when the version changes
}

func newCanned(what served) (*canned, error) {
	c := &canned{pods: map[bool][]encoded{}, version: firstVersion, expired: make(chan struct{})}
	for i := range what.Objects {
		pod := objects.Pod(i, what.Size)
		for _, protobuf := range []bool{false, true} {
			e, err := newEncoded(pod, protobuf)
			if err != nil {
				return nil, err
			}
			c.pods[protobuf] = append(c.pods[protobuf], e)
		}
	}
	return c, nil
}

// now is the version of the collection, and what is closed when it expires.
func (c *canned) now() (version string, expired <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strconv.Itoa(c.version), c.expired
}

func (c *canned) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.expired)
	c.version++
	c.expired = make(chan struct{})
}

func (c *canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/expire" {
		c.expire()
		return
	}
	query := r.URL.Query()
	protobuf := strings.HasPrefix(r.Header.Get("Accept"), protobufType)
	a := answer{bufferedWriter(w), protobuf, c.pods[protobuf]}
	kind := jsonType
	if protobuf {
		kind = protobufType
	}
	version, expired := c.now()
	if query.Get("watch") == "" {
		w.Header().Set("Content-Type", kind)
		_ = a.list(version) // the client may have gone
		return
	}
	if protobuf {
		kind += ";stream=watch"
	}
	w.Header().Set("Content-Type", kind)
	if query.Get("sendInitialEvents") == "true" {
		_ = a.stream(version)
	}
	_ = a.changes(changesIn(r.URL.Path))
	_ = a.w.Flush()
	w.(http.Flusher).Flush()
	select {
	case <-r.Context().Done():
	case <-expired:
		_ = a.gone()
	}
}

// changesIn is N where the path has /events=N.
func changesIn(path string) int {
	_, after, _ := strings.Cut(path, "/events=")
	number, _, _ := strings.Cut(after, "/")
	n, _ := strconv.Atoi(number)
	return n
}

// answer writes an answer in an encoding.
type answer struct {
	w        *bufio.Writer
	protobuf bool
	pods     []encoded
}

func bufferedWriter(w io.Writer) *bufio.Writer { return bufio.NewWriterSize(w, 64<<10) }

// podMeta is what a pod says of itself where no list does.
var podMeta = runtime.TypeMeta{APIVersion: "v1", Kind: "Pod"}

// list writes a list of the version, whose last pod has that too.
func (a answer) list(version string) error {
	if a.protobuf {
		return a.protobufList(version)
	}
	fmt.Fprintf(a.w, `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":%q},"items":[`, version)
	for i, pod := range a.pods {
		if i > 0 {
			a.w.WriteByte(',')
		}
		if err := a.pod(i, pod, version); err != nil {
			return err
		}
	}
	a.w.WriteString("]}\n")
	return a.w.Flush()
}

// pod writes the i-th pod of a list.
func (a answer) pod(i int, pod encoded, version string) error {
	if i == len(a.pods)-1 {
		return pod.with(a.w, version)
	}
	_, err := a.w.Write(pod.raw)
	return err
}

func (a answer) protobufList(version string) error {
	meta, err := (&metav1.ListMeta{ResourceVersion: version}).Marshal()
	if err != nil {
		return err
	}
	size := len(field(1, len(meta))) + len(meta)
	for _, pod := range a.pods {
		size += len(field(2, len(pod.raw))) + len(pod.raw)
	}
	head, err := envelope(runtime.TypeMeta{APIVersion: "v1", Kind: "PodList"}, size)
	if err != nil {
		return err
	}
	a.w.Write(head)
	a.w.Write(field(1, len(meta)))
	a.w.Write(meta)
	for i, pod := range a.pods {
		a.w.Write(field(2, len(pod.raw)))
		if err := a.pod(i, pod, version); err != nil {
			return err
		}
	}
	return a.w.Flush()
}

// envelope is what stands in protobuf before an object of so many bytes.
func envelope(of runtime.TypeMeta, size int) ([]byte, error) {
	meta, err := of.Marshal()
	return slices.Concat([]byte("k8s\x00"), field(1, len(meta)), meta, field(2, size)), err
}

// field is what stands in protobuf before a field of so many bytes.
func field(number byte, size int) []byte {
	return binary.AppendUvarint([]byte{number<<3 | 2}, uint64(size))
}

// stream writes a streamed list.
func (a answer) stream(version string) error {
	for i, pod := range a.pods {
		of := ""
		if i == len(a.pods)-1 {
			of = version
		}
		if err := a.event("ADDED", pod, of); err != nil {
			return err
		}
	}
	mark, err := newEncoded(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{ResourceVersion: version, Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"}}}, a.protobuf)
	if err != nil {
		return err
	}
	return a.event("BOOKMARK", mark, "")
}

// changes writes n events, each with a version of its own.
func (a answer) changes(n int) error {
	for i := range n {
		if err := a.event("MODIFIED", a.pods[i%len(a.pods)], strconv.Itoa(firstVersion+i+1)); err != nil {
			return err
		}
	}
	return nil
}

// event writes an event of a pod, with another version if that is not "".
func (a answer) event(kind string, pod encoded, version string) error {
	if version == "" {
		version = string(pod.raw[pod.at : pod.at+versionDigits])
	}
	if !a.protobuf {
		fmt.Fprintf(a.w, `{"type":%q,"object":{"kind":"Pod","apiVersion":"v1",`, kind)
		if err := (encoded{pod.raw[1:], pod.at - 1}).with(a.w, version); err != nil {
			return err
		}
		_, err := a.w.WriteString("}\n")
		return err
	}
	head, err := envelope(podMeta, len(pod.raw))
	if err != nil {
		return err
	}
	a.frame(kind, len(head)+len(pod.raw))
	a.w.Write(head)
	return pod.with(a.w, version)
}

const versionDigits = len("50000000")

// frame writes what stands in protobuf before the object of an event, which has so many
// bytes.
func (a answer) frame(kind string, size int) {
	raw := field(1, size)
	object := field(2, len(raw)+size)
	head := slices.Concat(field(1, len(kind)), []byte(kind), object, raw)
	a.w.Write(binary.BigEndian.AppendUint32(nil, uint32(len(head)+size)))
	a.w.Write(head)
}

// gone writes the event with which a server says that a version is no more.
func (a answer) gone() error {
	status := metav1.Status{Status: metav1.StatusFailure, Code: http.StatusGone, Reason: metav1.StatusReasonExpired, Message: "too old resource version"}
	if !a.protobuf {
		status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		raw, err := json.Marshal(status)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.w, `{"type":"ERROR","object":%s}`+"\n", raw)
		return a.w.Flush()
	}
	raw, err := status.Marshal()
	if err != nil {
		return err
	}
	head, err := envelope(runtime.TypeMeta{APIVersion: "v1", Kind: "Status"}, len(raw))
	if err != nil {
		return err
	}
	a.frame("ERROR", len(head)+len(raw))
	a.w.Write(head)
	a.w.Write(raw)
	return a.w.Flush()
}
