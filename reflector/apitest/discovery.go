package apitest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// discover answers what clients ask before they know which resources there are:
// /api, /apis, and the groups and versions below them. ok is false for other paths.
func (x *exchange) discover() (ok bool, err error) {
	answer, ok := x.s.discovery(x.req.Path)
	switch {
	case !ok:
		return false, nil
	case x.req.Method != http.MethodGet:
		return true, unknownMethod()
	}
	if err := x.agree(plain); err != nil {
		return true, err
	}
	x.answer(http.StatusOK, x.form.value(answer))
	return true, nil
}

// discovery is what a path says of the resources that are served now.
func (s *Server) discovery(path string) (answer value, ok bool) {
	served := s.resources()
	switch parts := strings.Split(strings.Trim(path, "/"), "/"); {
	case len(parts) == 1 && parts[0] == "api":
		return s.coreVersions(served), true
	case len(parts) == 1 && parts[0] == "apis":
		return groupsOf(served), true
	case len(parts) == 2 && parts[0] == "apis":
		groups := groupsOf(served).Groups
		i := slices.IndexFunc(groups, func(g metav1.APIGroup) bool { return g.Name == parts[1] })
		if i < 0 {
			return nil, false
		}
		groups[i].TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
		return &groups[i], true
	case len(parts) == 2 && parts[0] == "api":
		return s.resourcesOf(served, schema.GroupVersion{Version: parts[1]})
	case len(parts) == 3 && parts[0] == "apis":
		return s.resourcesOf(served, schema.GroupVersion{Group: parts[1], Version: parts[2]})
	}
	return nil, false
}

// resources are those that are served, sorted as discovery lists them.
func (s *Server) resources() (served []Resource) {
	s.mu.Lock()
	for _, t := range s.tables {
		served = append(served, t.res)
	}
	s.mu.Unlock()
	slices.SortFunc(served, func(a, b Resource) int {
		return cmp.Or(
			strings.Compare(a.Group, b.Group),
			-version.CompareKubeAwareVersionStrings(a.Version, b.Version), // v1, v1beta1, v1alpha1
			strings.Compare(a.Resource, b.Resource),
		)
	})
	return served
}

// coreVersions is the answer at /api. A real server always has v1 there.
func (s *Server) coreVersions(served []Resource) *metav1.APIVersions {
	versions := []string{"v1"}
	for _, r := range served {
		if r.Group == "" && !slices.Contains(versions, r.Version) {
			versions = append(versions, r.Version)
		}
	}
	return &metav1.APIVersions{
		TypeMeta: metav1.TypeMeta{Kind: "APIVersions"},
		Versions: versions,
		ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{
			{ClientCIDR: "0.0.0.0/0", ServerAddress: strings.TrimPrefix(s.URL, "http://")},
		},
	}
}

// groupsOf is the answer at /apis: the groups with their versions, of which the
// first is the one to use.
func groupsOf(served []Resource) *metav1.APIGroupList {
	list := &metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{}}
	for _, r := range served {
		if r.Group == "" {
			continue
		}
		v := metav1.GroupVersionForDiscovery{GroupVersion: r.apiVersion(), Version: r.Version}
		last := len(list.Groups) - 1
		switch {
		case last < 0 || list.Groups[last].Name != r.Group:
			list.Groups = append(list.Groups, metav1.APIGroup{Name: r.Group, Versions: []metav1.GroupVersionForDiscovery{v}, PreferredVersion: v})
		case !slices.Contains(list.Groups[last].Versions, v):
			list.Groups[last].Versions = append(list.Groups[last].Versions, v)
		}
	}
	return list
}

// resourcesOf is the answer for a group and version, with ok false if it is not
// served.
func (s *Server) resourcesOf(served []Resource, gv schema.GroupVersion) (list *metav1.APIResourceList, ok bool) {
	list = &metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: gv.String(),
		APIResources: []metav1.APIResource{},
	}
	if gv.Group == "" {
		list.APIVersion = "" // so old that it had none
	}
	for _, r := range served {
		if r.GroupVersionResource().GroupVersion() == gv {
			list.APIResources = append(list.APIResources, r.discovered()...)
		}
	}
	return list, len(list.APIResources) > 0 || gv == schema.GroupVersion{Version: "v1"}
}

// discovered is what discovery says of a resource, its status included.
func (r Resource) discovered() []metav1.APIResource {
	verbs := metav1.Verbs{"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"}
	if r.builtIn() {
		slices.Sort(verbs)
	}
	entries := []metav1.APIResource{
		{Name: r.Resource, SingularName: strings.ToLower(r.Kind), Namespaced: r.Namespaced, Kind: r.Kind, Verbs: verbs},
	}
	if r.Status {
		entries = append(entries, metav1.APIResource{
			Name: r.Resource + "/" + statusField, Namespaced: r.Namespaced, Kind: r.Kind, Verbs: metav1.Verbs{"get", "patch", "update"},
		})
	}
	return entries
}
