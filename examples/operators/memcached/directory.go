package memcached

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// DirectoryName is the name of the ConfigMap in the operator's namespace.
const DirectoryName = "memcached-directory"

// directory writes the ConfigMap that lists the pods of all Memcacheds. Each write
// is a merge patch of one entry, so that workers do not get in each other's way; one
// that changes nothing is none to the server.
type directory struct {
	client    client.Client
	namespace string
}

// unread marks writes that no read has to wait for: the directory is only written, and
// needs no informer.
const unread = client.DisableReadYourWritesConsistency

// EntryOf is the key in the directory's data; a namespace has no dot.
func EntryOf(m *Memcached) string { return m.Namespace + "." + m.Name }

// enter writes the entry of m.
func (d directory) enter(ctx context.Context, m *Memcached, nodes []string) error {
	entry := strings.Join(nodes, " ")
	err := d.patch(ctx, m, &entry)
	if !apierrors.IsNotFound(err) {
		return err
	}
	err = d.client.Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: d.namespace, Name: DirectoryName},
		Data:       map[string]string{EntryOf(m): entry},
	}, unread)
	if err != nil { // another worker was faster: the next try patches
		return fmt.Errorf("the directory: %w", err)
	}
	return nil
}

// remove takes the entry of m out.
func (d directory) remove(ctx context.Context, m *Memcached) error {
	return client.IgnoreNotFound(d.patch(ctx, m, nil))
}

func (d directory) patch(ctx context.Context, m *Memcached, entry *string) error {
	patch, err := json.Marshal(map[string]any{"data": map[string]any{EntryOf(m): entry}})
	if err != nil {
		return err
	}
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: d.namespace, Name: DirectoryName}}
	if err := d.client.Patch(ctx, cm, client.RawPatch(types.MergePatchType, patch), unread); err != nil {
		return fmt.Errorf("the directory: %w", err)
	}
	return nil
}
