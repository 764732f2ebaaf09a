package httpsource

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"github.com/informant-go/informant/internal/nils"
	"github.com/informant-go/informant/internal/watchdog"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	segment "k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion/queryparams"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// Client writes objects of one resource. It has the small writes of a controller and
// reads nothing: what there is, the cache says. NewClient makes one; the zero Client
// answers every call with an error. All methods may be called by several goroutines at
// once. It corresponds to the writes of client-go's typed and dynamic clients.
//
// Each call makes one request, as JSON, and never another: whether to try again is the
// caller's to say, best by a work queue. An object that is given is not changed, so it
// may be the cache's; one that is returned is new and the caller's. One that does not
// say its kind, as those of a typed cache, is sent with Config.Kind or, without that,
// with the name of its Go type. Its namespace is its own or, if it has none,
// Config.Namespace; it is an error if the two differ.
//
// A call ends with its context, and when the server is silent for Config.ReadSilence:
// whether the server has made the change is then not known. Where it says so and its
// answer cannot be used, or is larger than Config.MaxObjectBytes, the error says that.
// Errors of the server are or wrap *apierrors.StatusError, for apierrors.IsConflict and
// the like. All errors name method, URL and resource. They hold nothing of an object but
// its name and kind, unless the server quotes it: when it refuses an object as invalid,
// its reason may have values of the fields that it refuses.
type Client[T Object] struct {
	source Source[T] // for its config, codec and http.Client
}

// errZeroClient is what the zero Client answers.
var errZeroClient = errors.New("httpsource: the Client is the zero value: make one with NewClient")

// NewClient returns the Client of the resource that config describes, which may be that
// of a Source: selectors, and what is about lists and watches alone, are not used. The
// error says which field is missing or cannot be right. Nothing is sent yet.
func NewClient[T Object](config Config[T]) (*Client[T], error) {
	c := &Client[T]{}
	c.source.config = config
	if err := c.source.complete(); err != nil {
		return nil, fmt.Errorf("httpsource: NewClient for %s: %w", reflect.TypeFor[T](), err)
	}
	return c, nil
}

// Create creates obj and returns it as the server has stored it.
func (c *Client[T]) Create(ctx context.Context, obj T, opts metav1.CreateOptions) (T, error) {
	return c.store(ctx, http.MethodPost, obj, &opts)
}

// Update replaces an object by obj and returns it as the server has stored it. If obj
// has a resource version that is not the newest, the error is a conflict.
func (c *Client[T]) Update(ctx context.Context, obj T, opts metav1.UpdateOptions) (T, error) {
	return c.store(ctx, http.MethodPut, obj, &opts)
}

// UpdateStatus is Update for the status alone, of a resource that has one apart.
func (c *Client[T]) UpdateStatus(ctx context.Context, obj T, opts metav1.UpdateOptions) (T, error) {
	return c.store(ctx, http.MethodPut, obj, &opts, "status")
}

// Patch applies data, a patch of the type pt, to an object, or to a subresource of it
// such as "status", and returns the object as the server has stored it. For
// types.ApplyYAMLPatchType opts need a FieldManager, and there may be no object yet.
func (c *Client[T]) Patch(ctx context.Context, name object.Name, pt types.PatchType, data []byte, opts metav1.PatchOptions, subresources ...string) (T, error) {
	return c.exchange(ctx, write{http.MethodPatch, name, subresources, &opts, string(pt), data})
}

// Delete deletes an object, or marks it as to be deleted if it has finalizers or a grace
// period. opts may say which state of it by Preconditions; another is a conflict.
func (c *Client[T]) Delete(ctx context.Context, name object.Name, opts metav1.DeleteOptions) error {
	opts.TypeMeta = metav1.TypeMeta{Kind: "DeleteOptions", APIVersion: "v1"}
	body, err := stdjson.Marshal(opts)
	if err != nil {
		return c.failed(http.MethodDelete, err)
	}
	answer, to, err := c.send(ctx, write{http.MethodDelete, name, nil, nil, jsonType, body})
	if status := statusIn(answer); err == nil && status != nil && status.Status != metav1.StatusSuccess {
		return to.failed(failureOf(status))
	}
	return err
}

// write is one request.
type write struct {
	method       string
	name         object.Name // without a Name it is about the collection
	subresources []string
	options      any // a pointer to what becomes the query, nil for none
	contentType  string
	body         []byte
}

// store sends obj.
func (c *Client[T]) store(ctx context.Context, method string, obj T, opts any, subresources ...string) (none T, err error) {
	body, err := c.encode(obj)
	if err != nil {
		return none, c.failed(method, err)
	}
	return c.exchange(ctx, write{method, object.NewName(obj.GetNamespace(), obj.GetName()), subresources, opts, jsonType, body})
}

// encode returns obj as JSON, with its kind.
func (c *Client[T]) encode(obj T) ([]byte, error) {
	codec := &c.source.codec
	switch {
	case nils.Is(obj):
		return nil, errors.New("the object is nil")
	case codec.partial:
		return nil, errors.New("metadata alone is no object to store: use Patch, or a Client of whole objects")
	}
	raw, err := stdjson.Marshal(obj)
	switch kind := obj.GetObjectKind().GroupVersionKind(); {
	case err != nil:
		return nil, fmt.Errorf("the object cannot be encoded, with a %T, whose words may quote it", err)
	case kind.Empty() && codec.kind != "" && raw[0] == '{':
		head := fmt.Appendf(nil, `{"kind":%q,"apiVersion":%q,`, codec.kind, codec.gv)
		return append(head, raw[1:]...), nil // it has metadata, so the comma is right
	case kind.Kind == "":
		return nil, errors.New("the object does not say its kind: set both kind and apiVersion, or neither and httpsource.Config.Kind")
	case !codec.matches(kind):
		return nil, otherKind(kind, codec.want())
	}
	return raw, nil
}

// exchange sends w and returns the object in the answer.
func (c *Client[T]) exchange(ctx context.Context, w write) (none T, err error) {
	body, to, err := c.send(ctx, w)
	if err != nil {
		return none, err
	}
	codec := &c.source.codec
	obj, err := codec.json.decode(body)
	if err == nil {
		err = codec.check(obj, codec.mustSay)
	}
	if err != nil {
		if status := statusIn(body); status != nil {
			return none, to.failed(statusInstead(status, "object"))
		}
		return none, to.failed(unusable(err))
	}
	if !codec.carries {
		obj.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	}
	return obj, nil
}

// unusable is err, about an answer that says success.
func unusable(err error) error {
	return fmt.Errorf("the server says that it has done it, and its answer cannot be used: %w", err)
}

// send sends w and returns the body of an answer that says success, and how errors name
// the request.
func (c *Client[T]) send(ctx context.Context, w write) ([]byte, target, error) {
	u, err := c.address(w)
	if err != nil {
		return nil, target{}, c.failed(w.method, err)
	}
	s, to := &c.source, target{w.method, shown(u), c.source.codec.target.resource}
	ctx, dog := watchdog.New(ctx, 0, s.config.ReadSilence, fmt.Errorf("%w (%v)", reflector.ErrSilent, s.config.ReadSilence))
	defer dog.Stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, w.method, u.String(), bytes.NewReader(w.body))
	if err != nil {
		return nil, to, to.failed(bare(err))
	}
	accept := jsonType
	if s.codec.partial {
		accept += metadataOfOne + "," + jsonType
	}
	req.Header = http.Header{"Accept": {accept}, "Content-Type": {w.contentType}, "User-Agent": {s.config.UserAgent}}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, to, to.failed(asCut(ctx, bare(err)))
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices || s.codec.dialectOf(resp) != &s.codec.json {
		defer time.AfterFunc(errorBodyTime, cancel).Stop()
		return nil, to, to.failed(statusError(resp, to))
	}
	dog.Got()
	body, err := io.ReadAll(io.LimitReader(&watchedReader{r: resp.Body, dog: dog}, int64(s.config.MaxObjectBytes)+1))
	if err == nil && len(body) > s.config.MaxObjectBytes {
		err = &tooLargeError{max: s.config.MaxObjectBytes}
	}
	if err != nil {
		return nil, to, to.failed(unusable(asCut(ctx, err)))
	}
	return body, to, nil
}

// address is where w is sent to.
func (c *Client[T]) address(w write) (*url.URL, error) {
	config := c.source.config // a copy
	if own := config.Namespace; w.name.Namespace != "" {
		if config.Namespace = w.name.Namespace; own != "" && own != config.Namespace {
			return nil, fmt.Errorf("the namespace is %q, and httpsource.Config.Namespace is %q: use a Client without one for objects of several", config.Namespace, own)
		}
		if err := checkScope(config.Namespace, "", ""); err != nil {
			return nil, fmt.Errorf("the namespace of the object: %w", err)
		}
	}
	parts := config.path()
	if w.method != http.MethodPost {
		for _, part := range append([]string{w.name.Name}, w.subresources...) {
			if part == "" || len(segment.IsPathSegmentName(part)) > 0 {
				return nil, fmt.Errorf("the name of an object, or of a subresource, is %.100q, which is none", part)
			}
			parts = append(parts, url.PathEscape(part))
		}
	}
	base, err := baseURL(config.BaseURL)
	if err != nil {
		return nil, err
	}
	base = base.JoinPath(parts...)
	query, err := queryparams.Convert(w.options)
	base.RawQuery = query.Encode()
	return base, err
}

// failed names what err is about, which was not sent.
func (c *Client[T]) failed(method string, err error) error {
	if c.source.client == nil {
		return errZeroClient
	}
	return target{method, c.source.URL(), c.source.codec.target.resource}.failed(err)
}
