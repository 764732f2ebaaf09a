package objects

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Size is how many bytes of JSON an object has, without its kind, within 5%.
type Size int

// The sizes that there are.
const (
	Small  Size = 300
	Medium Size = 2_000
	Large  Size = 10_000
)

// String is the size in KB.
func (s Size) String() string { return fmt.Sprintf("%vKB", float64(s)/1000) }

// shares say which part of an object's JSON is what; the rest is its spec and the
// rest of its metadata.
type shares struct{ managedFields, annotations, status float64 }

// pads are how many bytes are added to the parts of an object that is otherwise the
// same for each of its kind and size.
type pads struct{ managedFields, annotations, status, spec int }

// maker makes objects of one kind in one size.
type maker[T any] struct {
	size   Size
	shares shares
	make   func(i int, p pads) T
}

// padded is a function that makes objects which have the shares. What is missing is
// measured once, at the first object without pads.
func (m maker[T]) padded() func(i int) T {
	bare := measure(m.make(0, pads{}))
	want := func(share float64, has int) int { return max(0, int(share*float64(m.size))-has) }
	p := pads{
		managedFields: want(m.shares.managedFields, bare.managedFields),
		annotations:   want(m.shares.annotations, bare.annotations),
		status:        want(m.shares.status, bare.status),
	}
	p.spec = max(0, int(m.size)-bare.all-p.managedFields-p.annotations-p.status)
	return func(i int) T { return m.make(i, p) }
}

// parts are the sizes of an object's parts in JSON.
type parts struct{ all, managedFields, annotations, status int }

// measure returns the sizes of the parts of an object whose kind is not set.
func measure(obj any) parts {
	raw, err := json.Marshal(obj)
	if err != nil {
		panic(err) // of an object that was made here
	}
	var cut struct {
		Metadata struct{ ManagedFields, Annotations json.RawMessage }
		Status   json.RawMessage
	}
	if err := json.Unmarshal(raw, &cut); err != nil {
		panic(err)
	}
	return parts{len(raw), len(cut.Metadata.ManagedFields), len(cut.Metadata.Annotations), len(cut.Status)}
}

// split divides n bytes into pieces of about size, none of which is below the least.
func split(n, size, least int) []int {
	if n < least {
		return nil
	}
	count := max(1, n/size)
	pieces := make([]int, count)
	for i := range pieces {
		pieces[i] = n / count
	}
	pieces[0] += n % count
	return pieces
}

// source makes what is random in an object, the same for the same number.
type source struct{ *rand.Rand }

func newSource(i, salt int) source { return source{rand.New(rand.NewPCG(uint64(i), uint64(salt)))} }

const (
	letters = "bcdfghjklmnpqrstvwxz2456789"
	hexes   = "0123456789abcdef"
)

func (s source) of(alphabet string, n int) string {
	var b strings.Builder
	b.Grow(n)
	for range n {
		b.WriteByte(alphabet[s.IntN(len(alphabet))])
	}
	return b.String()
}

func (s source) word(n int) string { return s.of(letters, n) }
func (s source) hex(n int) string  { return s.of(hexes, n) }

func (s source) uid() types.UID {
	return types.UID(s.hex(8) + "-" + s.hex(4) + "-4" + s.hex(3) + "-a" + s.hex(3) + "-" + s.hex(12))
}

var epoch = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// time is one of a day within half a year.
func (s source) time() metav1.Time {
	return metav1.NewTime(epoch.Add(time.Duration(s.IntN(180*86400)) * time.Second))
}

// words are the first n bytes of a text that begins elsewhere for each number.
func words(i, n int) string {
	const text = "the connection was reset while the first answer of the backend was read and is tried again with the next address of the pool after a pause "
	var b strings.Builder
	b.Grow(n)
	for at := i * 7 % len(text); b.Len() < n; at = 0 {
		b.WriteString(text[at:min(len(text), at+n-b.Len())])
	}
	return b.String()
}

// annotations adds n bytes of them, in JSON, to annotations. One of them may be the
// configuration that kubectl has applied last.
func annotations(to map[string]string, i, n int, applied bool) {
	const overhead = len(`"":"",`)
	if applied && n > 600 {
		const key = "kubectl.kubernetes.io/last-applied-configuration"
		size := n/2 - overhead - len(key)
		to[key] = lastApplied(i, size)
		n /= 2
	}
	for j, piece := range split(n, 90, 30) {
		key := fmt.Sprintf("example.com/note-%d", j)
		to[key] = words(i+j, max(1, piece-overhead-len(key)))
	}
}

// lastApplied is a configuration of n bytes once its quotes are escaped.
func lastApplied(i, n int) string {
	var b strings.Builder
	left := n - len(`{\"env\":[]}`) - 2
	b.WriteString(`{"env":[`)
	for j, piece := range split(left, 70, 40) {
		if j > 0 {
			b.WriteByte(',')
		}
		const overhead = len(`{\"name\":\"VARIABLE_00\",\"value\":\"\"},`)
		fmt.Fprintf(&b, `{"name":"VARIABLE_%02d","value":"%s"}`, j%100, words(i+j, max(1, piece-overhead)))
	}
	b.WriteString("]}\n")
	return b.String()
}

// managedFields are two entries: what a controller set, and what an agent says in the
// status, with n bytes of fields in all.
func managedFields(i, n int, version, controller, agent string, when metav1.Time) []metav1.ManagedFieldsEntry {
	spec, status := n*6/10, n-n*6/10
	return []metav1.ManagedFieldsEntry{
		{Manager: controller, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: version, Time: &when, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fieldSet("f:spec", i, spec))},
		{Manager: agent, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: version, Time: &when, FieldsType: "FieldsV1", Subresource: "status", FieldsV1: metav1.NewFieldsV1(fieldSet("f:status", i, status))},
	}
}

// fieldSet is a set of n bytes of fields below one, for each of which some fields of
// an element of a list are named.
func fieldSet(below string, i, n int) string {
	var b strings.Builder
	b.WriteString(`{"` + below + `":{".":{}`)
	for j, piece := range split(n, 80, 64) {
		const overhead = len(`,"k:{\"name\":\"\"}":{".":{},"f:name":{},"f:value":{}}`)
		fmt.Fprintf(&b, `,"k:{\"name\":\"%s\"}":{".":{},"f:name":{},"f:value":{}}`, strings.ReplaceAll(words(i+j, max(1, piece-overhead)), " ", "_"))
	}
	b.WriteString("}}")
	return b.String()
}

func ptr[T any](v T) *T { return &v }
