package deps

import (
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/informant-go/informant/object"
	_ "go.uber.org/goleak"
	_ "k8s.io/api/core/v1"
	_ "k8s.io/client-go/kubernetes/fake"
	_ "k8s.io/client-go/tools/cache"
	_ "k8s.io/client-go/tools/cache/testing"
	_ "k8s.io/client-go/util/workqueue"
	_ "k8s.io/utils/clock/testing"
	_ "pgregory.net/rapid"
)
