package object

// wordsOf shares the strings of a part: those of its elements, not those of parts
// below it.
func (w *walk) wordsOf(sh *shape, v spot) {
	switch sh.kind {
	case kindPointer:
		w.words(sh.elem.shape, v.target())
	case kindList:
		for i := range v.length(sh.kind) {
			w.words(sh.elem.shape, v.target().plus(uintptr(i)*sh.elem.shape.bytes))
		}
	case kindTextDict:
		w.wordsOfTexts(*v.textDict())
	case kindDict:
		if sh.elem.shape.copies {
			w.wordsOfEntries(sh, v)
		}
	}
}

// words shares the strings in v that are in no part.
func (w *walk) words(sh *shape, v spot) {
	switch sh.kind {
	case kindText:
		if word := w.table.word(*v.text()); moved(word, *v.text()) {
			*v.text() = word
			w.replaced++
		}
	case kindStructure:
		for i := range sh.fields {
			w.words(sh.fields[i].shape, v.plus(sh.fields[i].offset))
		}
	case kindArray:
		for i := range sh.typ.Len() {
			w.words(sh.elem.shape, v.plus(uintptr(i)*sh.elem.shape.bytes))
		}
	case kindSomething:
		if word := w.wordOf(*v.any()); word != nil {
			*v.any() = word
			w.replaced++
		}
	}
}

// wordsOfTexts relies on an assignment to a map replacing the key by the equal one.
// Were that to change, keys would not be shared, and nothing else would differ.
func (w *walk) wordsOfTexts(m map[string]string) {
	for key, value := range m {
		k, v := w.table.word(key), w.table.word(value)
		if moved(k, key) || moved(v, value) {
			m[k] = v
		}
	}
}

func (w *walk) wordsOfEntries(sh *shape, v spot) {
	m, e := v.value(sh.typ), newEntry(sh)
	for i := m.MapRange(); i.Next(); {
		e.read(i)
		before := w.replaced
		w.words(sh.elem.shape, e.elemSpot)
		if word := w.table.word(*e.keySpot.text()); moved(word, *e.keySpot.text()) || w.replaced != before {
			*e.keySpot.text() = word
			m.SetMapIndex(e.key, e.elem)
		}
	}
}
