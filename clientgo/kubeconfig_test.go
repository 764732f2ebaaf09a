package clientgo_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// A program outside of a cluster, which has a kubeconfig: client-go reads the file and
// signs in as it says, by a program or a certificate, and makes the client that a source
// needs. Inside of a cluster httpsource.InCluster does without client-go.
func Example_kubeconfig() {
	server, file, end := shop()
	defer end()

	config, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		panic(err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		panic(err)
	}
	source, err := httpsource.New(httpsource.Config[*corev1.Pod]{
		Client: client, BaseURL: config.Host, Version: "v1", Resource: "pods",
	})

	fmt.Println(source, err, server.URL == config.Host)
	_, err = source.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[*corev1.Pod]) error {
		fmt.Println(len(p.Items), "pod:", p.Items[0].Name)
		return nil
	})
	source.CloseIdleConnections()
	fmt.Println(err)
	// Output:
	// /api/v1/pods <nil> true
	// 1 pod: web
	// <nil>
}

// shop is a server with one pod, and a kubeconfig for it.
func shop() (server *apitest.Server, file string, end func()) {
	pods := apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true, Status: true}
	server, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{pods}})
	if err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "kubeconfig")
	if err != nil {
		panic(err)
	}
	if _, err := apitest.Of[*corev1.Pod](server, pods).Create(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}); err != nil {
		panic(err)
	}
	file = filepath.Join(dir, "config")
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: shop\ncontexts:\n- name: shop\n  context: {cluster: shop}\nclusters:\n- name: shop\n  cluster: {server: %q}\n", server.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		panic(err)
	}
	return server, file, func() {
		server.Close()
		_ = os.RemoveAll(dir) // it is in the folder for temporary files
	}
}
