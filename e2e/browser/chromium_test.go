package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long anything may take that a test waits for.
const patience = time.Minute

// chromium is a tab of a browser without a window.
type chromium struct {
	t   *testing.T
	ctx context.Context

	mu        sync.Mutex
	asked     []string // addresses that the page has made the browser ask for
	complains []string // what the browser finds wrong with the page
}

// startChromium starts a browser, which ends with the test. Where there is none the
// test is skipped, but not in CI.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		const hint = `there is no program "chromium": "bash .ci/run install" installs Debian's package of that name`
		if os.Getenv("CI") != "" {
			t.Fatal(hint)
		}
		t.Skip(hint)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, // it does not start as root otherwise
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), // it would ask hosts that tests have no business with
		chromedp.WSURLReadTimeout(patience),
	)
	allocated, end := chromedp.NewExecAllocator(context.Background(), options...)
	b := &chromium{t: t}
	ctx, cancel := chromedp.NewContext(allocated, chromedp.WithErrorf(t.Logf), chromedp.WithListener(b.hears))
	b.ctx = ctx
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		end()
	})
	// The browser lives as long as the context of its first action.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	tell(b, network.Enable, network.EnableParams{})
	tell(b, log.Enable, cdp.Empty{})
	return b
}

// hears notes what the browser says of the page.
func (b *chromium) hears(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.asked = append(b.asked, e.Request.URL)
	case *log.EventEntryAdded:
		b.complains = append(b.complains, e.Entry.Text)
	case *runtime.EventExceptionThrown:
		b.complains = append(b.complains, e.ExceptionDetails.Text)
	}
}

// run runs an action, with an end to patience.
func run[T any](b *chromium, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

// tell runs a command of the browser's protocol.
func tell[P, R any](b *chromium, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

// window sets the size of what can be seen; phone is true for one that is held in a
// hand.
func (b *chromium) window(width, height int64, phone bool) {
	b.t.Helper()
	options := []chromedp.EmulateViewportOption{}
	if phone {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateScale(2))
	}
	run(b, chromedp.EmulateViewport(width, height, options...))
}

// scheme makes the browser ask for "light" or "dark".
func (b *chromium) scheme(name string) {
	b.t.Helper()
	tell(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
}

// text is what can be seen of the page, with one blank between words.
func (b *chromium) text() string {
	b.t.Helper()
	return strings.Join(strings.Fields(run(b, chromedp.Evaluate[string](`document.body.innerText`))), " ")
}

// until reloads the page until each of what is wanted can be seen, and returns what
// can be seen then.
func (b *chromium) until(want ...string) string {
	b.t.Helper()
	for end := time.Now().Add(patience); ; {
		run(b, chromedp.Reload())
		text := b.text()
		missing := missingIn(text, want)
		if missing == "" {
			return text
		}
		if time.Now().After(end) {
			b.t.Fatalf("the page never shows %q:\n%s", missing, text)
		}
	}
}

func missingIn(text string, want []string) string {
	for _, w := range want {
		if !strings.Contains(text, w) {
			return w
		}
	}
	return ""
}

// finds evaluates a script that lists faults, and reports them.
func (b *chromium) finds(what, script string) {
	b.t.Helper()
	for _, fault := range run(b, chromedp.Evaluate[[]string](script)) {
		b.t.Errorf("%s: %s", what, fault)
	}
}

// picture takes a picture of the whole page.
func (b *chromium) picture(name string) {
	b.t.Helper()
	png := run(b, chromedp.FullScreenshot(100))
	if len(png) == 0 {
		b.t.Error("the picture is empty")
	}
	dir := *screenshots
	if dir == "" {
		return
	}
	file := filepath.Join(dir, fmt.Sprintf("%s.png", name))
	if err := os.WriteFile(file, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.t.Log("a picture is in", file)
}
