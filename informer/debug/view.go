package debug

import (
	"bytes"
	_ "embed" // page.html
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"

	"github.com/informant-go/informant/informer"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"state":    stateOf,
	"states":   statesOf,
	"oldest":   oldest,
	"span":     span,
	"size":     size,
	"at":       func(now, t time.Time) instant { return instant{t.UTC(), now.Sub(t)} },
	"latency":  latencyText,
	"buckets":  bucketsText,
	"sentence": sentence,
}).Parse(pageHTML))

// render returns the page. What a name may hold that has no place in a page is
// replaced (D2).
func render(statuses []informer.Status) ([]byte, error) {
	var body bytes.Buffer
	err := page.Execute(&body, struct {
		Now       time.Time
		Informers []informer.Status
	}{time.Now(), statuses})
	return bytes.Map(printable, body.Bytes()), err
}

func printable(r rune) rune {
	if r != '\n' && (unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF') {
		return unicode.ReplacementChar
	}
	return r
}

// badge is a state in words, and how it is coloured.
type badge struct{ Class, Text string }

// stateOf is the state of an informer: what is worst in it.
func stateOf(s informer.Status) badge {
	switch {
	case !s.Running:
		return badge{"off", "not running"}
	case s.Source != nil && !s.Source.InStep:
		return badge{"bad", "not in step"}
	case !s.Synced:
		return badge{"warn", "not synced"}
	case heldUp(s):
		return badge{"warn", "held up"}
	case s.Source == nil:
		return badge{"good", "synced"}
	}
	return badge{"good", "in step"}
}

func heldUp(s informer.Status) bool {
	for _, h := range s.Handlers {
		if h.HoldsUp > 0 {
			return true
		}
	}
	return false
}

// statesOf is the state of a handler, of which there may be several at once.
func statesOf(h informer.HandlerStatus) (states []badge) {
	if h.HoldsUp > 0 {
		states = append(states, badge{"warn", "holds the informer up for " + span(h.HoldsUp)})
	}
	if !h.Synced {
		states = append(states, badge{"warn", "not synced"})
	}
	if h.Busy {
		states = append(states, badge{"busy", "in a callback"})
	}
	if len(states) == 0 {
		states = append(states, badge{"good", "synced"})
	}
	return states
}

// oldest is the greatest age of what waits for a handler of the informer.
func oldest(s informer.Status) (age time.Duration) {
	for _, h := range s.Handlers {
		age = max(age, h.Age)
	}
	return age
}

// sentence says how many informers are in which state: "3 informers: 2 in step,
// 1 not in step".
func sentence(statuses []informer.Status) string {
	if len(statuses) == 1 {
		return "1 informer: " + stateOf(statuses[0]).Text
	}
	var texts []string
	counts := map[string]int{}
	for _, s := range statuses {
		text := stateOf(s).Text
		if counts[text]++; counts[text] == 1 {
			texts = append(texts, text)
		}
	}
	for i, text := range texts {
		texts[i] = fmt.Sprint(counts[text], " ", text)
	}
	return fmt.Sprintf("%d informers: %s", len(statuses), strings.Join(texts, ", "))
}
