package object

import (
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"math/bits"
	"reflect"
)

// SharerOptions configure a Sharer.
type SharerOptions struct {
	// StringsOnly shares equal strings, between 16 and 256 bytes long, and no other
	// parts. It saves less, and what one has in hand is nobody else's: strings
	// cannot be changed.
	StringsOnly bool
}

// Sharer makes objects smaller by giving equal parts of them one memory. The pods of
// one ReplicaSet, say, have the same labels, owners, environment, ports, probes,
// volumes, tolerations and field sets, and each has a copy of its own when it comes
// from a decoder. Its method Share is a transform, to be used by a cache from the
// start:
//
//	sharer, err := object.NewSharer[*v1.Pod](object.SharerOptions{})
//	…
//	informer.Options[*v1.Pod]{Transform: sharer.Share}
//
// A part is a map, a slice or what a pointer points to, at any depth, and a string of
// 16 to 256 bytes. It is replaced if its content is that of another one: contents are
// compared, equal hashes prove nothing. What remains in an object is kept as small
// as it can be: its strings are shared, and its slices have no room to spare.
//
// Parts belong to the objects that have them, and go with the last one: the Sharer
// itself keeps none. Where equal parts are seldom seen it stops to look for a while,
// so that parts of which each object has its own cost little. Besides its table it
// has about 32 KiB.
//
// # What it saves and costs
//
// Pods of 12 KB of JSON, ten to a ReplicaSet, take 0.40 of the heap that they take as
// client-go decodes them, and 0.34 if managed fields are stripped as well; with
// StringsOnly 0.91. As unstructured.Unstructured they take 0.24. Besides, the runtime
// takes about 0.3 KB a pod for weak pointers, which are not in the heap. Share takes
// 49 µs a pod, a fifth of the time of client-go's decoder of JSON, and 140 µs, four
// fifths of the decoder's, for an unstructured one. (go test ./bench -run AtRest -v
// -bench.resting 10000; Go 1.26.8, client-go v0.37.2, 2026-11-27, an AMD EPYC of 2
// cores that did little else. The times are processor times of one goroutine over
// 1,500 and 800 pods.)
//
// # Read-only
//
// Whoever changes an object of a cache in place changes it for all who read it. With
// shared parts he changes other objects as well, so copy first, as ever; a DeepCopy
// shares nothing. A mutation.Detector that is given the method Shared names such
// parts. Objects that come later are not given a part that was changed. Share reads
// parts while others read them; over one that is being changed the runtime may end the
// process, as over any object that is read and changed at once.
//
// # Left alone
//
// A struct with an unexported field is left alone, with all that is below it, since
// its methods may change it; time.Time is none of these. So are maps whose keys are
// no strings, and values of interfaces other than any with JSON in it. A
// resource.Quantity is shared in maps, as resource lists are; elsewhere it is left
// alone, since its String writes to it. A part that has something of this is not
// shared; other parts in it are.
//
// All methods may be called by any goroutine. Calls take turns: each is over the time
// that it takes to read the object. There is nothing like it in client-go.
type Sharer[T any] struct{ walk walk }

// ErrNothingToShare is returned by NewSharer for a type that it leaves alone.
var ErrNothingToShare = errors.New("it is no pointer to a struct in which a Sharer could share anything: see Sharer for what it leaves alone")

// NewSharer returns a Sharer for objects of one type, which is a pointer to a struct,
// or an interface. For other types, and for those of which a Sharer leaves everything
// alone, the error wraps ErrNothingToShare.
func NewSharer[T any](options SharerOptions) (*Sharer[T], error) {
	s := &Sharer[T]{walk{table: newPartTable(), shapes: make(shapes), stringsOnly: options.StringsOnly}}
	t := reflect.TypeFor[T]()
	if t.Kind() == reflect.Interface {
		return s, nil
	}
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct || !s.walk.shapes.of(t).hasParts(map[*shape]bool{}) {
		return nil, fmt.Errorf("object: no Sharer for %s: %w", t, ErrNothingToShare)
	}
	return s, nil
}

// Share replaces parts of obj by equal ones of objects that came before, and returns
// obj. It changes obj, which nobody else may have yet, and which must not come twice:
// it is for objects on their way from a decoder into a cache. A transform that
// changes objects goes before it, see Transforms. The error is always nil. An obj
// that is nil, or an interface with something other than a pointer to a struct, is
// returned as it is.
func (s *Sharer[T]) Share(obj T) (T, error) {
	v := reflect.ValueOf(&obj).Elem()
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if v.Kind() == reflect.Pointer && !v.IsNil() && v.Elem().Kind() == reflect.Struct {
		s.walk.object(v)
	}
	return obj, nil
}

// Shared reports whether part, which is a map, a slice or a pointer, was given to
// several objects, or to one several times. It looks through the whole table, and is for reports such as those
// of a mutation.Detector; false for anything else.
func (s *Sharer[T]) Shared(part any) bool {
	v := reflect.ValueOf(part)
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer:
		return !v.IsNil() && s.walk.table.has(address(v))
	}
	return false
}

// Len returns how many parts the objects have that others could share.
func (s *Sharer[T]) Len() int { return s.walk.table.len() }

// walk goes through objects, and shares the parts of a part before the part itself.
// So two parts are compared by what they have themselves, mostly: what they refer to
// is the same memory already.
//
// The mutex of the table is held while an object is walked, and guards all of it.
type walk struct {
	table       *partTable
	shapes      shapes
	stringsOnly bool
	json        jsonSites

	// room is how many parts of this object may still be visited, and depth how
	// many are being visited, so that one that refers to itself comes to an end.
	room, depth int
	// replaced counts the replacements, so that who has a copy of an element of
	// a map knows whether to put it back.
	replaced int
}

// maxParts bounds the parts of one object that are looked at, and maxDepth those that
// are within one another. What is beyond is left alone.
const (
	maxParts = 1 << 18
	maxDepth = 1000
)

// minPart is the size in bytes of the smallest part: smaller ones are cheaper than
// their entry, and lie in memory together with other values.
const minPart = 16

// object walks through the struct that v, a pointer, points to.
func (w *walk) object(v reflect.Value) {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	w.room, w.depth = maxParts, 0
	p := &place{shape: w.shapes.of(v.Type().Elem())}
	w.visit(p, spotOf(v))
	w.words(p.shape, spotOf(v))
}

// down reports whether the part that a walk has come to may be visited. If so, up
// follows.
func (w *walk) down() bool {
	if w.room == 0 || w.depth == maxDepth {
		return false
	}
	w.room--
	w.depth++
	return true
}

func (w *walk) up() { w.depth-- }

// Sums of what has no content.
const (
	sumNil   = 1
	sumEmpty = 2
)

// mix makes one sum of two.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd1b54a32d192ed03)
	return hi ^ lo
}

// visit shares the parts that are at and below v, and returns a sum of what v has.
// whole is false if that says nothing, since something in it is left alone; v can
// then be no part that is shared.
func (w *walk) visit(p *place, v spot) (sum uint64, whole bool) {
	switch p.shape.kind {
	case kindScalar:
		return v.bits(p.shape.bytes), true
	case kindText:
		return maphash.String(w.table.seed, *v.text()), true
	case kindStructure:
		return w.structure(p.shape, v)
	case kindArray:
		return w.array(p.shape, v)
	case kindPointer, kindList, kindRaw, kindTextDict, kindDict:
		return w.part(p, v)
	case kindObject:
		return w.jsonField(p, v.object())
	case kindSomething:
		return w.something(p, v.any())
	case kindInstant:
		t := v.instant()
		return mix(uint64(t.Unix()), uint64(t.Nanosecond())), true
	case kindQuantity:
		q := v.quantity()
		return mix(uint64(q.MilliValue()), maphash.String(w.table.seed, string(q.Format))), true
	case kindEmpty:
		return sumNil, v.isNil()
	}
	return 0, false
}

func (w *walk) structure(sh *shape, v spot) (sum uint64, whole bool) {
	sum, whole = uint64(sh.id), true
	for i := range sh.fields {
		p := &sh.fields[i]
		s, ok := w.visit(p, v.plus(p.offset))
		sum = mix(sum, s)
		whole = whole && ok
	}
	return sum, whole
}

func (w *walk) array(sh *shape, v spot) (sum uint64, whole bool) {
	return w.elements(sh, v, sh.typ.Len())
}

// elements visits n values that lie side by side.
func (w *walk) elements(sh *shape, first spot, n int) (sum uint64, whole bool) {
	sum, whole = uint64(sh.id), true
	for i := range n {
		s, ok := w.visit(sh.elem, first.plus(uintptr(i)*sh.elem.shape.bytes))
		sum = mix(sum, s)
		whole = whole && ok
	}
	return sum, whole
}

// part visits a pointer, slice or map, and shares it.
func (w *walk) part(p *place, v spot) (sum uint64, whole bool) {
	sh := p.shape
	switch {
	case v.isNil():
		return sumNil, true
	case v.length(sh.kind) == 0:
		return sumEmpty, true
	case !w.down():
		return 0, false
	}
	defer w.up()
	switch sh.kind {
	case kindPointer:
		sum, whole = w.visit(sh.elem, v.target())
		sum = mix(uint64(sh.id), sum)
	case kindList:
		sum, whole = w.elements(sh, v.target(), v.length(sh.kind))
	case kindRaw:
		sum, whole = mix(uint64(sh.id), maphash.Bytes(w.table.seed, *v.raw())), true
	case kindTextDict:
		sum, whole = w.texts(sh, *v.textDict()), true
	case kindDict:
		sum, whole = w.entries(sh, v)
	}
	w.share(p, v, sum, whole)
	return sum, whole
}

// texts returns the sum of a map of strings. As with other maps it does not depend on
// the order of the keys.
func (w *walk) texts(sh *shape, m map[string]string) (sum uint64) {
	for key, value := range m {
		sum += mix(maphash.String(w.table.seed, key), maphash.String(w.table.seed, value))
	}
	return mix(uint64(sh.id), sum)
}

func (w *walk) entries(sh *shape, v spot) (sum uint64, whole bool) {
	if !sh.elem.shape.copies {
		return 0, false
	}
	whole = true
	m, e := v.value(sh.typ), newEntry(sh)
	for i := m.MapRange(); i.Next(); {
		e.read(i)
		before := w.replaced
		s, ok := w.visit(sh.elem, e.elemSpot)
		sum += mix(maphash.String(w.table.seed, *e.keySpot.text()), s)
		whole = whole && ok
		if w.replaced != before {
			m.SetMapIndex(e.key, e.elem)
		}
	}
	return mix(uint64(sh.id), sum), whole
}

// entry has copies of a key of a map and of what is there, which have no spots.
type entry struct {
	key, elem         reflect.Value
	keySpot, elemSpot spot
}

func newEntry(sh *shape) entry {
	key, elem := reflect.New(sh.typ.Key()), reflect.New(sh.typ.Elem())
	return entry{key.Elem(), elem.Elem(), spotOf(key), spotOf(elem)}
}

func (e *entry) read(i *reflect.MapIter) {
	e.key.SetIterKey(i)
	e.elem.SetIterValue(i)
}

// share replaces the part in v by an equal one, or enters it.
func (w *walk) share(p *place, v spot, sum uint64, whole bool) {
	sh := p.shape
	if w.stringsOnly {
		w.wordsOf(sh, v)
		return
	}
	_, n := v.part(sh.kind)
	if n > 0 && (uintptr(n)*sh.elem.shape.bytes < minPart || uint64(n) > math.MaxUint32) {
		return
	}
	if !whole || !p.site.open() {
		w.trim(sh, v)
		w.wordsOf(sh, v)
		return
	}
	if begin := w.table.find(sum, sh.id, n); begin != nil {
		var known slice
		spot := spotOfSlice(&known)
		spot.setPart(sh.kind, begin, n)
		if equal(sh, spot, v) {
			v.setPart(sh.kind, begin, n)
			w.replaced++
			w.table.again(sum)
			p.site.hits++
			return
		}
	}
	w.own(sh, v)
	w.wordsOf(sh, v)
	begin, _ := v.part(sh.kind)
	w.table.enter(sum, sh.id, begin, n)
}

// own gives the part in v memory of its own: of the right size, from the heap, and
// apart from the other things that the decoder made at once. A map has that already.
func (w *walk) own(sh *shape, v spot) {
	switch sh.kind {
	case kindPointer:
		own := reflect.New(sh.typ.Elem())
		own.Elem().Set(v.target().value(sh.typ.Elem()))
		v.value(sh.typ).Set(own)
	case kindList, kindRaw:
		n := v.length(sh.kind)
		own := reflect.MakeSlice(sh.typ, n, n)
		reflect.Copy(own, v.value(sh.typ))
		v.value(sh.typ).Set(own)
	default:
		return
	}
	w.replaced++
}

// trim is own for a slice of which an eighth or more is unused.
func (w *walk) trim(sh *shape, v spot) {
	if (sh.kind == kindList || sh.kind == kindRaw) && sh.elem.shape.copies && (v.slice().room-v.slice().n)*8 >= v.slice().room {
		w.own(sh, v)
	}
}
