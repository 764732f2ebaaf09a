package union

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/informant-go/informant/object"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// thing is the object of these tests.
type thing = *metav1.ObjectMeta

// at makes a thing of "name@version".
func at(s string) thing {
	name, version, _ := strings.Cut(s, "@")
	return &metav1.ObjectMeta{Name: name, ResourceVersion: version}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// tape is a sink that keeps the state, a log of what it was told, and what is wrong
// with that: calls at the same time, events while a list is open.
type tape[T metav1.Object] struct {
	mu      sync.Mutex
	busy    bool
	log     []string
	wrong   []string
	state   map[string]string // version by key, nil before the first list
	list    map[string]string // the open list, nil for none
	Version string
	newest  map[string]string // version by life of an object, since the last begin
	// refuses, if not nil, says why an object is not taken; hook is called in each
	// call.
	refuses func(obj T) error
	Hook    func(op string)
}

// call is one call of the sink, of which do is the effect.
func (p *tape[T]) call(op string, event bool, do func() error) error {
	p.mu.Lock()
	if p.busy {
		p.wrong = append(p.wrong, op+" while another call goes on")
	}
	if event && p.list != nil {
		p.wrong = append(p.wrong, op+" while a list is open")
	}
	p.busy = true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.busy = false
		p.mu.Unlock()
	}()
	if p.Hook != nil {
		p.Hook(op)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, op)
	return do()
}

func named[T metav1.Object](obj T) (key, text string) {
	key = must(object.MetaKey(obj))
	return key, key + "@" + obj.GetResourceVersion()
}

// takes refuses an object, or notes it.
func (p *tape[T]) takes(into map[string]string, key string, obj T) error {
	if p.refuses != nil {
		if err := p.refuses(obj); err != nil {
			p.log[len(p.log)-1] += " refused"
			return err
		}
	}
	into[key] = obj.GetResourceVersion()
	p.lives(key, obj)
	return nil
}

// lives notes that a life of an object has come to a version, which is never lower
// than one before (U4).
func (p *tape[T]) lives(key string, obj T) {
	if obj.GetUID() == "" {
		return
	}
	life, version := fmt.Sprint(key, " ", obj.GetUID()), obj.GetResourceVersion()
	if c, err := object.CompareVersions(version, p.newest[life]); err == nil && c < 0 {
		p.wrong = append(p.wrong, fmt.Sprintf("%s@%s after %s", key, version, p.newest[life]))
	}
	p.newest[life] = version
}

func (p *tape[T]) Begin(context.Context) error {
	return p.call("begin", false, func() error {
		p.list, p.newest = map[string]string{}, map[string]string{}
		return nil
	})
}

func (p *tape[T]) Page(_ context.Context, items []T) error {
	var errs []error
	for _, obj := range items {
		key, text := named(obj)
		errs = append(errs, p.call("page "+text, false, func() error {
			if p.list == nil {
				p.wrong = append(p.wrong, "a page without a list")
				return nil
			}
			return p.takes(p.list, key, obj)
		}))
	}
	return errors.Join(errs...)
}

func (p *tape[T]) Commit(_ context.Context, version string) error {
	return p.call("commit "+version, false, func() error {
		p.state, p.list, p.Version = p.list, nil, version
		return nil
	})
}

func (p *tape[T]) Abort() {
	_ = p.call("abort", false, func() error {
		p.list = nil
		return nil
	})
}

func (p *tape[T]) Add(_ context.Context, obj T) error    { return p.put("add ", obj) }
func (p *tape[T]) Update(_ context.Context, obj T) error { return p.put("update ", obj) }

func (p *tape[T]) put(op string, obj T) error {
	key, text := named(obj)
	return p.call(op+text, true, func() error {
		if _, there := p.state[key]; there != (op == "update ") {
			p.wrong = append(p.wrong, op+text+" of an object that the sink has or has not")
		}
		return p.takes(p.state, key, obj)
	})
}

func (p *tape[T]) Delete(_ context.Context, obj T) error {
	key, text := named(obj)
	return p.call("delete "+text, true, func() error {
		if p.refuses != nil && p.refuses(obj) != nil {
			return p.refuses(obj)
		}
		delete(p.state, key)
		p.lives(key, obj)
		return nil
	})
}

func (p *tape[T]) DeleteKey(_ context.Context, key string) error {
	return p.call("delete "+key, false, func() error {
		if p.list != nil {
			delete(p.list, key)
		} else {
			delete(p.state, key)
		}
		return nil
	})
}

func (p *tape[T]) Bookmark(_ context.Context, version string) error {
	return p.call("bookmark "+version, true, func() error {
		p.Version = version
		return nil
	})
}

// holds returns the state and what was wrong so far.
func (p *tape[T]) Holds() (map[string]string, []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.state), slices.Clone(p.wrong)
}

// said returns the log since the last time.
func (p *tape[T]) Said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	log := strings.Join(p.log, ", ")
	p.log = nil
	return log
}

// check reports what is wrong with the calls.
func (p *tape[T]) check(t testing.TB) {
	t.Helper()
	for _, wrong := range p.wrong {
		t.Error(wrong)
	}
}

// errRefused is what a tape refuses an object with.
func errRefused(key string) error {
	return &object.RefusedError{By: "tape", Op: "Add", Type: "thing", Key: key, Err: fmt.Errorf("refused")}
}
