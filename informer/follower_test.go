package informer

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/informant-go/informant/reflector"
)

// order is a Sink that writes down what kind of things it is given, and of how many in
// a row.
type order struct {
	ops []string
	n   []int
}

func (o *order) note(op string, n int) error {
	if last := len(o.ops) - 1; last < 0 || o.ops[last] != op {
		o.ops, o.n = append(o.ops, op), append(o.n, 0)
	}
	o.n[len(o.n)-1] += n
	return nil
}

func (o *order) Begin(context.Context) error                 { return o.note("begin", 1) }
func (o *order) Page(_ context.Context, items []item) error  { return o.note("page", len(items)) }
func (o *order) Commit(_ context.Context, rv string) error   { return o.note("commit "+rv, 1) }
func (o *order) Abort()                                      {}
func (o *order) Add(context.Context, item) error             { return o.note("add", 1) }
func (o *order) Update(context.Context, item) error          { return o.note("update", 1) }
func (o *order) Delete(context.Context, item) error          { return o.note("delete", 1) }
func (o *order) DeleteKey(context.Context, string) error     { return o.note("delete unseen", 1) }
func (o *order) Bookmark(_ context.Context, rv string) error { return o.note("bookmark "+rv, 1) }
func (o *order) String() string {
	var b strings.Builder
	for i, op := range o.ops {
		fmt.Fprintf(&b, "%s×%d ", op, o.n[i])
	}
	return strings.TrimSpace(b.String())
}

var _ reflector.KeyedSink[item] = (*order)(nil)

// G6: a view tells of a version when it has told of everything that leads there, also
// where that is more than it reads at once; and of nothing twice.
func TestAViewTellsOfAVersionLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 700
		in, source := scripted(t, Options[item]{})
		running(t, in)
		items := func(version int) (items []item) {
			for i := range many {
				items = append(items, newItem(fmt.Sprint("i", i), version))
			}
			return items
		}
		source.list(t, 5, items(1)...)
		ctx, cancel := context.WithCancel(t.Context())
		sink, ended := &order{}, make(chan error, 1)
		v := newView(in, func(obj item) bool { return obj.Name != "i0" })
		go func() { ended <- v.Run(ctx, sink) }()
		synctest.Wait() // the view has joined
		source.list(t, 9, items(6)...)
		source.list(t, 10, items(6)[:2]...)
		source.do(t, func(ctx context.Context, sink reflector.Sink[item]) error { return sink.Bookmark(ctx, "12") })
		source.do(t, func(ctx context.Context, sink reflector.Sink[item]) error { return sink.Bookmark(ctx, "12") })
		cancel()
		if err := <-ended; err != context.Canceled {
			t.Errorf("Run returned %v", err)
		}
		want := "begin×1 page×699 commit 5×1 update×699 bookmark 9×1 delete unseen×698 bookmark 10×1 bookmark 12×1"
		if got := sink.String(); got != want {
			t.Errorf("the sink was given %s, want %s", got, want)
		}
		if n := len(in.processor.followers); n != 0 {
			t.Errorf("%d followers are left", n)
		}
	})
}
