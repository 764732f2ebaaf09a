package informer_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// forbidden is a source that refuses everything until it is allowed.
func forbidden(allowed <-chan struct{}) *reflector.ListWatch[partial] {
	refusal := func(verb string) error {
		select {
		case <-allowed:
			return nil
		default:
			return apierrors.NewForbidden(schema.GroupResource{Resource: "widgets"}, "", errors.New("cannot "+verb))
		}
	}
	return &reflector.ListWatch[partial]{
		ListFunc: func(context.Context, metav1.ListOptions) (reflector.List[partial], error) {
			return reflector.List[partial]{ListMeta: metav1.ListMeta{ResourceVersion: "7"}}, refusal("list")
		},
		WatchFunc: reflector.WatchOf[partial](func(context.Context, metav1.ListOptions) (watch.Interface, error) {
			if err := refusal("watch"); err != nil {
				return nil, err
			}
			return watch.NewFake(), nil
		}),
		NoStreamedLists: true,
	}
}

// R5: who waits for an informer is told why it does not sync, and Status tells
// anyone at any time whether it is in step with its server.
func TestAnInformerThatDoesNotSyncSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		allowed := make(chan struct{})
		in, err := informer.New(forbidden(allowed), informer.Options[partial]{Name: "widgets", Reflector: reflector.Options{Source: "/apis/example.io/v1/widgets", OnError: func(context.Context, error) {}}})
		if err != nil {
			t.Fatal(err)
		}
		handler, err := in.AddHandler(informer.HandlerFuncs[partial]{}, informer.HandlerOptions{Name: "h"})
		if err != nil {
			t.Fatal(err)
		}
		says := func(after time.Duration, text string) {
			t.Helper()
			ctx, cancel := context.WithTimeout(context.Background(), after)
			defer cancel()
			err := informer.WaitForSync(ctx, in, handler)
			if err == nil || strings.Count(err.Error(), text) != 1 || !strings.Contains(err.Error(), "widgets, h (") {
				t.Errorf("WaitForSync returned %v, want %q once for both", err, text)
			}
		}
		says(time.Second, "call Run")

		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- in.Run(ctx) }()
		says(time.Minute, "cannot list")
		s := in.Status().Source
		if s == nil || s.InStep || !strings.Contains(s.Cause.Error(), "cannot list") || s.Source != "/apis/example.io/v1/widgets" || !s.LastContact.IsZero() || s.LastError == nil {
			t.Errorf("the status of the source is %+v", s)
		}

		close(allowed)
		if err := informer.WaitForSync(ctx, in, handler); err != nil {
			t.Error(err)
		}
		if err := errors.Join(in.Unsynced(), handler.Unsynced()); err != nil {
			t.Errorf("synced, and still there is a reason why not: %v", err)
		}
		synctest.Wait() // the watch is open
		if s := in.Status().Source; !s.InStep || s.Cause != nil || s.Phase != "watching" || !s.Synced || s.ResourceVersion != "7" {
			t.Errorf("the status of the source is %+v", s)
		}
		cancel()
		<-done
		if s := in.Status().Source; s.Running || s.InStep {
			t.Errorf("after the run the status of the source is %+v", s)
		}
	})
}
