package indexer

import (
	"bytes"
	"strings"
	"testing"

	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
)

// TestIndexErrorsAreLogged proves what S4 says where nobody asked to be told:
// one line for each write, with cache, index, key, reason and the number of
// failures, and nothing for a write without one.
func TestIndexErrorsAreLogged(t *testing.T) {
	gray := func(key, version string) *thing { return &thing{key: key, version: version, colors: []string{"gray"}} }
	for name, test := range map[string]struct {
		write func(c *Cache[*thing]) error
		want  []string
	}{
		"add": {
			func(c *Cache[*thing]) error { return c.Add(gray("a/x", "1")) },
			[]string{`key="a/x"`, "failures=1", "gray is no color"},
		},
		"panic": {
			func(c *Cache[*thing]) error {
				return c.Add(&thing{key: "a/p", version: "1", colors: []string{"black"}})
			},
			[]string{`key="a/p"`, "failures=1", "panicked: black"},
		},
		"apply": {
			func(c *Cache[*thing]) error {
				c.Apply([]Change[*thing]{
					{Key: "a/x", Object: gray("a/x", "1"), Type: ChangePut},
					{Key: "a/y", Object: &thing{key: "a/y", version: "2"}, Type: ChangePut},
					{Key: "a/z", Object: gray("a/z", "3"), Type: ChangePut},
				}, "")
				return nil
			},
			[]string{`key="a/x"`, "failures=2", "gray is no color"},
		},
		"replace": {
			func(c *Cache[*thing]) error { return c.Replace([]*thing{gray("a/x", "1"), gray("a/z", "3")}, "3") },
			[]string{`key="a/x"`, "failures=2", "gray is no color"},
		},
		"no failure": {
			func(c *Cache[*thing]) error { return c.Add(&thing{key: "a/x", version: "1", colors: []string{"red"}}) },
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			options := Options[*thing]{Name: "things", Indexers: Indexers[*thing]{"color": byColor}}
			options.Logger = textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&out)))
			c, err := NewWithAccess(thingAccess(), options)
			if err != nil {
				t.Fatal(err)
			}
			if err := test.write(c); err != nil {
				t.Fatal(err)
			}
			checkLog(t, out.String(), test.want)
		})
	}
}

// TestAddIndexersLogsItsErrors is the same for objects that were there.
func TestAddIndexersLogsItsErrors(t *testing.T) {
	var out bytes.Buffer
	c, err := NewWithAccess(thingAccess(), Options[*thing]{Name: "things", Logger: textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&out)))})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Add(&thing{key: "a/x", version: "1", colors: []string{"gray"}}); err != nil {
		t.Fatal(err)
	}
	if err := c.AddIndexers(Indexers[*thing]{"color": byColor}); err != nil {
		t.Fatal(err)
	}
	checkLog(t, out.String(), []string{`key="a/x"`, "failures=1", "gray is no color"})
}

// TestIndexErrorsGoToTheProcessLogWithoutALogger proves the last resort.
func TestIndexErrorsGoToTheProcessLogWithoutALogger(t *testing.T) {
	var out bytes.Buffer
	state := klog.CaptureState()
	defer state.Restore()
	klog.SetLogger(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&out))))
	c, err := NewWithAccess(thingAccess(), Options[*thing]{Name: "things", Indexers: Indexers[*thing]{"color": byColor}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Add(&thing{key: "a/x", version: "1", colors: []string{"gray"}}); err != nil {
		t.Fatal(err)
	}
	checkLog(t, out.String(), []string{`key="a/x"`, "failures=1"})
}

// checkLog wants one error line of the cache things and index color that
// contains all of want; none without a want.
func checkLog(t *testing.T, log string, want []string) {
	t.Helper()
	if want == nil {
		if log != "" {
			t.Errorf("the log says %q", log)
		}
		return
	}
	if strings.Count(log, "Index function failed") != 1 || !strings.HasPrefix(log, "E") {
		t.Errorf("the log says %q, want one error", log)
	}
	for _, part := range append(want, `cache="things"`, `index="color"`) {
		if !strings.Contains(log, part) {
			t.Errorf("the log says %q, want %s in it", log, part)
		}
	}
}
