package reflector

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion/queryparams"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// complete checks the config, fills in its defaults and sets what is made of
// it.
func (h *HTTP[T]) complete() error {
	c := &h.config
	base, err := baseURL(c.BaseURL)
	if err != nil {
		return err
	}
	err = cmp.Or(checkResource(c.Group, c.Version, c.Resource), checkScope(c.Namespace, c.LabelSelector, c.FieldSelector), checkKinds(c.Kind, c.ListKind))
	if err != nil {
		return err
	}
	if h.codec, err = newCodec(*c); err != nil {
		return err
	}
	c.fillIn(h.codec.kind)
	h.url = *base.JoinPath(c.path()...)
	if h.query, err = queryOf(metav1.ListOptions{LabelSelector: c.LabelSelector, FieldSelector: c.FieldSelector}); err != nil {
		return err
	}
	h.codec.source = h.source()
	h.client = patient(c.Client)
	return nil
}

// fillIn sets the defaults.
func (c *HTTPConfig[T]) fillIn(kind string) {
	if c.ListKind == "" && kind != "" {
		c.ListKind = kind + "List"
	}
	if c.MaxObjectBytes <= 0 {
		c.MaxObjectBytes = DefaultMaxObjectBytes
	}
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

// path is that of the collection on an API server.
func (c *HTTPConfig[T]) path() []string {
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

// source names the requests of h.
func (h *HTTP[T]) source() source {
	shown := h.url
	shown.RawQuery = h.query
	resource := schema.GroupResource{Group: h.config.Group, Resource: h.config.Resource}
	return source{method: http.MethodGet, url: shown.Redacted(), resource: resource}
}

func queryOf(opts metav1.ListOptions) (string, error) {
	query, err := queryparams.Convert(&opts)
	if err != nil {
		return "", fmt.Errorf("list options cannot be sent: %w", err)
	}
	return query.Encode(), nil
}

// baseURL reads the address of a server. Its errors leave out a password.
func baseURL(given string) (*url.URL, error) {
	base, err := url.Parse(given)
	var bad *url.Error
	switch {
	case errors.As(err, &bad):
		return nil, fmt.Errorf("HTTPConfig.BaseURL cannot be used: %w", bad.Err)
	case err != nil:
		return nil, fmt.Errorf("HTTPConfig.BaseURL cannot be used: %w", err)
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		return nil, fmt.Errorf("HTTPConfig.BaseURL is %q: it has to begin with http:// or https:// and a host", base.Redacted())
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		base.RawQuery, base.ForceQuery, base.Fragment = "", false, ""
		return nil, fmt.Errorf("HTTPConfig.BaseURL has a query or a fragment: set it to %s, and what the query asks for in the other fields", base.Redacted())
	}
	return base, nil
}

// checkResource tells what cannot be right about the name of a resource. Names
// are checked as a server checks them when a resource is defined.
func checkResource(group, version, resource string) error {
	switch g, v, slash := strings.Cut(version, "/"); {
	case slash:
		return fmt.Errorf("HTTPConfig.Version is %q, with the group in it: set Group to %q and Version to %q", version, g, v)
	case version == "":
		return errors.New("no Version: set it, for example to v1")
	case len(validation.IsDNS1035Label(version)) > 0:
		return fmt.Errorf("HTTPConfig.Version is %q: set it to one such as v1 or v1beta1", version)
	}
	switch g, v, slash := strings.Cut(group, "/"); {
	case slash:
		return fmt.Errorf("HTTPConfig.Group is %q, with a version in it: set Group to %q and Version to %q", group, g, v)
	case group != "" && len(validation.IsDNS1123Subdomain(group)) > 0:
		return fmt.Errorf("HTTPConfig.Group is %q: set it to one such as apps or example.org, or to \"\" for the core group", group)
	}
	switch name, rest, dot := strings.Cut(resource, "."); {
	case resource == "":
		return errors.New("no Resource: set it to the plural of the resource, for example pods")
	case strings.Contains(resource, "/"):
		return fmt.Errorf("HTTPConfig.Resource is %q, with a slash: set it to the plural alone, for example pods; a subresource has no list, and a namespace belongs into Namespace", resource)
	case dot:
		return fmt.Errorf("HTTPConfig.Resource is %q, with the group in it: set Resource to %q and Group to %q", resource, name, rest)
	case len(validation.IsDNS1035Label(resource)) > 0:
		return fmt.Errorf("HTTPConfig.Resource is %q: set it to the plural in lower case, as it stands in URLs, for example pods", resource)
	}
	return nil
}

// checkScope tells what cannot be right about the part of a resource that is
// asked for. No server has such namespaces: their lists would be empty for ever.
func checkScope(namespace, label, field string) error {
	if namespace != "" && len(validation.IsDNS1123Label(namespace)) > 0 {
		return fmt.Errorf("HTTPConfig.Namespace is %q, which no namespace can be named: set it to the name of one, or to \"\" for all", namespace)
	}
	if _, err := labels.Parse(label); err != nil {
		return fmt.Errorf("HTTPConfig.LabelSelector is %q: set it to one such as app=web,tier!=test: %w", label, err)
	}
	if _, err := fields.ParseSelector(field); err != nil {
		return fmt.Errorf("HTTPConfig.FieldSelector is %q: set it to one such as metadata.name=x,status.phase!=Failed: %w", field, err)
	}
	return nil
}

// checkKinds tells what cannot be right about kinds.
func checkKinds(kind, list string) error {
	for field, kind := range map[string]string{"Kind": kind, "ListKind": list} {
		if kind != "" && len(validation.IsDNS1035Label(strings.ToLower(kind))) > 0 {
			return fmt.Errorf("HTTPConfig.%s is %q: set it to the kind alone, for example Pod, without group and version", field, kind)
		}
	}
	return nil
}
