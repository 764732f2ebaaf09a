package httpsource

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// goroutinesOf is how many goroutines more than now there are, at most, while use
// reads with a source whose number of decoders is the default.
func goroutinesOf(use func(change func(*Config[*Widget]))) int {
	before, most := runtime.NumGoroutine(), 0
	use(func(c *Config[*Widget]) {
		c.New = func() *Widget {
			most = max(most, runtime.NumGoroutine()-before) // read where one goroutine decodes
			return new(Widget)
		}
	})
	return most
}

// W10: with one processor nothing is decoded on another goroutine, and the default is
// no slower than Decoders: 1 is, because it is the same.
func TestOneProcessorDecodesOnOneGoroutine(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	frame := fmt.Sprintf(widgetFrame, "ADDED", "a", 1, 1)
	for name, use := range map[string]func(change func(*Config[*Widget])){
		"a list": func(change func(*Config[*Widget])) {
			items, _, _, err := collect(widgets(t, bodyOf(`{"kind":"WidgetList","apiVersion":"example.org/v1","items":[`+strings.Repeat(`{"metadata":{"name":"a"}},`, 999)+`{"metadata":{"name":"a"}}]}`), change))
			if err != nil || len(items) != 1000 {
				t.Errorf("%d items, %v", len(items), err)
			}
		},
		"a stream": func(change func(*Config[*Widget])) {
			s := streamOf(t, strings.NewReader(strings.Repeat(frame, 1000)), change)
			n := 0
			for ; ; n++ {
				if _, err := s.Next(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if n != 1000 {
				t.Errorf("%d events", n)
			}
		},
	} {
		if n := goroutinesOf(use); n != 0 {
			t.Errorf("%s is decoded with %d goroutines besides the one that reads", name, n)
		}
	}
}

// The number of processors counts when a request begins: a container may be given
// more of them while the program runs.
func TestDecodersFollowTheProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	source := widgets(t, bodyOf(""), nil)
	given := widgets(t, bodyOf(""), func(c *Config[*Widget]) { c.Decoders = 3 })
	for _, procs := range []int{1, 2, 3, maxDecoders + 1} {
		runtime.GOMAXPROCS(procs)
		if got, want := source.config.decoders(), min(procs, maxDecoders); got != want {
			t.Errorf("%d decoders with %d processors, want %d", got, procs, want)
		}
		if got := given.config.decoders(); got != 3 {
			t.Errorf("%d decoders where 3 are asked for", got)
		}
	}
}
