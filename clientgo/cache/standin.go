package cache

import (
	"context"
	"errors"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// standIn is the Reflector that watch error handlers are given: their type
// names client-go's, a struct with unexported fields. It has name, type
// description and version of the reflector that it stands for. Nothing can set
// the version but a list, so it is given an empty one.
type standIn struct {
	*ListWatch
	reflector *Reflector
	version   string
}

// errStandIn is the answer to the watch that follows the list.
var errStandIn = errors.New("this Reflector stands in for one of another type, and watches nothing")

func newStandIn(name, description string) *standIn {
	s := &standIn{}
	s.ListWatch = &ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			return &metav1.PartialObjectMetadataList{ListMeta: metav1.ListMeta{ResourceVersion: s.version}}, nil
		},
		WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) { return nil, errStandIn },
	}
	silent := logr.Discard()
	s.reflector = upstream.NewReflectorWithOptions(s, nil, upstream.NewStore(upstream.MetaNamespaceKeyFunc), upstream.ReflectorOptions{
		Name: name, TypeDescription: description, Logger: &silent,
	})
	return s
}

// IsWatchListSemanticsUnSupported keeps the Reflector from asking for a stream.
func (*standIn) IsWatchListSemanticsUnSupported() bool { return true }

// at returns the Reflector at version.
func (s *standIn) at(version string) *Reflector {
	if s.reflector.LastSyncResourceVersion() != version {
		s.version = version
		_ = s.reflector.ListAndWatchWithContext(klog.NewContext(background(), logr.Discard())) // errStandIn
	}
	return s.reflector
}
