package pipeline

import (
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/informant-go/informant/reflector"
)

// status is the body of a failure as an API server sends it.
func status(code int, reason metav1.StatusReason) string {
	return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"so it is","reason":%q,"code":%d}`, reason, code)
}

// failures are answers that a server, or what stands in front of it, gives now
// and then.
var failures = map[string]func() (*http.Response, error){
	"429": func() (*http.Response, error) {
		return answer(429, "application/json", status(429, metav1.StatusReasonTooManyRequests), "Retry-After", "1"), nil
	},
	"429 of a proxy": func() (*http.Response, error) { return answer(429, "text/plain", "slow down", "Retry-After", "1"), nil },
	"500": func() (*http.Response, error) {
		return answer(500, "application/json", status(500, metav1.StatusReasonInternalError)), nil
	},
	"502": func() (*http.Response, error) { return answer(502, "text/html", "<h1>Bad Gateway</h1>"), nil },
	"503": func() (*http.Response, error) {
		return answer(503, "application/json", status(503, metav1.StatusReasonServiceUnavailable), "Retry-After", "1"), nil
	},
	"504": func() (*http.Response, error) {
		return answer(504, "application/json", status(504, metav1.StatusReasonTimeout)), nil
	},
	"HTML": func() (*http.Response, error) { return answer(200, "text/html", "<h1>Sign in</h1>"), nil },
	"half a list": func() (*http.Response, error) {
		return answer(200, "application/json", `{"kind":"ConfigMapList","it`), nil
	},
	"refused": func() (*http.Response, error) { return nil, syscall.ECONNREFUSED },
}

// R1, R2, R3: whatever answer comes in place of the server's, to a list, to the
// request of a stream or to that of a watch, the state is right in the end, and
// a failed watch is no reason to list.
func TestAFailedRequestIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := server.Server(t)
	for name, failure := range failures {
		for _, paged := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, paged %v", name, paged), func(t *testing.T) {
				t.Parallel()
				ctx := within(t, patience)
				ns := s.Namespace(t)
				client := configMaps(t, s, ns)
				fill(ctx, t, client, 0, 10, asIs)
				f := &faulty{wire: newWire(s), failure: failure, left: 2}
				f.wire.fault = f.answer
				p := start(t, s, settings[*corev1.ConfigMap]{
					namespace: ns, client: f.wire.client(),
					reflector: reflector.Options{DisableStreaming: paged},
				})
				p.sync(ctx, t)
				p.settle(ctx, t, client, nil) // there is a watch to cut

				f.again(2)
				before := p.oracle.told()
				f.wire.cut()
				change(ctx, t, client, numbered(0).Name, "1", nil)
				remove(ctx, t, client, numbered(3).Name)
				p.settle(ctx, t, client, nil)
				p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
				p.wantChanges(t, before, "Update "+numbered(0).Name, "Delete "+numbered(3).Name)
				stats := p.reflector.Stats()
				if stats.RelistCount() != 0 || stats.Synced != 1 {
					t.Errorf("R2: stats: %+v, want one list", stats)
				}
				if n := len(p.reported()); n < 4 {
					t.Errorf("%d errors were reported, want 4 at least: %v", n, p.reported())
				}
				f.checkPauses(t)
			})
		}
	}
}

// faulty answers some requests by a failure, and remembers when each of those
// may be tried again.
type faulty struct {
	wire    *wire
	failure func() (*http.Response, error)

	mu       sync.Mutex
	left     int
	due      time.Time
	tooEarly []time.Duration
}

func (f *faulty) answer(a asked) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if early := time.Until(f.due); early > 0 {
		f.tooEarly = append(f.tooEarly, early)
	}
	if f.left == 0 {
		return nil, nil
	}
	f.left--
	resp, err := f.failure()
	if resp != nil && resp.Header.Get("Retry-After") == "1" {
		f.due = time.Now().Add(time.Second)
	}
	return resp, err
}

func (f *faulty) again(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = n
}

// checkPauses is R3: a Retry-After is honoured.
func (f *faulty) checkPauses(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.tooEarly) > 0 {
		t.Errorf("R3: requests came too early, by %v", f.tooEarly)
	}
}
