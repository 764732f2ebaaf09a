package listwatch

import (
	"context"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Wired is a ListerWatcher of client-go that can do without client-go's decoders: asked by
// these methods it sends the requests that its List and Watch would send, and hands on the
// same objects.
type Wired interface {
	// ListOver is reflector.ListerWatcher's List. If handled is false, nothing was handed
	// on, the other results are zero, and List is to be asked.
	ListOver(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[any]) error) (about metav1.ListMeta, handled bool, err error)

	// WatchOver is reflector.ListerWatcher's Watch. If handled is false, the other results
	// are zero, and Watch is to be asked.
	WatchOver(ctx context.Context, opts metav1.ListOptions) (stream reflector.Stream[any], handled bool, err error)

	// Wire names what brings the objects now: WireProtobuf, WireJSON, WireClient, or
	// WireUnknown before the first answer.
	Wire() string
}

// The names that Wire returns.
const (
	WireProtobuf = "protobuf"
	WireJSON     = "json"
	WireClient   = "client"
	WireUnknown  = "unknown"
)
