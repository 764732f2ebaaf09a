package watchcheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

type partial = metav1.PartialObjectMetadata

func thing(name, version string) *partial {
	return &partial{
		TypeMeta:   metav1.TypeMeta{Kind: "Thing", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, ResourceVersion: version, Labels: map[string]string{"l": name}},
	}
}

// script is a source of a list and some events.
func script() *reflector.ListWatch[*partial] {
	return &reflector.ListWatch[*partial]{
		ListFunc: func(context.Context, metav1.ListOptions) (reflector.List[*partial], error) {
			return reflector.List[*partial]{ListMeta: metav1.ListMeta{ResourceVersion: "7"}, Items: []*partial{thing("a", "5")}}, nil
		},
		WatchFunc: func(context.Context, metav1.ListOptions) (reflector.Stream[*partial], error) {
			return reflector.FromWatch[*partial](events()), nil
		},
	}
}

// events is a watch that brings a change, what is no object of the type, a deletion
// and a bookmark.
func events() watch.Interface {
	w := watch.NewFakeWithChanSize(4, false)
	w.Modify(thing("a", "8"))
	w.Add(&metav1.PartialObjectMetadataList{})
	w.Delete(thing("a", "9"))
	w.Action(watch.Bookmark, thing("", "12"))
	w.Stop()
	return w
}

// noted is what a watch brought, without digests.
func noted(all []Delivery) (brought []string) {
	for _, d := range all {
		brought = append(brought, d.String())
	}
	return brought
}

var brought = []string{"MODIFIED n/a at 8", "ERROR  at 0", "DELETED n/a at 9", "BOOKMARK  at 12"}

// What passes between a source and a reflector is noted and handed on as it is, and
// so is what is given to a sink.
func TestASourceAndASinkAreNoted(t *testing.T) {
	ctx := t.Context()
	l := NewLog("test", nil, nil)
	lw, to := Source(l, script()), Sink[*partial](l, nil)
	err := errors.Join(to.Begin(ctx), to.Page(ctx, []*partial{thing("a", "4")}))
	m, listErr := lw.List(ctx, metav1.ListOptions{}, func(p reflector.Part[*partial]) error { return to.Page(ctx, p.Items) })
	err = errors.Join(err, listErr, to.Commit(ctx, m.ResourceVersion))
	if err != nil || len(l.lists) != 1 || l.lists[0].Version != 7 || l.lists[0].Items[0].Version != 5 || l.lists[0].Items[0].Labels["l"] != "a" {
		t.Errorf("%v; lists: %+v", err, l.lists)
	}
	st, err := lw.Watch(ctx, metav1.ListOptions{ResourceVersion: "7"})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil || errors.As(err, new(*reflector.DecodeError)) {
		_, err = st.Next()
	}
	st.Close()
	if !errors.Is(err, io.EOF) || l.watches[0].From != 7 || !l.watches[0].ended {
		t.Errorf("%v; %+v", err, l.watches[0])
	}
	if diff := cmp.Diff(brought, noted(l.watches[0].Deliveries)); diff != "" {
		t.Errorf("-brought +noted:\n%s", diff)
	}

	err = errors.Join(to.Add(ctx, thing("b", "8")), to.Update(ctx, thing("b", "9")), to.Delete(ctx, thing("b", "10")), to.Bookmark(ctx, "11"))
	to.Abort()
	seg := l.sessions[0].segments[0]
	if err != nil || len(seg.list.Items) != 1 || seg.list.Items[0].Version != 5 {
		t.Errorf("%v; the sink's list: %+v", err, seg.list)
	}
	if diff := cmp.Diff([]string{"ADDED n/b at 8", "MODIFIED n/b at 9", "DELETED n/b at 10", "BOOKMARK  at 11"}, noted(seg.watch.Deliveries)); diff != "" {
		t.Errorf("-given +noted:\n%s", diff)
	}
	if err := l.Await(ctx, "11"); err != nil {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := l.Await(gone, "12"); !errors.Is(err, context.Canceled) {
		t.Errorf("Await of what does not come: %v", err)
	}
	var report strings.Builder
	l.Report(func(format string, args ...any) { fmt.Fprintf(&report, format+"\n", args...) })
	const want = "test: 1 lists, and the watches:\ntest: watch 1: from 7, 4 deliveries, the last BOOKMARK  at 12; ended\n"
	if report.String() != want {
		t.Errorf("the report is %q", report.String())
	}
}

// The same holds for functions and a store of client-go.
func TestForeignFunctionsAndAStoreAreNoted(t *testing.T) {
	ctx := t.Context()
	l := NewLog("test", nil, nil)
	list := Lists(l, func(context.Context, metav1.ListOptions) (runtime.Object, error) {
		return &metav1.PartialObjectMetadataList{ListMeta: metav1.ListMeta{ResourceVersion: "7"}, Items: []partial{*thing("a", "5")}}, nil
	})
	if _, err := list(ctx, metav1.ListOptions{}); err != nil || len(l.lists) != 1 || l.lists[0].Items[0].Key != "n/a" {
		t.Errorf("%v; lists: %+v", err, l.lists)
	}
	open := Watches(l, func(context.Context, metav1.ListOptions) (watch.Interface, error) { return events(), nil })
	for _, stop := range []int{-1, 1} { // after how many events it is stopped
		w, err := open(ctx, metav1.ListOptions{ResourceVersion: "7"})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for range w.ResultChan() {
			if n++; n == stop {
				w.Stop()
			}
		}
		w.Stop()
	}
	if diff := cmp.Diff(brought, noted(l.watches[0].Deliveries)); diff != "" || !l.watches[0].ended {
		t.Errorf("-brought +noted:\n%s", diff)
	}

	s := NewStore(l)
	err := errors.Join(s.Replace([]any{thing("a", "5")}, "7"), s.Add(thing("b", "8")), s.Update(thing("b", "9")), s.Delete(thing("b", "10")), s.Bookmark("11"), s.Resync())
	seg := l.sessions[0].segments[0]
	if err != nil || seg.list.Version != 7 || len(seg.watch.Deliveries) != 4 {
		t.Errorf("%v; %+v, %v", err, seg.list, noted(seg.watch.Deliveries))
	}
	if s.Add("a string") == nil || s.Replace([]any{1}, "8") == nil {
		t.Error("what is no object is taken")
	}
}

// The digest is of the contents, whatever the version and the way.
func TestTheDigestIsOfTheContents(t *testing.T) {
	a, b := thing("a", "1"), thing("a", "2")
	b.Kind, b.APIVersion = "", ""
	if Digest(a) != Digest(b) {
		t.Error("version and kind make a difference")
	}
	b.Labels["l"] = "other"
	if Digest(a) == Digest(b) {
		t.Error("labels make none")
	}
}
