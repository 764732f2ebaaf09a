package httpsource_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// told is a transport that tells in what answers come.
type told struct{ base http.RoundTripper }

func (t told) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(r)
	if err == nil {
		fmt.Println("an answer in", resp.Header.Get("Content-Type"))
	}
	return resp, err
}

// A custom resource in CBOR, of a server that has it, and in JSON of one that has not.
func ExampleConfig_cBOR() {
	widgets := apitest.Resource{Group: "example.org", Version: "v1", Resource: "widgets", Kind: "Widget"}
	for _, speaks := range []bool{true, false} {
		server, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{widgets}, CBOR: speaks})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer server.Close()
		if _, err := apitest.Of[*Widget](server, widgets).Create(&Widget{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Size: 3}); err != nil {
			fmt.Println(err)
			return
		}

		source, err := httpsource.New(httpsource.Config[*unstructured.Unstructured]{
			Client:   &http.Client{Transport: told{server.Client().Transport}},
			BaseURL:  server.URL,
			Group:    "example.org",
			Version:  "v1",
			Resource: "widgets",
			CBOR:     true,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = source.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[*unstructured.Unstructured]) error {
			for _, w := range p.Items {
				fmt.Println(w.GetName(), w.Object["size"])
			}
			return nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// an answer in application/cbor
	// a 3
	// an answer in application/json
	// a 3
}
