package apitest

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// errNoPage is the answer of a web server that knows nothing of Status: what
// a real server says about paths that none of its parts serves.
var errNoPage = errors.New("404 page not found")

// notServedError is what Go code is told of a resource that is not served. A request
// that comes to it was under way when the resource was withdrawn.
type notServedError struct{ resource schema.GroupVersionResource }

func (e notServedError) Error() string {
	return fmt.Sprintf("apitest: resource %s is not served: name it in Options.Resources or call Server.Serve", e.resource)
}

// place reports whether the path and the method exist; the words for those that
// do not depend on which part of a real server looks at them.
func (x *exchange) place() error {
	switch {
	case x.table == nil && x.s.compiledIn(x.req.Resource.GroupVersion()):
		return unknownPath()
	case x.table == nil:
		return errNoPage
	case x.table.res.builtIn():
		return x.placeBuiltIn()
	default:
		return x.placeCustom()
	}
}

// compiledIn reports whether a group and version is served by the part of a
// real server that knows its resources from the start.
func (s *Server) compiledIn(gv schema.GroupVersion) bool {
	if gv == (schema.GroupVersion{Version: "v1"}) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tables {
		if t.res.builtIn() && t.res.GroupVersionResource().GroupVersion() == gv {
			return true
		}
	}
	return false
}

func (x *exchange) placeBuiltIn() error {
	res, req := x.table.res, x.req
	switch {
	case !res.Namespaced && req.Namespace != "",
		res.Namespaced && req.Namespace == "" && req.Name != "",
		!x.hasSubresource():
		return unknownPath()
	case req.Verb == "",
		res.Namespaced && req.Namespace == "" && (req.Verb == VerbCreate || req.Verb == VerbDeleteCollection),
		req.Subresource != "" && req.Verb == VerbDelete:
		return unknownMethod()
	}
	return nil
}

func (x *exchange) placeCustom() error {
	res, req := x.table.res, x.req
	switch {
	case !res.Namespaced && req.Namespace != "",
		res.Namespaced && req.Namespace == "" && req.Verb != VerbList && req.Verb != VerbWatch:
		return errNoPage
	case !x.hasSubresource():
		return apierrors.NewNotFound(res.groupResource(), req.Name)
	case req.Verb == "":
		return apierrors.NewMethodNotSupported(res.groupResource(), strings.ToLower(req.Method))
	case req.Subresource != "" && req.Verb == VerbDelete:
		return apierrors.NewMethodNotSupported(res.groupResource(), VerbDelete)
	}
	return nil
}

func (x *exchange) hasSubresource() bool {
	return x.req.Subresource == "" || x.req.Subresource == statusField && x.table.res.Status
}
