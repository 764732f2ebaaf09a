package apitest

import (
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// remove deletes an object, or notes that it is to be deleted. It returns the last
// state, as of the version of the deletion, or the one that finalizers or a grace
// period keep, with gone false. What somebody else deletes once this deletion is noted
// is gone all the same, as a real server has it.
func (s *Server) remove(t *table, namespace, name string, opts metav1.DeleteOptions) (rec *record, gone bool, err error) {
	key := t.key(namespace, name)
	var noted *record
	for {
		prev, err := s.find(t, namespace, name)
		if noted != nil && (apierrors.IsNotFound(err) || err == nil && prev.meta.UID != noted.meta.UID) {
			return noted, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		if err := t.expects(prev, opts.Preconditions); err != nil {
			return nil, false, err
		}
		next, kept, err := t.marked(prev, opts)
		if err != nil {
			return nil, false, apierrors.NewInternalError(err)
		}
		if next != prev {
			if done, err := s.commit(t, key, prev, next); err != nil {
				return nil, false, err
			} else if !done {
				continue
			}
			noted = next
		}
		if kept {
			return next, false, nil
		}
		if done, err := s.commit(t, key, next, nil); done || err != nil {
			return next, done, err
		}
	}
}

// expects refuses to delete another life or state of an object than the one that
// is meant.
func (t *table) expects(prev *record, only *metav1.Preconditions) error {
	if only == nil {
		return nil
	}
	kind := schema.GroupResource{Group: t.res.Group, Resource: t.res.Kind}
	if only.UID != nil && *only.UID != prev.meta.UID {
		return apierrors.NewConflict(kind, prev.meta.Name, fmt.Errorf(
			"the UID in the precondition (%s) does not match the UID in record (%s). The object might have been deleted and then recreated",
			*only.UID, prev.meta.UID))
	}
	if only.ResourceVersion != nil && *only.ResourceVersion != formatVersion(prev.rv) {
		return apierrors.NewConflict(kind, prev.meta.Name, fmt.Errorf(
			"the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record (%s). The object might have been modified",
			*only.ResourceVersion, formatVersion(prev.rv)))
	}
	return nil
}

// marked is the state of an object that was asked to be deleted: prev, if there is
// nothing to note. kept is true if it stays.
func (t *table) marked(prev *record, opts metav1.DeleteOptions) (next *record, kept bool, err error) {
	if prev.meta.DeletionTimestamp == nil && len(prev.meta.Finalizers) == 0 && t.res.GracePeriod == 0 {
		return prev, false, nil
	}
	d, err := t.document(prev)
	if err != nil {
		return nil, false, err
	}
	kept = t.res.mark(&d.meta, opts.GracePeriodSeconds, time.Now().UTC().Truncate(time.Second))
	next, err = t.state(d, prev.key)
	if err != nil || next.sameMeta(prev) {
		return prev, kept, err
	}
	return next, kept, nil
}

// mark notes in meta that the object is to be deleted after the seconds that were
// asked for, nil for the usual ones, and reports whether it stays for now.
func (r Resource) mark(meta *metav1.ObjectMeta, asked *int64, now time.Time) (kept bool) {
	if asked != nil && *asked < 0 {
		asked = new(int64(1))
	}
	left := meta.DeletionGracePeriodSeconds
	switch {
	case left != nil && *left > 0:
		if asked == nil || *asked >= *left {
			return true
		}
		shorten(meta, *asked, now)
	case meta.DeletionTimestamp == nil && r.GracePeriod > 0:
		if asked == nil {
			asked = new(int64(r.GracePeriod / time.Second))
		}
		dies(meta, *asked, now)
	case len(meta.Finalizers) > 0:
		if meta.DeletionTimestamp == nil {
			dies(meta, 0, now)
		}
	default:
		return false
	}
	return *meta.DeletionGracePeriodSeconds > 0 || len(meta.Finalizers) > 0
}

// dies notes that an object is to be deleted in so many seconds. Who looks after it
// has something else to do from then on, so that it is another generation.
func dies(meta *metav1.ObjectMeta, seconds int64, now time.Time) {
	at := metav1.NewTime(now.Add(time.Duration(seconds) * time.Second))
	meta.DeletionTimestamp, meta.DeletionGracePeriodSeconds = &at, &seconds
	if meta.Generation > 0 {
		meta.Generation++
	}
}

// shorten makes a grace period that has begun one of so many seconds, but does not
// end it in the past.
func shorten(meta *metav1.ObjectMeta, seconds int64, now time.Time) {
	begun := meta.DeletionTimestamp.Add(-time.Duration(*meta.DeletionGracePeriodSeconds) * time.Second)
	end := begun.Add(time.Duration(seconds) * time.Second)
	if end.Before(now) {
		end, seconds = now, min(seconds, 1)
	}
	at := metav1.NewTime(end)
	meta.DeletionTimestamp, meta.DeletionGracePeriodSeconds = &at, &seconds
}

// finalized reports whether an update was the last thing that a deletion waited for.
func finalized(old, next *metav1.ObjectMeta) bool {
	grace := old.DeletionGracePeriodSeconds
	return old.DeletionTimestamp != nil && len(next.Finalizers) == 0 && (grace == nil || *grace == 0)
}
