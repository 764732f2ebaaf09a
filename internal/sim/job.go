package sim

import (
	"fmt"
	"slices"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/reflector/apitest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// resource is what the server serves.
var resource = apitest.Resource{Group: "sim.example.com", Version: "v1", Resource: "jobs", Kind: "Job", Namespaced: true, Status: true}

// Job is the kind of object of the simulation. Workers bring its status up to
// its generation.
type Job struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              JobSpec   `json:"spec"`
	Status            JobStatus `json:"status,omitzero"`
}

// JobSpec is what the script changes.
type JobSpec struct {
	Size  int      `json:"size"`
	Nodes []string `json:"nodes,omitempty"`
}

// JobStatus is what the workers write.
type JobStatus struct {
	Observed int64 `json:"observed,omitempty"`
}

// done reports whether a worker has seen the last spec.
func (j *Job) done() bool { return j.Status.Observed >= j.Generation }

// newJob is job number n.
func newJob(n int) *Job {
	j := &Job{}
	j.Namespace, j.Name = fmt.Sprintf("ns-%d", n%3), fmt.Sprintf("job-%d", n)
	return j
}

// reshape gives j another spec; any two sizes differ in it.
func reshape(j *Job, size int) *Job {
	j.Spec = JobSpec{Size: size}
	for i := range size % 4 {
		j.Spec.Nodes = append(j.Spec.Nodes, fmt.Sprintf("node-%d", (size+i)%5))
	}
	return j
}

// relabel moves j to another team, or to none.
func relabel(j *Job, n int) *Job {
	j.Labels = map[string]string{"team": fmt.Sprintf("team-%d", n%3), "n": fmt.Sprint(n)}
	if n%7 == 0 {
		delete(j.Labels, "team")
	}
	return j
}

// chosen is the filter of the filtering handler.
func chosen(j *Job) bool { return j.Labels["team"] == "team-1" }

// indexes are the index functions of the store; those of later are added on
// the way.
var indexes = indexer.Indexers[*Job]{
	"team":      func(j *Job) ([]string, error) { return []string{j.Labels["team"]}, nil },
	"namespace": func(j *Job) ([]string, error) { return []string{j.Namespace}, nil },
}

var later = indexer.Indexers[*Job]{
	"node": func(j *Job) ([]string, error) { return slices.Clone(j.Spec.Nodes), nil },
}
