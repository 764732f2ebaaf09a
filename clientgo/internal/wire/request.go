package wire

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion/queryparams"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// request is a list or a watch that a ListerWatcher has asked for.
type request struct {
	schema.GroupVersionResource
	namespace string
	opts      metav1.ListOptions
	url       string // as errors show it
}

// read reads a request to the server at base. The error says what is not understood.
func read(base *url.URL, req *http.Request) (r request, err error) {
	if req.Method != http.MethodGet {
		return r, fmt.Errorf("it asks by %s", req.Method)
	}
	path, below := strings.CutPrefix(req.URL.Path, base.Path+"/")
	if !below {
		return r, fmt.Errorf("it asks for %s, which is not below %s", req.URL.Path, base.Redacted())
	}
	r.url = req.URL.Redacted()
	if err := r.readPath(strings.Split(path, "/")); err != nil {
		return r, err
	}
	return r, r.readQuery(req.URL.Query())
}

// readPath reads the path of a collection, such as apis/apps/v1/namespaces/x/deployments.
func (r *request) readPath(parts []string) error {
	rest := parts
	switch {
	case len(parts) > 2 && parts[0] == "api":
		r.Version, rest = parts[1], parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		r.Group, r.Version, rest = parts[1], parts[2], parts[3:]
	default:
		return fmt.Errorf("it asks for /%s, which is no collection of an API", strings.Join(parts, "/"))
	}
	if len(rest) == 3 && rest[0] == "namespaces" {
		r.namespace, rest = rest[1], rest[2:]
	}
	if len(rest) != 1 || rest[0] == "" {
		return fmt.Errorf("it asks for /%s, which is no collection", strings.Join(parts, "/"))
	}
	r.Resource = rest[0]
	return nil
}

// timeoutParameter is the one that client-go's requests add to list options.
const timeoutParameter = "timeout"

// readQuery reads list options, of which nothing may be lost.
func (r *request) readQuery(query url.Values) error {
	query.Del(timeoutParameter)
	if err := metav1.Convert_url_Values_To_v1_ListOptions(&query, &r.opts, nil); err != nil {
		return fmt.Errorf("its query is not that of list options: %w", err)
	}
	again, err := queryparams.Convert(&r.opts)
	if err != nil {
		return err
	}
	for key, values := range query {
		if len(values) != 1 || values[0] != again.Get(key) {
			return errors.New("its query has a parameter that list options have not: " + key)
		}
	}
	return nil
}
