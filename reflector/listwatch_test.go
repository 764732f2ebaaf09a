package reflector

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
)

type meta1 = metav1.PartialObjectMetadata

func partial(name, version string) *meta1 {
	return &meta1{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, ResourceVersion: version}}
}

// R4: whatever comes out of an apimachinery watch becomes a typed event or an
// error that says what it was.
func TestFromWatchTypesWhatComes(t *testing.T) {
	end := partial("", "9")
	end.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
	badFrame := apierrors.NewClientErrorReporter(500, "GET", string(clientWatchDecoding)).AsObject(errors.New("bad frame"))
	w := watch.NewFakeWithChanSize(20, false)
	w.Add(partial("a", "1"))
	w.Delete(partial("a", "2"))
	w.Action(watch.Bookmark, partial("", "8"))
	w.Action(watch.Bookmark, end)
	w.Modify(&metav1.APIGroup{})
	w.Modify(&unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "u", "resourceVersion": "4"}}})
	w.Action("RENAMED", partial("a", "5"))
	w.Error(&errGone.ErrStatus)
	w.Error(badFrame)
	w.Action(watch.Error, nil)

	s := FromWatch[*meta1](w)
	var got []string
	for range 10 {
		e, err := s.Next()
		got = append(got, tell(e, err))
	}
	want := []string{
		"ADDED ns/a 1", "DELETED ns/a 2", "BOOKMARK 8", "BOOKMARK 9 end",
		"undecodable  @: a *v1.APIGroup has no metadata",
		"undecodable u @4 MODIFIED: it is a *unstructured.Unstructured",
		`undecodable  @: the event has the unknown type "RENAMED"`,
		"Expired", "undecodable  @: ", "InternalError",
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("%d: got %q, want %q", i, got[i], want[i])
		}
	}

	s.Close()
	s.Close()
	if _, err := s.Next(); err != io.EOF {
		t.Errorf("after Close, Next returned %v", err)
	}
	if !w.IsStopped() {
		t.Error("the watch is not stopped")
	}
}

func tell(e Event[*meta1], err error) string {
	var bad *DecodeError
	switch {
	case errors.As(err, &bad):
		s := "undecodable " + bad.Key + " @" + bad.ResourceVersion
		if bad.Event != "" {
			s += " " + string(bad.Event)
		}
		return s + ": " + bad.Err.Error()
	case err != nil:
		return string(apierrors.ReasonForError(err))
	case e.Type == watch.Bookmark && e.InitialEventsEnd:
		return "BOOKMARK " + e.ResourceVersion + " end"
	case e.Type == watch.Bookmark:
		return "BOOKMARK " + e.ResourceVersion
	}
	return string(e.Type) + " " + keyOf(e.Object.Namespace, e.Object.Name) + " " + e.ResourceVersion
}

func TestCloseEndsANextThatWaits(t *testing.T) {
	s := FromWatch[*meta1](watch.NewFake())
	done := make(chan error)
	go func() {
		_, err := s.Next()
		done <- err
	}()
	s.Close()
	if err := <-done; err != io.EOF {
		t.Errorf("Next returned %v", err)
	}
}

func TestListWatchWithoutFunctionsSaysSo(t *testing.T) {
	for _, lw := range []*ListWatch[*thing]{nil, {}} {
		if _, err := lw.List(context.Background(), metav1.ListOptions{}, nil); err == nil || !strings.Contains(err.Error(), "ListFunc") {
			t.Errorf("List: %v", err)
		}
		if _, err := lw.Watch(context.Background(), metav1.ListOptions{}); err == nil || !strings.Contains(err.Error(), "WatchFunc") {
			t.Errorf("Watch: %v", err)
		}
	}
	lw := &ListWatch[*thing]{WatchFunc: func(context.Context, metav1.ListOptions) (Stream[*thing], error) { return nil, nil }}
	if _, err := lw.Watch(context.Background(), metav1.ListOptions{}); err == nil {
		t.Error("Watch returned neither stream nor error")
	}
	if WatchOf[*thing](nil) != nil {
		t.Error("WatchOf(nil) is a function")
	}
	nothing := WatchOf[*meta1](func(context.Context, metav1.ListOptions) (watch.Interface, error) { return nil, nil })
	if _, err := nothing(context.Background(), metav1.ListOptions{}); err == nil {
		t.Error("a nil watch is no error")
	}
}
