package apitest

import (
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// statusField is the field that the status subresource owns.
const statusField = "status"

// create stores a new object in namespace and returns its first state.
func (s *Server) create(t *table, namespace string, d *document) (*record, error) {
	if err := checkType(t.res, d); err != nil {
		return nil, err
	}
	meta := &d.meta
	if err := adoptNamespace(t.res, namespace, meta); err != nil {
		return nil, err
	}
	meta.UID, meta.CreationTimestamp = "", metav1.Time{}
	meta.DeletionTimestamp, meta.DeletionGracePeriodSeconds = nil, nil
	meta.ManagedFields, meta.Generation = nil, 0
	if t.res.counted() {
		meta.Generation = 1
	}
	if t.res.Status {
		delete(d.fields, statusField)
	}
	if rv, err := parseVersion(meta.ResourceVersion); err == nil && rv != 0 {
		return nil, errors.New("resourceVersion should not be set on objects to be created")
	}
	if meta.Name != "" || meta.GenerateName == "" {
		return s.insert(t, d)
	}
	return s.insertGenerated(t, d)
}

// insertGenerated tries names until one is free, as often as a real server.
func (s *Server) insertGenerated(t *table, d *document) (rec *record, err error) {
	const attempts = 8
	for range attempts {
		d.meta.Name = s.ids.name(d.meta.GenerateName)
		if rec, err = s.insert(t, d); !apierrors.IsAlreadyExists(err) {
			return rec, err
		}
	}
	return nil, apierrors.NewGenerateNameConflict(t.res.groupResource(), d.meta.Name, 1)
}

func (s *Server) insert(t *table, d *document) (*record, error) {
	d.meta.UID = s.ids.uid()
	d.meta.CreationTimestamp = metav1.NewTime(time.Now().UTC().Truncate(time.Second))
	if errs := validateMeta(t.res, &d.meta); len(errs) > 0 {
		return nil, apierrors.NewInvalid(t.res.GroupVersionKind().GroupKind(), d.meta.Name, errs)
	}
	rec, err := t.state(d, t.key(d.meta.Namespace, d.meta.Name))
	if err != nil {
		return nil, err
	}
	switch done, err := s.commit(t, rec.key, nil, rec); {
	case err != nil:
		return nil, err
	case !done:
		return nil, apierrors.NewAlreadyExists(t.res.groupResource(), d.meta.Name)
	}
	return rec, nil
}

// update stores what change makes of the present state of an object. change
// may be called again when somebody else was faster, and runs without a lock;
// its result may share nothing with its argument but values.
func (s *Server) update(t *table, namespace, name string, change func(old *document) (*document, error)) (*record, error) {
	key := t.key(namespace, name)
	for {
		prev, err := s.find(t, namespace, name)
		if err != nil {
			return nil, err
		}
		old, err := t.document(prev)
		if err != nil {
			return nil, apierrors.NewInternalError(err)
		}
		next, err := change(old)
		if err != nil {
			return nil, err
		}
		settled := *next // the writer's version has to survive another round
		if err := t.settle(old, &settled, key, name); err != nil {
			return nil, err
		}
		rec, err := t.state(&settled, key)
		if err != nil {
			return nil, err
		}
		// As in a real server, writing what is already there is no write.
		if rec.sameMeta(prev) && sameFields(old, &settled) {
			return prev, nil
		}
		if finalized(&old.meta, &settled.meta) {
			rec.rv = prev.rv
			if done, err := s.commit(t, key, prev, nil); done || err != nil {
				return rec, err
			}
			continue
		}
		if done, err := s.commit(t, key, prev, rec); done || err != nil {
			return rec, err
		}
	}
}

// settle checks next against the state that it follows and fills in what the
// server owns.
func (t *table) settle(old, next *document, key, name string) error {
	if err := checkType(t.res, next); err != nil {
		return err
	}
	if next.meta.UID != "" && next.meta.UID != old.meta.UID {
		return anotherLife(t.res, key, name, string(next.meta.UID), string(old.meta.UID))
	}
	if err := t.checkVersion(old, next, name); err != nil {
		return err
	}
	meta := &next.meta
	meta.UID, meta.CreationTimestamp = old.meta.UID, old.meta.CreationTimestamp
	meta.DeletionTimestamp, meta.DeletionGracePeriodSeconds = old.meta.DeletionTimestamp, old.meta.DeletionGracePeriodSeconds
	meta.ManagedFields, meta.Generation = nil, old.meta.Generation
	if t.res.counted() {
		owned := ""
		if t.res.Status {
			owned = statusField
		}
		if !sameFields(old, next, owned) {
			meta.Generation++
		}
	}
	errs := validateMeta(t.res, meta)
	before := old.meta
	before.ResourceVersion = meta.ResourceVersion
	errs = append(errs, validation.ValidateObjectMetaUpdate(meta, &before, field.NewPath("metadata"))...)
	if len(errs) > 0 {
		return apierrors.NewInvalid(t.res.GroupVersionKind().GroupKind(), name, errs)
	}
	return nil
}

// checkVersion refuses an update of anything but the present state. On
// success next carries the version of old.
func (t *table) checkVersion(old, next *document, name string) error {
	rv, err := parseVersion(next.meta.ResourceVersion)
	switch {
	case err != nil:
		return err
	case rv == 0 && !t.res.builtIn():
		missing := field.Invalid(field.NewPath("metadata", "resourceVersion"), rv, "must be specified for an update")
		return apierrors.NewInvalid(schema.GroupKind{Group: t.res.Group, Kind: t.res.Resource}, name, field.ErrorList{missing})
	case rv != 0 && next.meta.ResourceVersion != old.meta.ResourceVersion:
		return apierrors.NewConflict(t.res.groupResource(), name, errors.New(messageModified))
	}
	next.meta.ResourceVersion = old.meta.ResourceVersion
	return nil
}

// state encodes an object of the table, whose version is set when it is committed.
func (t *table) state(d *document, key string) (*record, error) {
	rec, err := d.record(key)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	rec.selectable = d.selectable(t.res.Fields)
	if t.res.Protobuf != nil {
		rec.message, err = t.message(t.encode(nil, rec, 0))
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf(
			"%s in version %q cannot be handled as a %s: %v", t.res.Kind, t.res.Version, t.res.Kind, err))
	}
	return rec, nil
}

// find returns the present state of an object.
func (s *Server) find(t *table, namespace, name string) (*record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := t.served(); err != nil {
		return nil, err
	}
	rec := t.records[t.key(namespace, name)]
	if rec == nil {
		return nil, apierrors.NewNotFound(t.res.groupResource(), name)
	}
	return rec, nil
}

// commit replaces prev by rec at the next resource version, or reports with done
// false that prev is not the present state any more. rec becomes the table's.
func (s *Server) commit(t *table, key string, prev, rec *record) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := t.served(); err != nil || t.records[key] != prev {
		return false, err
	}
	s.step()
	if rec != nil {
		rec.rv = s.rv
	}
	t.append(s.rv, rec, prev, s.opts.History)
	return true, nil
}

// checkType refuses an object of another type. One that names none is taken.
func checkType(res Resource, d *document) error {
	if d.apiVersion != "" && d.apiVersion != res.apiVersion() {
		return apierrors.NewBadRequest(fmt.Sprintf(
			"the API version in the data (%s) does not match the expected API version (%s)", d.apiVersion, res.apiVersion()))
	}
	if d.kind == "" || d.kind == res.Kind {
		return nil
	}
	if !res.builtIn() {
		wrong := field.Invalid(field.NewPath("kind"), d.kind, "must be "+res.Kind)
		return apierrors.NewInvalid(res.GroupVersionKind().GroupKind(), d.meta.Name, field.ErrorList{wrong})
	}
	internal := res.internalGroup()
	return apierrors.NewBadRequest(fmt.Sprintf(
		"%s in version %q cannot be handled as a %s: converting (%s.%s) to (%s.%s): unknown conversion",
		d.kind, res.Version, res.Kind, res.Version, d.kind, internal, res.Kind))
}

// adoptNamespace gives an object the namespace of its request.
func adoptNamespace(res Resource, namespace string, meta *metav1.ObjectMeta) error {
	switch {
	case !res.Namespaced:
		meta.Namespace = ""
	case meta.Namespace == "":
		meta.Namespace = namespace
	case meta.Namespace != namespace:
		return apierrors.NewBadRequest("the namespace of the provided object does not match the namespace sent on the request")
	}
	return nil
}

func validateMeta(res Resource, meta *metav1.ObjectMeta) field.ErrorList {
	return validation.ValidateObjectMeta(meta, res.Namespaced, validation.NameIsDNSSubdomain, field.NewPath("metadata"))
}
