package apitest

import (
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The encodings of answers.
const (
	jsonType     = "application/json"
	protobufType = "application/vnd.kubernetes.protobuf"
	cborType     = "application/cbor"
)

// encoding is one of them.
type encoding string

// encodings are in the order in which a server likes them.
var encodings = []encoding{jsonType, protobufType, cborType}

// choice is what was agreed on from an Accept header: an encoding, and the kind that
// objects are converted to, none if that is empty.
type choice struct {
	encoding encoding // "" for JSON
	as       schema.GroupVersionKind
}

// offer reports whether a choice can be given.
type offer func(choice) bool

// plain offers all encodings of what is no object of a resource: a Status, discovery.
func plain(c choice) bool { return c.as.Empty() }

// objects offers whole objects in the encodings that r has, and the metadata alone of
// all. There are no Tables.
func (r Resource) objects(c choice) bool {
	switch {
	case c.as.Empty():
		return c.encoding != protobufType || r.Protobuf != nil
	case c.as.Group != metav1.GroupName || c.as.Version != "v1" && c.as.Version != "v1beta1":
		return false
	}
	return c.as.Kind == partialKind || c.as.Kind == partialListKind
}

// negotiate finds the first choice of header that is offered.
func negotiate(header string, offered offer) (c choice, ok bool) {
	if header == "" {
		return choice{}, offered(choice{})
	}
	for _, a := range parseAccept(header) {
		for _, c.encoding = range encodings {
			if a.allows(string(c.encoding)) && a.params.understood() {
				c.as = a.params.as()
				if offered(c) {
					return c, true
				}
			}
		}
	}
	return choice{}, false
}

// notAcceptable answers an Accept header of which nothing is offered.
func notAcceptable(reason string) *apierrors.StatusError {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    http.StatusNotAcceptable,
		Reason:  metav1.StatusReasonNotAcceptable,
		Message: reason,
	}}
}

func acceptsOnly(types []string) *apierrors.StatusError {
	return notAcceptable("only the following media types are accepted: " + strings.Join(types, ", "))
}

// namesType reports whether header has one of the types.
func namesType(header string, types ...string) bool {
	for _, text := range strings.Split(header, ",") {
		name, _, _ := strings.Cut(text, ";")
		if slices.Contains(types, strings.Trim(name, " ")) {
			return true
		}
	}
	return false
}

// clause is one of an Accept header.
type clause struct {
	kind, subtype string
	quality       float64
	params        params
}

// params are the parameters of a clause but q.
type params map[string]string

// understood reports whether the parameters that could not be ignored are known.
func (p params) understood() bool {
	return (p["stream"] == "" || p["stream"] == "watch") && (p["sv"] == "" || p["sv"] == "v1")
}

// as is the kind that objects are to be converted to.
func (p params) as() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: p["g"], Version: p["v"], Kind: p["as"]}
}

// allows reports whether the clause names the type, or leaves it open.
func (a clause) allows(mediaType string) bool {
	kind, subtype, _ := strings.Cut(mediaType, "/")
	return a.kind == kind && (a.subtype == subtype || a.subtype == "*") || a.kind == "*" && a.subtype == "*"
}

// parseAccept reads an Accept header as a real server does: what it does not
// understand is left out, and the best comes first.
func parseAccept(header string) (clauses []clause) {
	for _, text := range strings.Split(header, ",") {
		mediaType, rest, _ := strings.Cut(text, ";")
		if a, ok := parseType(mediaType); ok {
			a.parseParams(rest)
			clauses = append(clauses, a)
		}
	}
	sort.Sort(byQuality(clauses))
	return clauses
}

func parseType(text string) (a clause, ok bool) {
	kind, subtype, _ := strings.Cut(text, "/")
	kind, subtype = strings.Trim(kind, " "), strings.Trim(subtype, " ")
	if kind == "*" && subtype == "" {
		subtype = "*"
	}
	return clause{kind: kind, subtype: subtype, quality: 1}, subtype != "" && !strings.Contains(subtype, "/")
}

func (a *clause) parseParams(text string) {
	a.params = params{}
	for _, param := range strings.Split(text, ";") {
		name, value, _ := strings.Cut(param, "=")
		name = strings.Trim(name, " ")
		switch {
		case value == "" || strings.Contains(value, "="):
		case name == "q":
			a.quality, _ = strconv.ParseFloat(value, 32) // what is no number is 0
		default:
			a.params[name] = strings.Trim(value, " ")
		}
	}
}

// byQuality sorts clauses as a real server does, which may put what leaves the type
// open behind what it likes less: it is no order, so that the way of sorting counts.
type byQuality []clause

func (s byQuality) Len() int      { return len(s) }
func (s byQuality) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s byQuality) Less(i, j int) bool {
	a, b := s[i], s[j]
	return a.quality > b.quality || a.kind != "*" && b.kind == "*" || a.subtype != "*" && b.subtype == "*"
}
