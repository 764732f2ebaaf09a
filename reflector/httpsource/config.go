package httpsource

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion/queryparams"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// The defaults of Config.
const (
	DefaultMaxObjectBytes = 16 << 20
	DefaultMaxListBytes   = 32 << 30
	DefaultReadSilence    = 90 * time.Second
)

// maxDecoders is how many goroutines decode by default at most.
const maxDecoders = 8

// mostDecoders is how many there are at most, whatever Config.Decoders says.
const mostDecoders = 1 << 10

// Config says what to list and watch, and where. BaseURL, Version and
// Resource are required. New refuses what cannot be right and says which
// field to set.
type Config[T Object] struct {
	// Client sends the requests; its transport brings credentials and trust.
	// Its Timeout is not used: it would end every watch. Redirects are
	// followed to the same scheme, host and port only, since the transport
	// would send the credentials wherever they lead, and then only where its
	// CheckRedirect allows it too; one with a user name or password of its
	// own is refused. By default (nil) it is one with the settings of
	// http.DefaultTransport that asks idle HTTP/2 connections whether they
	// are alive. A transport for https should do
	// that too (http.Transport.HTTP2, SendPingTimeout and PingTimeout): all
	// requests share a connection there, and a watch that was cut because
	// the connection is dead would else be tried again on the same one.
	Client *http.Client

	// BaseURL is the address of the API server, such as
	// https://10.0.0.1:6443, with the path of a proxy if there is one. It
	// has neither the resource's path nor a query. Errors show it without
	// user name and password.
	BaseURL string

	// Group, Version and Resource name the resource; the core group is "",
	// Version has no group in it (v1, not apps/v1), Resource is the plural
	// in lower case, such as pods.
	Group, Version, Resource string

	// Namespace restricts it to a namespace, "" means all.
	Namespace string

	// LabelSelector and FieldSelector restrict it further, in the server's
	// syntax, which labels.Parse and fields.ParseSelector read.
	LabelSelector, FieldSelector string

	// Kind is what each object has to be; others are refused (R4). By
	// default it is the name of the Go type, as in apimachinery's Scheme,
	// upper and lower case being the same; for types whose objects carry
	// their kind, *unstructured.Unstructured and
	// *metav1.PartialObjectMetadata, any kind of the group and version will
	// do. Set it where the Go type is named otherwise than the kind. ListKind
	// is the kind of a list, by default Kind with List behind it.
	//
	// For *metav1.PartialObjectMetadata the server is asked for metadata alone
	// and answers with PartialObjectMetadata of meta.k8s.io/v1, or with whole
	// objects if it cannot; the objects are given Kind, if that is set.
	Kind, ListKind string

	// New makes an empty object to decode into. It is called by several
	// goroutines at once. By default it is a new value of what T points to.
	New func() T

	// MaxObjectBytes is the largest object that is decoded; a larger one is
	// refused (R4). By default 16 MiB.
	MaxObjectBytes int

	// MaxListBytes is the largest list, in bytes after decompression: all of
	// its pages together, or what a streamed list brings up to its end. A list
	// that is larger fails, nothing of it is stored, and the Reflector is out of
	// step (R5) until there is a smaller one. Of lists that are asked for at once
	// through one Source the pages may be counted one by one. By default 32 GiB,
	// some times as much as the 8 GiB that an etcd holds at most can be in JSON:
	// to lose a list that is right would be worse than to read one that is not.
	// Set it to what the program's memory allows; below 0 there is no limit.
	MaxListBytes int64

	// JSONOnly asks for JSON where a server may choose protobuf otherwise: for
	// types with protobuf of their own, as those of k8s.io/api, which take a
	// fraction of the time in it. It corresponds to a rest.Config whose
	// ContentType is application/json.
	JSONOnly bool

	// CBOR asks for CBOR before JSON, of types that have no protobuf: custom
	// resources, typed or not, which take less time in it. A type has to be a
	// runtime.Object for that. A list or its items within a tag of CBOR are refused
	// but for the one that servers send, which means nothing. A server speaks it with the
	// feature gate CBORServingAndStorage, alpha and off in Kubernetes 1.37; any
	// other answers in JSON, with the same objects but for numbers: 1.0 stays a
	// float64 in CBOR and comes as an int64 in JSON. It is off by default, as in
	// client-go, where the gate ClientsAllowCBOR corresponds to it.
	CBOR bool

	// Decoders is how many goroutines decode one answer when much of it comes
	// at once. Frames that come one by one are decoded by the goroutine that
	// waits for them, and so is everything with 1. By default it is
	// GOMAXPROCS at the time of the request, and 8 at most: more than that one
	// goroutine cannot supply. With one processor it is 1, where a second
	// goroutine would cost and bring nothing. There are 1,024 at most, whatever it
	// says. Each takes up to 384 KiB of what has come and is not handed on, all
	// together as much as one object where that is larger.
	Decoders int

	// ReadSilence is how long a list may bring not a single byte before it
	// is cut. By default 90 s, as a server gives up after 60. Watches are
	// cut by the Reflector.
	ReadSilence time.Duration

	// UserAgent is the name by which the server knows who asks. By default
	// "informant".
	UserAgent string
}

// complete checks the config, fills in its defaults and sets what is made of
// it.
func (s *Source[T]) complete() error {
	c := &s.config
	base, err := baseURL(c.BaseURL)
	if err != nil {
		return err
	}
	err = cmp.Or(
		checkResource(c.Group, c.Version, c.Resource),
		checkScope(c.Namespace, c.LabelSelector, c.FieldSelector),
		checkKinds(c.Kind, c.ListKind),
		checkListKind(c.Kind, c.ListKind, c.Resource),
		checkUserAgent(c.UserAgent),
		checkEncodings(c.JSONOnly, c.CBOR))
	if err != nil {
		return err
	}
	if err = checkPrefix(base, c.Resource); err != nil {
		return err
	}
	if s.codec, err = newCodec(*c); err != nil {
		return err
	}
	c.fillIn(s.codec.kind)
	s.url = *base.JoinPath(c.path()...)
	if s.query, err = queryOf(metav1.ListOptions{LabelSelector: c.LabelSelector, FieldSelector: c.FieldSelector}); err != nil {
		return err
	}
	s.codec.target = s.target()
	s.client = patient(c.Client)
	return nil
}

// fillIn sets the defaults.
func (c *Config[T]) fillIn(kind string) {
	if c.ListKind == "" && kind != "" {
		c.ListKind = kind + "List"
	}
	if c.MaxObjectBytes <= 0 {
		c.MaxObjectBytes = DefaultMaxObjectBytes
	}
	c.MaxObjectBytes = min(c.MaxObjectBytes, math.MaxInt-frameRoom) // with what is around it, an int
	if c.MaxListBytes == 0 {
		c.MaxListBytes = DefaultMaxListBytes
	}
	if c.ReadSilence <= 0 {
		c.ReadSilence = DefaultReadSilence
	}
	if c.UserAgent == "" {
		c.UserAgent = "informant"
	}
}

// decoders is how many goroutines decode an answer that begins now. GOMAXPROCS may
// change while the program runs, as it does with the limits of a container.
func (c *Config[T]) decoders() int {
	if c.Decoders > 0 {
		return min(c.Decoders, mostDecoders)
	}
	return min(runtime.GOMAXPROCS(0), maxDecoders)
}

// path is that of the collection on an API server.
func (c *Config[T]) path() []string {
	path := []string{"api", c.Version}
	if c.Group != "" {
		path = []string{"apis", c.Group, c.Version}
	}
	if c.Namespace != "" {
		path = append(path, "namespaces", c.Namespace)
	}
	path = append(path, c.Resource)
	for i, part := range path {
		path[i] = url.PathEscape(part)
	}
	return path
}

// target names the requests of s.
func (s *Source[T]) target() target {
	address := s.URL()
	if s.query != "" {
		address += "?" + s.query
	}
	resource := schema.GroupResource{Group: s.config.Group, Resource: s.config.Resource}
	return target{method: http.MethodGet, url: address, resource: resource}
}

func queryOf(opts metav1.ListOptions) (string, error) {
	query, err := queryparams.Convert(&opts)
	if err != nil {
		return "", fmt.Errorf("list options cannot be sent: %w", err)
	}
	return query.Encode(), nil
}

// baseURL reads the address of a server.
func baseURL(given string) (*url.URL, error) {
	const set = "set it to the address of the API server, such as https://10.0.0.1:6443"
	base, err := url.Parse(given)
	switch {
	case given == "":
		return nil, errors.New("Config.BaseURL is empty: " + set)
	case err != nil: // its text quotes what may be a password
		return nil, errors.New("Config.BaseURL cannot be parsed: " + set + "; in a user name or password, write / ? # @ : and % as %2F and so on")
	case base.Scheme != "http" && base.Scheme != "https" || base.Hostname() == "":
		return nil, errors.New("Config.BaseURL does not begin with http:// or https:// and the name of a host: " + set)
	case hasLateAt(base):
		return nil, errors.New("Config.BaseURL has an @ behind its host, as if a password were cut off there: " + set + ", write / ? and # in a password as %2F, %3F and %23, and an @ in a path as %40")
	case !isPort(base.Port()):
		return nil, errors.New("Config.BaseURL has a port that is not one of 1 to 65535: " + set)
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, fmt.Errorf("Config.BaseURL has a query or a fragment: set it to %s, and what the query asks for in the other fields", shown(base))
	}
	return base, nil
}

// shown is u as it may stand in errors and logs: without user info, query and
// fragment, any of which may be a secret, and none of it where the parts may
// have been told apart wrongly.
func shown(u *url.URL) string {
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || hasLateAt(u) {
		return "an address that is not shown, since it may have a password in it"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// hasLateAt reports whether an @ follows the host of u. A password with a
// slash in it leaves one there.
func hasLateAt(u *url.URL) bool {
	return strings.Contains(u.EscapedPath()+u.RawQuery+u.EscapedFragment(), "@")
}

// isPort reports whether one can connect to port, "" being the scheme's own.
func isPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// checkPrefix refuses a base URL with the path of a resource at its end: it would
// stand twice in requests. resource is a right name. Such a path further ahead is
// that of a proxy that is a resource itself.
func checkPrefix(base *url.URL, resource string) error {
	own := regexp.MustCompile(`/(api/v1|apis/[^/]+/v[0-9]+((alpha|beta)[0-9]+)?)(/namespaces/[^/]+)?(/` + regexp.QuoteMeta(resource) + `)?/*$`)
	at := own.FindStringIndex(base.Path)
	if at == nil {
		return nil
	}
	server := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.Path[:at[0]]}
	return fmt.Errorf("Config.BaseURL ends with the path of a resource: set it to %s; the path is made of Group, Version, Namespace and Resource", shown(server))
}

// checkEncodings refuses what contradicts itself.
func checkEncodings(jsonOnly, cbor bool) error {
	if jsonOnly && cbor {
		return errors.New("Config.JSONOnly and Config.CBOR are both set, and one excludes the other: leave one of them unset")
	}
	return nil
}

// checkUserAgent refuses what no header can hold.
func checkUserAgent(agent string) error {
	if strings.ContainsFunc(agent, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fmt.Errorf("Config.UserAgent is %q, with control characters: set it to one line of text, such as my-controller/1.0", agent)
	}
	return nil
}

// checkResource refuses what cannot be the name of a resource. Names
// are checked as a server checks them when a resource is defined.
func checkResource(group, version, resource string) error {
	switch g, v, slash := strings.Cut(version, "/"); {
	case slash:
		return fmt.Errorf("Config.Version is %q, with the group in it: set Group to %q and Version to %q", version, g, v)
	case version == "":
		return errors.New("Config.Version is empty: set it, for example to v1")
	case len(validation.IsDNS1035Label(version)) > 0:
		return fmt.Errorf("Config.Version is %q: set it to one such as v1 or v1beta1", version)
	}
	switch g, v, slash := strings.Cut(group, "/"); {
	case slash:
		return fmt.Errorf("Config.Group is %q, with a version in it: set Group to %q and Version to %q", group, g, v)
	case group == "core":
		return errors.New("Config.Group is \"core\": set it to \"\", which is how the core group is named")
	case group != "" && len(validation.IsDNS1123Subdomain(group)) > 0:
		return fmt.Errorf("Config.Group is %q: set it to one such as apps or example.org, or to \"\" for the core group", group)
	}
	switch name, rest, dot := strings.Cut(resource, "."); {
	case resource == "":
		return errors.New("Config.Resource is empty: set it to the plural of the resource, for example pods")
	case strings.Contains(resource, "/"):
		return fmt.Errorf("Config.Resource is %q, with a slash: set it to the plural alone, for example pods; a subresource has no list, and a namespace belongs into Namespace", resource)
	case dot:
		return fmt.Errorf("Config.Resource is %q, with the group in it: set Resource to %q and Group to %q", resource, name, rest)
	case len(validation.IsDNS1035Label(resource)) > 0:
		return fmt.Errorf("Config.Resource is %q: set it to the plural in lower case, as it stands in URLs, for example pods", resource)
	}
	return nil
}

// checkScope refuses what cannot select a part of a resource. No server has such namespaces: their lists would be empty for ever.
func checkScope(namespace, label, field string) error {
	if namespace != "" && len(validation.IsDNS1123Label(namespace)) > 0 {
		return fmt.Errorf("Config.Namespace is %q, which no namespace can be named: set it to the name of one, or to \"\" for all", namespace)
	}
	if _, err := labels.Parse(label); err != nil {
		return fmt.Errorf("Config.LabelSelector is %q: set it to one such as app=web,tier!=test: %w", label, err)
	}
	if _, err := fields.ParseSelector(field); err != nil {
		return fmt.Errorf("Config.FieldSelector is %q: set it to one such as metadata.name=x,status.phase!=Failed: %w", field, err)
	}
	return nil
}

// checkKinds refuses what cannot be a kind.
func checkKinds(kind, list string) error {
	for field, kind := range map[string]string{"Config.Kind": kind, "Config.ListKind": list} {
		if kind != "" && len(validation.IsDNS1035Label(strings.ToLower(kind))) > 0 {
			return fmt.Errorf("%s is %q: set it to the kind alone, for example Pod, without group and version", field, kind)
		}
	}
	return nil
}

// checkListKind refuses the kind of a list as that of an object. A resource of
// objects whose kind does end in List is named after them, accesslists say.
func checkListKind(kind, list, resource string) error {
	one, ok := strings.CutSuffix(kind, "List")
	if ok && one != "" && (list == kind || list == "" && !strings.Contains(resource, "list")) {
		return fmt.Errorf("Config.Kind is %q, which is that of a list: set it to %q, or, if an object is of that kind, set ListKind to %q", kind, one, kind+"List")
	}
	return nil
}
