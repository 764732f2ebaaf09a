package httpsource

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// W1: what cannot be right is refused at construction, with the field to set.
func TestAConfigThatCannotBeRightIsRefused(t *testing.T) {
	good := Config[*Widget]{BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "widgets"}
	for name, c := range map[string]struct {
		change func(*Config[*Widget])
		want   []string
	}{
		"group in the version":    {func(c *Config[*Widget]) { c.Version = "apps/v1" }, []string{`Version is "apps/v1"`, `set Group to "apps" and Version to "v1"`}},
		"odd version":             {func(c *Config[*Widget]) { c.Version = "V1" }, []string{`Version is "V1"`, "v1beta1"}},
		"version with a space":    {func(c *Config[*Widget]) { c.Version = "v1 " }, []string{`Version is "v1 "`}},
		"version in the group":    {func(c *Config[*Widget]) { c.Group = "apps/v1" }, []string{`Group is "apps/v1"`, `set Group to "apps" and Version to "v1"`}},
		"odd group":               {func(c *Config[*Widget]) { c.Group = "Apps" }, []string{`Group is "Apps"`, "core group"}},
		"subresource":             {func(c *Config[*Widget]) { c.Resource = "widgets/status" }, []string{`Resource is "widgets/status"`, "plural"}},
		"namespace in resource":   {func(c *Config[*Widget]) { c.Resource = "namespaces/a/pods" }, []string{"Resource is", "Namespace"}},
		"kind for a resource":     {func(c *Config[*Widget]) { c.Resource = "Widgets" }, []string{`Resource is "Widgets"`, "lower case"}},
		"group in the resource":   {func(c *Config[*Widget]) { c.Resource = "deployments.apps" }, []string{`set Resource to "deployments" and Group to "apps"`}},
		"resource with a query":   {func(c *Config[*Widget]) { c.Resource = "widgets?limit=1" }, []string{"Resource is"}},
		"namespace with a slash":  {func(c *Config[*Widget]) { c.Namespace = "a/b" }, []string{`Namespace is "a/b"`}},
		"namespace in upper case": {func(c *Config[*Widget]) { c.Namespace = "Default" }, []string{`Namespace is "Default"`}},
		"namespace of dots":       {func(c *Config[*Widget]) { c.Namespace = ".." }, []string{`Namespace is ".."`}},
		"label selector":          {func(c *Config[*Widget]) { c.LabelSelector = "app in web" }, []string{`LabelSelector is "app in web"`, "app=web"}},
		"field selector":          {func(c *Config[*Widget]) { c.FieldSelector = "metadata.name" }, []string{`FieldSelector is "metadata.name"`}},
		"BaseURL with a query":    {func(c *Config[*Widget]) { c.BaseURL = "http://u:secret@api/x?a=b" }, []string{"BaseURL has a query", "set it to http://api/x,"}},
		"BaseURL with a fragment": {func(c *Config[*Widget]) { c.BaseURL = "http://api/#x" }, []string{"BaseURL has a query or a fragment"}},
		"BaseURL of a scheme":     {func(c *Config[*Widget]) { c.BaseURL = "ftp://u:secret@api" }, []string{"BaseURL does not begin with", "http://"}},
		"BaseURL that is none":    {func(c *Config[*Widget]) { c.BaseURL = "http://u:secret@api:port" }, []string{"BaseURL cannot be parsed", "set it to"}},
		"kind with a group":       {func(c *Config[*Widget]) { c.Kind = "example.org/v1, Kind=Widget" }, []string{"Kind is", "the kind alone"}},
		"no host":                 {func(c *Config[*Widget]) { c.BaseURL = "http://:80" }, []string{"BaseURL does not begin with", "a host"}},
		"no host but a user":      {func(c *Config[*Widget]) { c.BaseURL = "http://u:secret@:80" }, []string{"BaseURL does not begin with"}},
		"port above all":          {func(c *Config[*Widget]) { c.BaseURL = "http://api:65536" }, []string{"BaseURL has a port", "65535"}},
		"port 0":                  {func(c *Config[*Widget]) { c.BaseURL = "http://[::1]:0" }, []string{"BaseURL has a port"}},
		"user agent of two lines": {func(c *Config[*Widget]) { c.UserAgent = "a\nb" }, []string{`UserAgent is "a\nb"`, "set it to"}},
		"user agent with a NUL":   {func(c *Config[*Widget]) { c.UserAgent = "a\x00" }, []string{"UserAgent is"}},
		"user agent with a DEL":   {func(c *Config[*Widget]) { c.UserAgent = "a\x7f" }, []string{"UserAgent is"}},
		"the core group by name":  {func(c *Config[*Widget]) { c.Group = "core" }, []string{`Group is "core"`, `set it to ""`}},
		"resource no regexp":      {func(c *Config[*Widget]) { c.Resource = "\xff(" }, []string{"Resource is"}},
		"kind of the list":        {func(c *Config[*Widget]) { c.Kind = "WidgetList" }, []string{`Kind is "WidgetList"`, `set it to "Widget"`}},
		"kind of the list, twice": {func(c *Config[*Widget]) { c.Kind, c.ListKind = "WidgetList", "WidgetList" }, []string{`Kind is "WidgetList"`}},
		"New that makes nothing":  {func(c *Config[*Widget]) { c.New = func() *Widget { return nil } }, []string{"New returns nil"}},
		"odd list kind":           {func(c *Config[*Widget]) { c.ListKind = "Widget List" }, []string{"ListKind is"}},
	} {
		t.Run(name, func(t *testing.T) {
			config := good
			c.change(&config)
			_, err := New(config)
			if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v", err)
			}
			for _, want := range append(c.want, "httpsource: New for *httpsource.Widget") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
		})
	}
}

// W5: no part of an address is printed that may be a secret, however it is written.
func TestNoErrorShowsASecretOfTheBaseURL(t *testing.T) {
	for _, base := range []string{
		"https://user:s3cr3t/x@host", "https://user:s3cr3t#@host", "https://user:s3cr3t?@host", "https://user:s%zzs3cr3t@host",
		"https://user:s3cr3t@ho st", "https://user:s3cr3t@host:port", "https://user:s3cr3t@host:99999", "https://user:s3cr3t@:80",
		"user:s3cr3t@host", "s3cr3t@host", "https:user:s3cr3t@host", "https:/user:s3cr3t@host", "//user:x@host/?token=s3cr3t",
		"ftp://user:s3cr3t@host", "https://s3cr3t@host?x", "https://host?token=s3cr3t", "https://host/#s3cr3t", "https://user/s3cr3t@host",
		"https://user:1/s3cr3t@host", "https://user?s3cr3t@host", "https://user#s3cr3t@host", "https://s3cr3t:1/2@host",
		"https://s3cr3t@host/api/v1", "https://user:s3cr3t@host/apis/example.org/v1", "https://host\ns3cr3t", " https://user:s3cr3t@host",
	} {
		_, err := New(Config[*Widget]{BaseURL: base, Version: "v1", Resource: "widgets"})
		if err == nil || strings.Contains(err.Error(), "s3cr3t") || !strings.Contains(err.Error(), "BaseURL") || !strings.Contains(err.Error(), "set it to") {
			t.Errorf("%s: %v", base, err)
		}
	}
	h, err := New(Config[*Widget]{BaseURL: "https://s3cr3t:s3cr3t@host", Version: "v1", Resource: "widgets"})
	if err != nil || h.URL() != "https://host/api/v1/widgets" {
		t.Errorf("%v, %v", h, err)
	}
}

// W1: the path of a resource is refused at the end of a base URL, where it would
// stand twice; clusters below a path are served, also by a resource.
func TestABaseURLHasNoResourceInIt(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1": "/x", "/api/v1/": "/x", "/api/v1/widgets": "/x", "/api/v1/namespaces/a/widgets": "/x",
		"/apis/example.org/v1": "/x", "/apis/apps/v1beta1/namespaces/a": "/x", "/apis/example.org/v1/widgets/": "/x",
		"": "", "/": "", "/k8s/clusters/c-abc": "", "/api": "", "/apis": "", "/api/v1/clusters": "", "/api/v2": "", "/a%40b": "",
		"/api/v1/namespaces/a/services/https:b:443/proxy": "", "/apis/cluster.example.org/v1alpha1/clusters/a/proxy": "",
		"/api/v1/namespaces/a/services/b/proxy/api/v1": "/x/api/v1/namespaces/a/services/b/proxy",
	} {
		_, err := New(Config[*Widget]{BaseURL: "https://host/x" + path, Group: "example.org", Version: "v1", Resource: "widgets"})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), "set it to https://host"+want+";")) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// W1: what is odd but can be right is taken.
func TestAnOddConfigThatCanBeRightIsTaken(t *testing.T) {
	good := Config[*Widget]{BaseURL: "https://[::1]:65535", Group: "example.org", Version: "v1", Resource: "widgets"}
	for name, change := range map[string]func(*Config[*Widget]){
		"objects that are lists":  func(c *Config[*Widget]) { c.Kind, c.Resource = "AccessList", "accesslists" },
		"lists of lists":          func(c *Config[*Widget]) { c.Kind, c.ListKind = "WidgetList", "WidgetListList" },
		"a user agent with a tab": func(c *Config[*Widget]) { c.UserAgent = "a/1\t(b; ü)" },
		"an empty port":           func(c *Config[*Widget]) { c.BaseURL = "http://api:" },
		"a password":              func(c *Config[*Widget]) { c.BaseURL = "http://u:a%2Fb%40@api" },
	} {
		config := good
		change(&config)
		if _, err := New(config); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A source is known by its path and selectors, whatever its address.
func TestASourceNamesItself(t *testing.T) {
	for want, c := range map[string]Config[*Widget]{
		"/api/v1/pods": {BaseURL: "https://u:secret@api:6443", Version: "v1", Resource: "pods"},
		"/k8s/apis/apps/v1/namespaces/x/deployments?fieldSelector=metadata.name%3Da&labelSelector=app%3Dweb%2Cb": {
			BaseURL: "https://api/k8s/", Group: "apps", Version: "v1", Namespace: "x", Resource: "deployments", LabelSelector: "app=web,b", FieldSelector: "metadata.name=a"},
	} {
		h, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if h.String() != want {
			t.Errorf("got %s, want %s", h, want)
		}
	}
}

// The kind of the Go type is a guess; that of objects that carry theirs is not.
func TestListsOfCarriedKindsNeedNoKind(t *testing.T) {
	list := `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}}]}`
	h, err := New(Config[*metav1.PartialObjectMetadata]{Client: bodyOf(list), BaseURL: "http://api", Version: "v1", Resource: "pods"})
	if err != nil {
		t.Fatal(err)
	}
	items, refused, _, err := collect(h)
	if err != nil || len(refused) != 0 || len(items) != 1 || items[0].Kind != "Pod" || items[0].APIVersion != "v1" {
		t.Errorf("%+v, %v, %v", items, refused, err)
	}
}

// An object may be as large as can be said.
func TestTheLargestMaxObjectBytes(t *testing.T) {
	s := gizmoStream(t, bytes.NewReader(gizmoFrame("ADDED", "a", "5")), func(c *Config[*Gizmo]) { c.MaxObjectBytes = math.MaxInt })
	if e, err := s.Next(); err != nil || e.Type != watch.Added {
		t.Errorf("%v, %v", e, err)
	}
	c := writes(t, bodyOf(storedWidget), func(c *Config[*Widget]) { c.MaxObjectBytes = math.MaxInt })
	if _, err := c.Patch(t.Context(), object.NewName("shop", "a"), types.MergePatchType, []byte(`{}`), metav1.PatchOptions{}); err != nil {
		t.Error(err)
	}
}

// W1: a Config that New takes can be used.
func TestTheMostDecoders(t *testing.T) {
	for _, n := range []int{1 << 30, math.MaxInt} {
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("Decoders %d: panic: %v", n, p)
				}
			}()
			items, _, _, err := collect(widgets(t, bodyOf(`{"kind":"WidgetList","apiVersion":"example.org/v1","items":[{"metadata":{"name":"a"}}]}`), func(c *Config[*Widget]) { c.Decoders = n }))
			if len(items) != 1 || err != nil {
				t.Error(items, err)
			}
		}()
	}
}
