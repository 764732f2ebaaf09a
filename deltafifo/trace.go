package deltafifo

// last is what the consumer was told last of a key.
type last[T any] struct {
	obj  T
	gone bool
}

func lastOf[T any](d *Delta[T]) last[T] {
	return last[T]{obj: d.Object, gone: d.Type == Deleted}
}

// trace records what the consumer is handed while a producer reads the known
// objects, which it does outside the lock. For a key that is not in the trace
// nothing has changed since the trace began, so what was read is right; for
// one that is, the trace knows better. Together they are the known objects as
// of the moment when the producer takes the lock again (F2, F5).
type trace[T any] struct {
	keys []string // in the order in which they were handed out first
	last map[string]last[T]
}

func (t *trace[T]) record(key string, l last[T]) {
	if t.last == nil {
		t.last = make(map[string]last[T])
	}
	if _, ok := t.last[key]; !ok {
		t.keys = append(t.keys, key)
	}
	t.last[key] = l
}

func (t *trace[T]) has(key string) bool {
	_, ok := t.last[key]
	return ok
}
