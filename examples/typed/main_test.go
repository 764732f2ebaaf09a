package main

import (
	"bufio"
	"io"
	"log"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/informant-go/informant/reflector/apitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestItPrintsWhatHappens runs the program on a server with two pods, of which one is
// deleted, until it is interrupted.
func TestItPrintsWhatHappens(t *testing.T) {
	resource := apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}
	server, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{resource}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	pods := apitest.Of[*unstructured.Unstructured](server, resource)
	for _, name := range []string{"db", "web"} {
		if _, err := pods.Create(pod(name)); err != nil {
			t.Fatal(err)
		}
	}

	lines, done := start(t, server.URL)
	expect(t, lines, "Add shop/db Running")
	expect(t, lines, "Add shop/web Running")
	if _, err := pods.Delete("shop", "db"); err != nil {
		t.Fatal(err)
	}
	expect(t, lines, "Delete shop/db Running")
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-done
}

func pod(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"namespace": "shop", "name": name},
		"status":   map[string]any{"phase": "Running"},
	}}
}

// start runs main with a URL, and returns what it prints, and a channel that is closed
// when it has returned.
func start(t *testing.T, url string) (lines *bufio.Scanner, done chan struct{}) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, args := os.Stdout, os.Args
	os.Stdout, os.Args = w, []string{"typed", url}
	log.SetOutput(io.Discard)
	done = make(chan struct{})
	go func() {
		defer close(done)
		main()
	}()
	t.Cleanup(func() {
		os.Stdout, os.Args = stdout, args
		log.SetOutput(os.Stderr)
		w.Close()
		r.Close()
	})
	return bufio.NewScanner(r), done
}

func expect(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	if !lines.Scan() {
		t.Fatalf("the output ended, want %q", want)
	}
	if got := strings.TrimSpace(lines.Text()); got != want {
		t.Fatalf("%q was printed, want %q", got, want)
	}
}
