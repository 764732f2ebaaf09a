package union

import (
	"context"
	"errors"
	"fmt"

	"github.com/informant-go/informant/object"
)

// intake is the sink of one query's Reflector, which calls it from one goroutine. It
// hands on, in turn with the others, what the sink of the Runner has not got.
type intake[T any] struct {
	*session[T]
	query *query[T]
	list  *list[T] // nil while none is open
}

// list is an open list of one query.
type list[T any] struct {
	// direct says that it is the first one of the start, which goes into the sink's
	// open list page by page. Of any other, what the sink has not got is kept until
	// the list is complete.
	direct bool
	kept   []item[T]

	// seen are the entries that the query holds and the list has.
	seen map[*entry[T]]struct{}
}

// item is an object with what user code said of it.
type item[T any] struct {
	obj          T
	key, version string
}

// errBehind is why the first list of a query that came later is not taken: the others
// are further, and WaitFor would have promised that this one is, too.
var errBehind = errors.New("the list is older than what the other queries have reached: the server's cache lags, the list is asked for again")

// read asks for key and version, under no lock. The error is an *object.RefusedError.
func (in *intake[T]) read(op string, obj T) (item[T], error) {
	key, err := in.r.access.Key(obj)
	if err != nil {
		return item[T]{}, in.refused(op, item[T]{obj: obj}, err)
	}
	return item[T]{obj, key, in.r.access.Version(obj)}, nil
}

// refused makes err one about an object, which a sink's best is already.
func (in *intake[T]) refused(op string, it item[T], err error) error {
	if errors.As(err, new(*object.RefusedError)) {
		return err
	}
	return &object.RefusedError{By: "union: " + in.r.opts.Name, Op: op, Type: fmt.Sprintf("%T", it.obj), Key: it.key, Err: err}
}

// take waits for the turn, which a query that Set took out does not get.
func (in *intake[T]) take(ctx context.Context) error {
	err := in.session.take(ctx)
	if err == nil && in.query.removed {
		in.pass()
		err = context.Canceled
	}
	return err
}

// Begin opens a list of the query.
func (in *intake[T]) Begin(ctx context.Context) error {
	in.Abort()
	if err := in.take(ctx); err != nil {
		return err
	}
	defer in.pass()
	in.list = &list[T]{direct: in.starting && !in.query.listed, seen: make(map[*entry[T]]struct{})}
	return nil
}

// Page takes the next objects of the list.
func (in *intake[T]) Page(ctx context.Context, objects []T) error {
	items := make([]item[T], 0, len(objects))
	var refused []error
	for _, obj := range objects {
		it, err := in.read("Page", obj)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		items = append(items, it)
	}
	if err := in.take(ctx); err != nil {
		return err
	}
	defer in.pass()
	for _, it := range items {
		if !in.list.direct {
			in.note(it)
		} else if err := in.put(ctx, it); err != nil {
			refused = append(refused, in.refused("Page", it, err))
		}
	}
	return errors.Join(refused...)
}

// note keeps an object of the list, unless the sink has that state.
func (in *intake[T]) note(it item[T]) {
	e := in.ledger.entries[it.key]
	if e != nil && in.ledger.same(e, it.version) {
		e.hold(in.query)
	} else {
		in.list.kept = append(in.list.kept, it)
	}
	if e != nil && e.held(in.query) {
		in.list.seen[e] = struct{}{}
	}
}

// Commit ends the list, at once for the other queries: what it does not have and only
// this one held is deleted, what it has kept is handed on.
func (in *intake[T]) Commit(ctx context.Context, version string) error {
	if err := in.take(ctx); err != nil {
		return err
	}
	defer in.pass()
	q := in.query
	if !q.listed && !in.starting && in.ledger.older(version, in.told) {
		return errBehind
	}
	if in.ledger.older(version, q.version) {
		in.end(errWentBack)
		return in.ctx.Err()
	}
	refused, err := in.settle(ctx)
	if err != nil {
		return err
	}
	in.list, q.listed = nil, true
	in.reach(q, version)
	signal(in.news)
	return errors.Join(refused...)
}

// settle brings the list into the sink, what is gone first. refused has an error for
// each object that the sink did not take; the query does not hold it then.
func (in *intake[T]) settle(ctx context.Context) (refused []error, err error) {
	if in.list.direct {
		return nil, nil
	}
	if err := in.release(ctx, in.query, in.list.seen); err != nil {
		return nil, err
	}
	for _, it := range in.list.kept {
		err := in.put(ctx, it)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			continue
		}
		refused = append(refused, in.refused("Commit", it, err))
		if err := in.gone(ctx, in.query, it.key); err != nil {
			return nil, err
		}
	}
	return refused, nil
}

// Abort drops the open list. What of it is in the sink's open list is taken out.
func (in *intake[T]) Abort() {
	list := in.list
	in.list = nil
	if list == nil || !list.direct || in.take(in.ctx) != nil {
		return
	}
	defer in.pass()
	if err := in.release(in.ctx, in.query, nil); err != nil && in.ctx.Err() == nil {
		in.end(in.r.about(in.query.name, err))
	}
}

// Add takes an object that was created.
func (in *intake[T]) Add(ctx context.Context, obj T) error { return in.event(ctx, "Add", obj) }

// Update takes the new state of an object.
func (in *intake[T]) Update(ctx context.Context, obj T) error { return in.event(ctx, "Update", obj) }

// Delete takes the last state of an object.
func (in *intake[T]) Delete(ctx context.Context, obj T) error { return in.event(ctx, "Delete", obj) }

func (in *intake[T]) event(ctx context.Context, op string, obj T) error {
	it, err := in.read(op, obj)
	if err != nil {
		return err
	}
	if err := in.take(ctx); err != nil {
		return err
	}
	defer in.pass()
	if op == "Delete" {
		err = in.delete(ctx, it)
	} else {
		err = in.put(ctx, it)
	}
	if err == nil {
		in.reach(in.query, it.version)
	}
	return err
}

// Bookmark notes how far the query is.
func (in *intake[T]) Bookmark(ctx context.Context, version string) error {
	if err := in.take(ctx); err != nil {
		return err
	}
	defer in.pass()
	if in.ledger.older(version, in.query.version) {
		in.end(errWentBack)
		return in.ctx.Err()
	}
	in.reach(in.query, version)
	return nil
}

// put hands a state on, unless it is an old one.
func (in *intake[T]) put(ctx context.Context, it item[T]) error {
	e := in.ledger.entries[it.key]
	if in.ledger.old(e, in.query, it.version) {
		e.hold(in.query)
		return nil
	}
	var err error
	switch {
	case in.starting:
		err = in.sink.Page(ctx, []T{it.obj})
	case e == nil || !e.shown:
		err = in.sink.Add(ctx, it.obj)
	default:
		err = in.sink.Update(ctx, it.obj)
	}
	if err == nil {
		in.ledger.handed(it.key, in.query, it.version)
	}
	return err
}

// delete hands on that an object is gone, unless another query holds it.
func (in *intake[T]) delete(ctx context.Context, it item[T]) error {
	e := in.ledger.entries[it.key]
	if e == nil || !e.held(in.query) {
		return nil
	}
	if e.shown && e.alone(in.query) {
		var err error
		if in.starting || in.ledger.stale(e, in.query, it.version) {
			err = in.sink.DeleteKey(ctx, it.key)
		} else {
			err = in.sink.Delete(ctx, it.obj)
		}
		if err != nil {
			return err
		}
	}
	in.drop(in.query, it.key, e, it.version)
	return nil
}

// gone notes that q does not hold a key any more, and deletes what only q held.
func (s *session[T]) gone(ctx context.Context, q *query[T], key string) error {
	e := s.ledger.entries[key]
	if e == nil || !e.held(q) {
		return nil
	}
	if e.shown && e.alone(q) {
		if err := s.sink.DeleteKey(ctx, key); err != nil {
			return err
		}
	}
	s.drop(q, key, e, "")
	return nil
}

// drop notes that q does not hold e any more.
func (s *session[T]) drop(q *query[T], key string, e *entry[T], version string) {
	e.drop(q)
	if e.one == nil {
		s.ledger.bury(key, e, version)
	}
}

// release is gone for all that q holds and keep does not have.
func (s *session[T]) release(ctx context.Context, q *query[T], keep map[*entry[T]]struct{}) error {
	for _, key := range s.ledger.wanted(q, keep) {
		if err := s.gone(ctx, q, key); err != nil {
			return err
		}
	}
	return nil
}
