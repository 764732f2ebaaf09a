package apitest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	internalscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/sharding"
)

// selection is which objects of a table a list or watch wants.
type selection struct {
	namespaced bool
	labels     labels.Selector   // nil for all
	fields     fields.Selector   // nil for all
	shard      sharding.Selector // nil for all

	// first and end bound the keys: first <= key < end; end "" is no bound.
	first, end string
	// single is set when the fields name one object, found by its key.
	single bool
}

// listOptions reads and checks the options of a list or watch, as a real
// server does: by apimachinery's own code.
func listOptions(query url.Values) (internalversion.ListOptions, error) {
	opts := internalversion.ListOptions{}
	if err := internalscheme.ParameterCodec.DecodeParameters(query, metav1.SchemeGroupVersion, &opts); err != nil {
		return opts, apierrors.NewBadRequest(err.Error())
	}
	const streamedLists = true
	internalversion.SetListOptionsDefaults(&opts, streamedLists)
	if errs := validation.ValidateListOptions(&opts, streamedLists); len(errs) > 0 {
		return opts, apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}, "", errs)
	}
	return opts, nil
}

// newSelection takes the selectors from opts, that of a shard only where the server
// knows shards.
func (s *Server) newSelection(res Resource, namespace string, opts internalversion.ListOptions) (*selection, error) {
	sel := &selection{namespaced: res.Namespaced}
	if opts.LabelSelector != nil && !opts.LabelSelector.Empty() {
		sel.labels = opts.LabelSelector
	}
	if opts.FieldSelector != nil && !opts.FieldSelector.Empty() {
		checked, err := opts.FieldSelector.Transform(func(label, value string) (string, string, error) {
			return fieldLabel(res, label, value)
		})
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		sel.fields = checked
	}
	if opts.ShardSelector != "" && s.opts.Shards {
		shard, err := parseShard(opts.ShardSelector)
		if err != nil {
			return nil, err
		}
		sel.shard = shard
	}
	sel.narrow(namespace, opts.Continue != "")
	return sel, nil
}

// narrow finds the range of keys.
func (sel *selection) narrow(namespace string, continued bool) {
	name, one := "", false
	if sel.fields != nil {
		name, one = sel.fields.RequiresExactMatch("metadata.name")
		if in, ok := sel.fields.RequiresExactMatch("metadata.namespace"); ok && namespace == "" && sel.namespaced {
			namespace = in
		}
	}
	prefix := ""
	if sel.namespaced && namespace != "" {
		prefix = namespace + "/"
		sel.first, sel.end = prefix, namespace+"0" // 0 follows the slash
	}
	if one && name != "" && !continued && (prefix != "" || !sel.namespaced) {
		sel.single = true
		sel.first, sel.end = prefix+name, prefix+name+"\x00"
	}
}

// everything reports whether no selector hides anything.
func (sel *selection) everything() bool {
	return sel.labels == nil && sel.fields == nil && sel.shard == nil
}

// in returns the part of a state that lies in the range of keys.
func (sel *selection) in(items []*record) []*record {
	items = items[seek(items, sel.first):]
	if sel.end != "" {
		items = items[:seek(items, sel.end)]
	}
	return items
}

// wants reports whether rec is selected. A nil rec never is.
func (sel *selection) wants(rec *record) bool {
	if rec == nil || rec.key < sel.first || sel.end != "" && rec.key >= sel.end {
		return false
	}
	return (sel.labels == nil || sel.labels.Matches(labels.Set(rec.meta.Labels))) &&
		(sel.fields == nil || sel.fields.Matches(rec.fieldSet(sel.namespaced))) &&
		sel.inShard(rec.meta)
}

// fieldLabel reports whether objects can be selected by a field: by name and
// namespace, and by what Resource.Fields names.
func fieldLabel(res Resource, label, value string) (string, string, error) {
	if slices.Contains(res.Fields, label) {
		return label, value, nil
	}
	if res.builtIn() {
		return runtime.DefaultMetaV1FieldSelectorConversion(label, value)
	}
	if label == "metadata.name" || label == "metadata.namespace" && res.Namespaced {
		return label, value, nil
	}
	return "", "", fmt.Errorf("field label not supported: %s", label)
}

// relative is a key as a continue token for the selection shows it.
func (sel *selection) relative(key string) string {
	if sel.single {
		return key
	}
	return strings.TrimPrefix(key, sel.first)
}
