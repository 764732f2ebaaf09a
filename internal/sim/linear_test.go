package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// access is an operation on one job: a write on the server, or a read in the
// informer's store.
type access struct {
	kind string // "put", "delete" or "read"
	n    int    // of the job
}

// register is the model of one job: its version on the server, "" without it.
var register = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make([][]porcupine.Operation, names)
		for _, op := range history {
			n := op.Input.(access).n
			parts[n] = append(parts[n], op)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		switch input.(access).kind {
		case "put":
			return true, output
		case "delete":
			return true, ""
		}
		return state == output, state
	},
	Equal: func(a, b any) bool { return a == b },
	DescribeOperation: func(input, output any) string {
		return fmt.Sprintf("%+v = %q", input, output)
	},
}

// S5, R1, I2: a read in the store that waits for the server's present version sees every
// write that had returned before, of whoever, also while streams are cut and answers are
// late: for each object, writes on the server and such reads are linearizable.
func TestReadsBehindABarrierAreLinearizable(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newReadingPipeline(t, seed)
				history := p.record(t, seed)
				if stale := p.stale.Load(); stale == 0 {
					t.Error("the store never lagged the server: the barrier was not needed")
				}
				if !porcupine.CheckOperations(register, history) {
					for _, op := range history {
						t.Logf("%v–%v client %d: %s", time.Duration(op.Call), time.Duration(op.Return), op.ClientId, register.DescribeOperation(op.Input, op.Output))
					}
					t.Error("no order of the operations explains what was read")
				}
			})
		})
	}
}

// The model finds the reads that need a barrier and have none.
func TestReadsWithoutABarrierAreNotLinearizable(t *testing.T) {
	wrong := 0
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			p := newReadingPipeline(t, seed)
			p.bold = true
			if !porcupine.CheckOperations(register, p.record(t, seed)) {
				wrong++
			}
		})
	}
	if wrong == 0 {
		t.Error("no fault was found in reads of a store that lags")
	}
}

// readingPipeline is a server and an informer of its jobs.
type readingPipeline struct {
	server   *apitest.Server
	jobs     apitest.Collection[*Job]
	informer *informer.SharedIndexInformer[*Job]
	bold     bool         // reads do not wait
	stale    atomic.Int64 // how many reads had to wait
}

// newReadingPipeline starts a server whose watches are slow and broken off now and
// then, and an informer, until the end of the test.
func newReadingPipeline(t *testing.T, seed uint64) *readingPipeline {
	p := &readingPipeline{server: must(apitest.StartPipe(apitest.Options{
		Resources: []apitest.Resource{resource}, BookmarkInterval: time.Minute, Seed: seed,
	}))}
	t.Cleanup(p.server.Close)
	p.jobs = apitest.Of[*Job](p.server, resource)
	for _, do := range []apitest.Action{apitest.Slow(20 * time.Millisecond), apitest.CutAfter(30, apitest.Abruptly)} {
		p.server.Inject(apitest.Fault{Match: apitest.Match{Verb: apitest.VerbWatch}, Do: do})
	}
	p.informer = must(informer.New(must(httpsource.New(httpsource.Config[*Job]{
		Client: &http.Client{Transport: p.server.Client().Transport}, BaseURL: p.server.URL,
		Group: resource.Group, Version: resource.Version, Resource: resource.Resource,
	})), informer.Options[*Job]{Name: "jobs", Indexers: indexes, Reflector: reflector.Options{
		DisableStreaming: seed%2 == 0, Logger: newLines(newJournal()).logger(),
	}}))
	ended := make(chan error, 1)
	go func() { ended <- p.informer.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := p.informer.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	if err := informer.WaitForSync(context.Background(), p.informer); err != nil {
		t.Fatal(err)
	}
	return p
}

// record has some clients read and write the same few jobs, and returns what they saw.
func (p *readingPipeline) record(t *testing.T, seed uint64) (history []porcupine.Operation) {
	var mu sync.Mutex
	var clients sync.WaitGroup
	began := time.Now()
	for client := range 5 {
		r := rand.New(rand.NewPCG(seed, uint64(client)))
		clients.Go(func() {
			for i := range 30 {
				op := access{pick(r, "put", "put", "delete", "read", "read", "read"), r.IntN(3)}
				call := time.Since(began)
				output := p.perform(t, op, 100*client+i)
				end := time.Since(began)
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: client, Input: op, Call: int64(call), Output: output, Return: int64(end)})
				mu.Unlock()
				<-time.After(time.Duration(r.IntN(30)) * time.Millisecond)
			}
		})
	}
	clients.Wait()
	return history
}

// perform does op and returns the version that it gave to the job or found.
func (p *readingPipeline) perform(t *testing.T, op access, size int) string {
	job := newJob(op.n)
	switch op.kind {
	case "read":
		return p.read(t, keyOf(job))
	case "delete":
		if _, err := p.jobs.Delete(job.Namespace, job.Name); err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
		return ""
	}
	for {
		written, err := p.jobs.Modify(job.Namespace, job.Name, func(j *Job) *Job { return reshape(j, size) })
		if apierrors.IsNotFound(err) {
			written, err = p.jobs.Create(reshape(newJob(op.n), size))
		}
		switch {
		case err == nil:
			return written.ResourceVersion
		case !apierrors.IsAlreadyExists(err) && !apierrors.IsNotFound(err):
			t.Error(err)
			return ""
		}
	}
}

// read reads in the store, behind the version that the server has now.
func (p *readingPipeline) read(t *testing.T, key string) string {
	store, barrier := p.informer.Indexer(), p.server.ResourceVersion()
	if object.NewerVersion(barrier, store.LastStoreSyncResourceVersion()) {
		p.stale.Add(1)
	}
	if !p.bold {
		if err := store.WaitFor(context.Background(), barrier); err != nil {
			t.Error(err)
		}
	}
	job, exists, err := store.GetByKey(key)
	if err != nil {
		t.Error(err)
	}
	if !exists {
		return ""
	}
	return job.ResourceVersion
}
