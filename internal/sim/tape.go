package sim

import (
	"context"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/internal/watchcheck"
	"github.com/informant-go/informant/reflector"
)

// taped is a queue that writes down what its producer hands over. The informer
// gets the reflector itself, so that it can ask for its Status.
type taped struct {
	deltafifo.Queue[*Job]
	front reflector.Sink[*Job]
}

// tape puts a tape before the queue of a run that begins.
func (w *world) tape(q deltafifo.Queue[*Job]) deltafifo.Queue[*Job] {
	w.source.runs()
	w.lines.runs()
	w.kept.anew()
	return taped{q, w.mutant.to(&tape{sink: watchcheck.Sink[*Job](w.wire, q), w: w})}
}

func (t taped) Begin(ctx context.Context) error                  { return t.front.Begin(ctx) }
func (t taped) Page(ctx context.Context, items []*Job) error     { return t.front.Page(ctx, items) }
func (t taped) Commit(ctx context.Context, version string) error { return t.front.Commit(ctx, version) }
func (t taped) Abort()                                           { t.front.Abort() }
func (t taped) Add(ctx context.Context, j *Job) error            { return t.front.Add(ctx, j) }
func (t taped) Update(ctx context.Context, j *Job) error         { return t.front.Update(ctx, j) }
func (t taped) Delete(ctx context.Context, j *Job) error         { return t.front.Delete(ctx, j) }
func (t taped) Bookmark(ctx context.Context, version string) error {
	return t.front.Bookmark(ctx, version)
}

// tape is a sink that writes down what it is handed. While our process stands
// still its methods wait.
type tape struct {
	sink reflector.Sink[*Job]
	w    *world
}

func (t *tape) Begin(ctx context.Context) error {
	t.w.source.gate.pass()
	t.w.kept.begin()
	err := t.sink.Begin(ctx)
	t.w.journal.note("sink", "Begin%s", failure(err))
	return err
}

func (t *tape) Page(ctx context.Context, items []*Job) error {
	t.w.source.gate.pass()
	n := len(items) // the sink may change the slice
	t.w.kept.page(n)
	err := t.sink.Page(ctx, items)
	t.w.journal.note("sink", "Page of %d%s", n, failure(err))
	return err
}

func (t *tape) Commit(ctx context.Context, version string) error {
	t.w.source.gate.pass()
	before := t.w.informer.Indexer().ListKeys()
	err := t.sink.Commit(ctx, version)
	if err == nil {
		t.w.kept.commit(before)
		t.w.source.took()
	}
	t.w.journal.note("sink", "Commit at %q%s", version, failure(err))
	return err
}

func (t *tape) Abort() {
	t.sink.Abort()
	t.w.journal.note("sink", "Abort")
}

func (t *tape) Add(ctx context.Context, j *Job) error {
	return t.event(ctx, "Add", j, t.sink.Add)
}

func (t *tape) Update(ctx context.Context, j *Job) error {
	return t.event(ctx, "Update", j, t.sink.Update)
}

func (t *tape) Delete(ctx context.Context, j *Job) error {
	return t.event(ctx, "Delete", j, t.sink.Delete)
}

func (t *tape) event(ctx context.Context, op string, j *Job, tell func(context.Context, *Job) error) error {
	t.w.source.gate.pass()
	key, name, version := keyOf(j), j.Name, j.ResourceVersion // the object becomes the sink's
	err := tell(ctx, j)
	t.w.kept.event(key, err != nil)
	t.w.journal.note("sink", "%s %s@%s%s", op, name, version, failure(err))
	if err != nil && ctx.Err() == nil {
		t.w.source.witness(sawRefusedObject)
	}
	return err
}

func (t *tape) Bookmark(ctx context.Context, version string) error {
	t.w.source.gate.pass()
	err := t.sink.Bookmark(ctx, version)
	t.w.journal.note("sink", "Bookmark %q%s", version, failure(err))
	return err
}

// failure is err as the end of a line.
func failure(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}
