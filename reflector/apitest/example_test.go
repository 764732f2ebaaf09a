package apitest_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"

	"github.com/informant-go/informant/reflector/apitest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A typed object in, a list over HTTP out.
func Example() {
	pods := apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true, Status: true}
	srv, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{pods}})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	pod := &metav1.PartialObjectMetadata{}
	pod.Namespace, pod.Name = "shop", "web"
	if _, err := apitest.Of[*metav1.PartialObjectMetadata](srv, pods).Create(pod); err != nil {
		log.Fatal(err)
	}

	// Any client will do; srv.URL is a loopback address.
	resp, err := srv.Client().Get(srv.URL + pods.Path("shop", ""))
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var list metav1.PartialObjectMetadataList
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		log.Fatal(err)
	}
	fmt.Println(list.Kind, "at", list.ResourceVersion, "with", list.Items[0].Name)
	// Output: PodList at 2 with web
}

// A watch that is cut, and a version that is gone.
func ExampleServer_Cut() {
	pods := apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}
	srv, err := apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{pods}})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	watch := func() {
		resp, err := srv.Client().Get(srv.URL + pods.Path("", "") + "?watch=true&resourceVersion=1")
		if err != nil {
			log.Fatal(err)
		}
		defer resp.Body.Close()
		srv.Cut(apitest.Match{Verb: apitest.VerbWatch}, apitest.MidFrame)
		lines := bufio.NewReader(resp.Body)
		for err == nil {
			var line string
			line, err = lines.ReadString('\n')
			fmt.Printf("%.50s\n", line)
		}
		fmt.Println(err)
	}

	watch()
	srv.Expire()
	watch()
	// Output:
	// {"type":"MODIFIED","object":{"kind":"
	// unexpected EOF
	// {"type":"ERROR","object":{"kind":"Status","apiVers
	//
	// EOF
}

// The next two lists are answered with 429, the third one is served.
func ExampleServer_Inject() {
	pods := apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}
	srv, err := apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{pods}})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	busy := srv.Inject(apitest.Fault{
		Match: apitest.Match{Verb: apitest.VerbList, Resource: "pods"},
		Times: 2,
		Do:    apitest.TooManyRequests(1),
	})
	for range 3 {
		resp, err := srv.Client().Get(srv.URL + pods.Path("", ""))
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		fmt.Printf("%d, retry after %q\n", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	fmt.Println(busy.Hits(), "hits,", srv.Count(apitest.VerbList, "pods"), "lists")
	// Output:
	// 429, retry after "1"
	// 429, retry after "1"
	// 200, retry after ""
	// 2 hits, 3 lists
}

// On a pipe there is no address to connect to: only the server's own client
// reaches it, and inside testing/synctest all its waiting is in virtual time.
func ExampleStartPipe() {
	pods := apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}
	srv, err := apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{pods}})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL + pods.Path("", "") + "?watch=true&timeoutSeconds=1")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	fmt.Println(srv.URL, resp.StatusCode, err)
	// Output: http://apitest 200 <nil>
}
