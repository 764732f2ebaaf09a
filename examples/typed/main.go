// Command typed prints what happens to the pods of a cluster, which kubectl proxy
// shows it: go run ./examples/typed http://127.0.0.1:8001
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type Pod struct { // what this program reads of a pod, and no more is kept
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Status            struct {
		Phase string `json:"phase"`
	} `json:"status"`
}

func main() {
	source, err := httpsource.New(httpsource.Config[*Pod]{
		Client: http.DefaultClient, BaseURL: os.Args[1], Version: "v1", Resource: "pods",
	})
	if err != nil {
		log.Fatal(err)
	}
	pods, err := informer.New(source, informer.Options[*Pod]{})
	if err != nil {
		log.Fatal(err)
	}
	tell := func(_ context.Context, e informer.Event[*Pod]) { fmt.Println(e.Type, e.Key, e.Object.Status.Phase) }
	if _, err := pods.AddHandler(informer.HandlerFunc[*Pod](tell), informer.HandlerOptions{}); err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log.Print(pods.Run(ctx))
}
