package differential

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"

	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/reflector/apitest"
)

const cborType = "application/cbor"

// cborAccepts are Accept headers that ask for CBOR, or could be taken for it.
var cborAccepts = []string{
	cborType, cborType + ",application/json", "application/json," + cborType, "application/json;q=0.9,application/cbor;q=1", protobufType + "," + cborType, cborType + "," + protobufType + ",application/json",
	"application/cbor-seq", "application/cbor-seq,application/json", cborType + ";stream=watch", cborType + ";stream=other", "*/*",
	cborType + asOne, cborType + asList, cborType + asList + "," + cborType + asOne + ",application/json", "text/html",
}

// Both servers, with CBOR, give each answer in the same form, and in each form the same
// answer.
func TestApitestSpeaksCBORAsARealServerDoes(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	t.Cleanup(cancel)
	server := realserver.Start(t, realserver.Options{FeatureGates: map[string]bool{"CBORServingAndStorage": true}})
	reality := &side{name: "kube-apiserver", base: server.URL(), client: server.Client(), namespace: server.Namespace(t)}
	imitation, _ := imitate(t, reality.namespace, apitest.Options{CBOR: true})
	for _, w := range writes {
		compare(t, reality.write(ctx, t, w), imitation.write(ctx, t, w))
	}
	t.Run("requests", func(t *testing.T) { // which end before the server does
		for _, r := range requests {
			for _, accept := range cborAccepts {
				t.Run(r.name+" "+accept, func(t *testing.T) {
					t.Parallel()
					want := reality.fetch(ctx, t, "GET", collection+r.path, accept, nil)
					got := imitation.fetch(ctx, t, "GET", collection+r.path, accept, nil)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("-kube-apiserver +apitest\n%s", diff)
					}
				})
			}
		}
	})
}

// cborFrames are answers in CBOR as their JSON. The first has to begin as a server begins
// them.
func cborFrames(raw []byte) (frames []map[string]any, err error) {
	if !bytes.HasPrefix(raw, []byte("\xd9\xd9\xf7")) && len(raw) > 0 {
		return nil, errors.New("it does not describe itself")
	}
	r := cbor.NewFramer().NewFrameReader(io.NopCloser(bytes.NewReader(raw)))
	buf := make([]byte, len(raw)+1)
	for {
		n, err := r.Read(buf)
		if err == io.EOF {
			return frames, nil
		}
		if err != nil {
			return nil, err
		}
		var value map[string]any
		if err := direct.Unmarshal(buf[:n], &value); err != nil {
			return nil, err
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		more, err := jsonFrames(encoded)
		if err != nil {
			return nil, err
		}
		frames = append(frames, more...)
	}
}
