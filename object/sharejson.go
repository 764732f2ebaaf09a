package object

import (
	"hash/maphash"
	"math"
	"strings"
)

// jsonSites are the sites of the parts of JSON, which has no types: those of equal
// names are one, and so are the elements of arrays of equal names. They are made when
// the first part comes.
type jsonSites struct {
	members, elements map[string]*site
	others            site
}

// maxSites bounds the names in each map. Objects have names of their own as well, such
// as the keys of a ConfigMap; behind so many, all others are one.
const maxSites = 1 << 12

func (j *jsonSites) of(sites *map[string]*site, name string) *site {
	if known, ok := (*sites)[name]; ok {
		return known
	}
	if *sites == nil {
		*sites = make(map[string]*site)
	}
	if len(*sites) >= maxSites {
		return &j.others
	}
	s := new(site)
	(*sites)[strings.Clone(name)] = s
	return s
}

// The ids of the parts of JSON.
const (
	idObject = math.MaxUint32 - iota
	idArray
)

// jsonField shares what is in a field that is an object, and the object.
func (w *walk) jsonField(p *place, v *map[string]any) (sum uint64, whole bool) {
	known, sum, whole := w.jsonObject(&p.site, *v)
	if known != nil {
		*v = known
		w.replaced++
	}
	return sum, whole
}

// something shares what is in an interface.
func (w *walk) something(p *place, v *any) (sum uint64, whole bool) {
	known, sum, whole := w.value(w.json.of(&w.json.members, p.name), p.name, *v)
	if known != nil {
		*v = known
		w.replaced++
	}
	return sum, whole
}

// value shares what is in a value of JSON that stands at one site, under a name. known
// is what it is to be replaced by, or nil.
func (w *walk) value(s *site, name string, v any) (known any, sum uint64, whole bool) {
	switch v := v.(type) {
	case nil:
		return nil, sumNil, true
	case string:
		return nil, maphash.String(w.table.seed, v), true
	case bool:
		if v {
			return nil, mix(3, 1), true
		}
		return nil, mix(3, 0), true
	case int64:
		return nil, mix(4, uint64(v)), true
	case float64:
		return nil, mix(5, math.Float64bits(v)), true
	case map[string]any:
		m, sum, whole := w.jsonObject(s, v)
		if m != nil {
			known = m
		}
		return known, sum, whole
	case []any:
		a, sum, whole := w.jsonArray(s, name, v)
		if a != nil {
			known = a
		}
		return known, sum, whole
	}
	return nil, 0, false // of a type that no decoder of JSON makes
}

// jsonObject shares what is in m, and m. known is what it is to be replaced by, or
// nil.
func (w *walk) jsonObject(s *site, m map[string]any) (known map[string]any, sum uint64, whole bool) {
	switch {
	case m == nil:
		return nil, mix(idObject, sumNil), true
	case len(m) == 0:
		return nil, mix(idObject, sumEmpty), true
	case !w.down():
		return nil, 0, false
	}
	defer w.up()
	whole = true
	for key, value := range m {
		var at *site
		if isPart(value) {
			at = w.json.of(&w.json.members, key)
		}
		known, sumOf, ok := w.value(at, key, value)
		if known != nil {
			m[key] = known
		}
		sum += mix(maphash.String(w.table.seed, key), sumOf)
		whole = whole && ok
	}
	sum = mix(idObject, sum)
	return w.objectPart(s, m, sum, whole), sum, whole
}

// isPart reports whether v is an object or an array: only those have sites.
func isPart(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// objectPart is part for an object.
func (w *walk) objectPart(s *site, m map[string]any, sum uint64, whole bool) (known map[string]any) {
	if !w.stringsOnly && whole && s.open() {
		if at := w.table.find(sum, idObject, 0); at != nil {
			if known := objectAt(at); equalJSON(known, m) {
				w.table.again(sum)
				s.hits++
				return known
			}
		}
		w.wordsOfObject(m)
		w.table.enter(sum, idObject, objectAddress(m), 0)
		return nil
	}
	w.wordsOfObject(m)
	return nil
}

func (w *walk) jsonArray(s *site, name string, a []any) (known []any, sum uint64, whole bool) {
	switch {
	case a == nil:
		return nil, mix(idArray, sumNil), true
	case len(a) == 0:
		return nil, mix(idArray, sumEmpty), true
	case !w.down():
		return nil, 0, false
	}
	defer w.up()
	sum, whole = idArray, true
	for i, value := range a {
		var at *site
		if isPart(value) {
			at = w.json.of(&w.json.elements, name)
		}
		known, sumOf, ok := w.value(at, name, value)
		if known != nil {
			a[i] = known
		}
		sum = mix(sum, sumOf)
		whole = whole && ok
	}
	return w.arrayPart(s, a, sum, whole), sum, whole
}

// arrayPart is part for an array.
func (w *walk) arrayPart(s *site, a []any, sum uint64, whole bool) (known []any) {
	if w.stringsOnly {
		w.wordsOfArray(a)
		return nil
	}
	open := whole && uint64(len(a)) <= math.MaxUint32 && s.open()
	if open {
		if at := w.table.find(sum, idArray, len(a)); at != nil {
			if known := arrayAt(at, len(a)); equalJSON(known, a) {
				w.table.again(sum)
				s.hits++
				return known
			}
		}
	}
	if !open && (cap(a)-len(a))*8 < cap(a) {
		w.wordsOfArray(a)
		return nil
	}
	own := make([]any, len(a))
	copy(own, a)
	w.wordsOfArray(own)
	if open {
		w.table.enter(sum, idArray, arrayAddress(own), len(own))
	}
	return own
}

func (w *walk) wordsOfObject(m map[string]any) {
	for key, value := range m {
		k, v := w.table.word(key), w.wordOf(value)
		if moved(k, key) || v != nil {
			if v == nil {
				v = value
			}
			m[k] = v
		}
	}
}

func (w *walk) wordsOfArray(a []any) {
	for i, value := range a {
		if v := w.wordOf(value); v != nil {
			a[i] = v
		}
	}
}

// wordOf returns the string to replace v by, or nil.
func (w *walk) wordOf(v any) any {
	if is, ok := v.(string); ok {
		if word := w.table.word(is); moved(word, is) {
			return word
		}
	}
	return nil
}
