package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/reflector/httpsource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// runOnCluster runs the same data flow on a server that is somebody's: it only
// reads.
func runOnCluster(ctx context.Context, s settings, out *screen) error {
	group, version, resource, err := parseResource(s.resource)
	if err != nil {
		return err
	}
	if s.kubeconfig != "" {
		if s.server, s.client, err = clientOf(s.kubeconfig); err != nil {
			return err
		}
	}
	source, err := httpsource.New(httpsource.Config[*unstructured.Unstructured]{
		Client: s.client, BaseURL: s.server,
		Group: group, Version: version, Resource: resource, Namespace: s.namespace,
	})
	if err != nil {
		return err
	}
	defer source.CloseIdleConnections()
	p, err := newPipeline(out, source, indexer.Indexers[*unstructured.Unstructured]{
		"namespace": byNamespace, "app": byApp, "owner": byOwner,
	}, func(context.Context, *unstructured.Unstructured) error { return nil })
	if err != nil {
		return err
	}
	introduce := func() {
		out.say("", "The API server at %s: a cache of its %s, for %v.", s.server, s.resource, s.duration)
		out.print("\n")
	}
	return drive(ctx, s, p, introduce, func(ctx context.Context) error { return sleep(ctx, s.duration) })
}

func parseResource(text string) (group, version, resource string, err error) {
	switch parts := strings.Split(text, "/"); len(parts) {
	case 2:
		return "", parts[0], parts[1], nil
	case 3:
		return parts[0], parts[1], parts[2], nil
	}
	return "", "", "", fmt.Errorf("-resource %q: expected version/plural such as v1/pods, or group/version/plural such as apps/v1/deployments", text)
}

func byNamespace(u *unstructured.Unstructured) ([]string, error) {
	return []string{u.GetNamespace()}, nil
}

func byApp(u *unstructured.Unstructured) ([]string, error) {
	for _, label := range []string{"app.kubernetes.io/name", "app", "k8s-app"} {
		if app := u.GetLabels()[label]; app != "" {
			return []string{app}, nil
		}
	}
	return nil, nil
}

func byOwner(u *unstructured.Unstructured) ([]string, error) {
	var owners []string
	for _, owner := range u.GetOwnerReferences() {
		owners = append(owners, owner.Kind+"/"+owner.Name)
	}
	return owners, nil
}
