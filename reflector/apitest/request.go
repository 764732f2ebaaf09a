package apitest

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The verbs of a Request.
const (
	VerbList   = "list"
	VerbWatch  = "watch"
	VerbGet    = "get"
	VerbCreate = "create"
	VerbUpdate = "update"
	VerbPatch  = "patch"
	VerbDelete = "delete"

	// VerbDeleteCollection deletes what a list would show.
	VerbDeleteCollection = "deletecollection"
)

// Request is what the server saw of one HTTP request.
type Request struct {
	// Seq counts the requests, from 1.
	Seq int
	// Time is when the request arrived.
	Time time.Time

	// Method, Path and Query are the HTTP request's.
	Method string
	Path   string
	Query  url.Values

	// Verb is one of the Verb constants, "" for discovery and for a method
	// that a path does not have.
	Verb string
	// Resource, Namespace, Name and Subresource are what the path says,
	// whether it exists or not.
	Resource    schema.GroupVersionResource
	Namespace   string
	Name        string
	Subresource string

	// Code is the HTTP status of the answer, 0 while there is none.
	Code int
	// Sent counts the items of a list, or the events of a watch, that were
	// written so far.
	Sent int
	// Done is true once the answer has ended, in whatever way.
	Done bool
}

// parseRequest reads the path and the verb; ok is false for a path that can
// name no resource.
func parseRequest(r *http.Request) (req Request, ok bool) {
	req = Request{Time: time.Now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.Query()}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		req.Resource.Version, parts = parts[1], parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		req.Resource.Group, req.Resource.Version, parts = parts[1], parts[2], parts[3:]
	default:
		return req, false
	}
	// /namespaces/x/status is the status of a namespace, not a resource
	// called status.
	if len(parts) >= 3 && parts[0] == "namespaces" && parts[2] != statusField && parts[2] != "finalize" {
		req.Namespace, parts = parts[1], parts[2:]
	}
	if len(parts) > 3 {
		return req, false
	}
	req.Resource.Resource = parts[0]
	if len(parts) > 1 {
		req.Name = parts[1]
	}
	if len(parts) > 2 {
		req.Subresource = parts[2]
	}
	req.Verb = verb(r.Method, req.Name != "", req.Query)
	return req, true
}

func verb(method string, named bool, query url.Values) string {
	switch {
	case method == http.MethodGet && named:
		return VerbGet
	case method == http.MethodGet && isTrue(query, "watch"):
		return VerbWatch
	case method == http.MethodGet:
		return VerbList
	case method == http.MethodPost && !named:
		return VerbCreate
	case method == http.MethodPut && named:
		return VerbUpdate
	case method == http.MethodPatch && named:
		return VerbPatch
	case method == http.MethodDelete && named:
		return VerbDelete
	case method == http.MethodDelete:
		return VerbDeleteCollection
	}
	return ""
}

// isTrue reads a flag as the API does: present and neither false nor 0.
func isTrue(query url.Values, flag string) bool {
	return query.Has(flag) && !strings.EqualFold(query.Get(flag), "false") && query.Get(flag) != "0"
}
