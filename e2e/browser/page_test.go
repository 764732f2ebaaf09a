package browser

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/informant-go/informant/reflector/apitest"
)

// The page in a real browser: what there is to be seen of informers that are in step,
// out of step, held up and not running, with slow handlers and watches that were begun
// again, and how that changes when the page is loaded again.
func TestThePageInChromium(t *testing.T) {
	b := startChromium(t)
	w := newWorld(t)
	w.stored(w.widgets, "default/widget-29")
	w.stored(w.parcels, "default/parcel-0")
	b.window(1280, 900, false)
	b.scheme("light")
	run(b, chromedp.Navigate(w.page.URL))

	t.Run("D1 shows how they are", func(t *testing.T) { shows(b.as(t), w.as(t)) })
	t.Run("D4 fits a narrow window", func(t *testing.T) { fits(b.as(t)) })
	t.Run("D4 can be read in light and dark", func(t *testing.T) { isLegible(b.as(t)) })
	t.Run("D1 changes when it is loaded again", func(t *testing.T) { changes(b.as(t), w.as(t)) })
	t.Run("D2 runs and loads nothing", func(t *testing.T) { runsNothing(b.as(t), w.page.URL+"/") })
}

// as is b for a part of the test.
func (b *chromium) as(t *testing.T) *chromium {
	b.t = t
	return b
}

func shows(b *chromium, w *world) {
	// What happened is put together first: a handler that holds its informer up, and
	// a watch that broke off and could not go on where it was.
	w.create(parcels, "parcel", 1, 20)
	w.server.Expire()
	w.server.Cut(apitest.Match{Verb: apitest.VerbWatch, Resource: "widgets"}, apitest.MidFrame)
	w.create(widgets, "widget", 30, 35)
	w.stored(w.widgets, "default/widget-34")

	text := b.until(
		"4 informers: 1 in step, 1 not in step, 1 held up, 1 not running.",
		"widgets in step objects 35 ",
		"Reflector of /apis/example.io/v1/widgets does watching in step with the server yes, for ",
		"restarts of watches, by cause ", "1 × broken off", "lists after the first, by reason 1 × expired",
		"indexes namespace, size",
		"Asked for by shop/main.go:27, for 3m shop/web/handlers.go:118, for 9s",
		"quick synced 0 0 none half ≤ ", "Unbounded Crash",
		"slow not synced in a callback 34 ", "Coalesce Crash",
		"gadgets not in step Not in step with the server for ", "Forbidden",
		"writes each parcel to a disk holds the informer up for ", "Backpressure(2) Crash",
		hostile[:len(hostile)-100],
	)
	if strings.Contains(text, "hunter2") || strings.Contains(text, "log, or of its inbox") {
		b.t.Errorf("the page shows what is in an object, or what is folded:\n%s", text)
	}
	run(b, chromedp.Click("summary"))
	if text := b.text(); !strings.Contains(text, "log, or of its inbox") {
		b.t.Errorf("the words are not explained:\n%s", text)
	}
	b.picture("words")
}

// outside lists what cannot be seen without scrolling sideways.
const outside = `[...document.querySelectorAll("body *")].filter(e => {
	const r = e.getBoundingClientRect()
	return r.width > 0 && (r.right > document.documentElement.clientWidth + 0.5 || r.left < -0.5)
}).map(e => e.tagName + ": " + e.textContent.slice(0, 60))`

func fits(b *chromium) {
	for _, width := range []int64{320, 360, 768, 1000, 1280} {
		b.window(width, 740, width < 768)
		run(b, chromedp.Reload())
		sizes := run(b, chromedp.Evaluate[[]int64](`[document.documentElement.clientWidth, document.documentElement.scrollWidth, window.innerWidth]`))
		if slices.Max(sizes) > width {
			b.t.Errorf("in a window that is %d wide the page takes %d", width, sizes)
		}
		b.finds(fmt.Sprintf("outside a window that is %d wide", width), outside)
		b.picture(fmt.Sprintf("narrow-%d", width))
	}
	b.window(1280, 900, false)
}

// illegible lists text that has too little contrast with what is behind it (WCAG 2:
// 4.5), or is too small.
const illegible = `(() => {
	const parts = c => c.match(/[\d.]+/g).map(Number)
	const light = c => {
		const f = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
		return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2])
	}
	const behind = e => {
		for (; e; e = e.parentElement) {
			const c = parts(getComputedStyle(e).backgroundColor)
			if (c.length < 4 || c[3] > 0) return c
		}
		return [255, 255, 255]
	}
	const faults = []
	const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
	while (nodes.nextNode()) {
		const e = nodes.currentNode.parentElement
		if (!nodes.currentNode.data.trim() || !e.checkVisibility()) continue
		const style = getComputedStyle(e)
		const [a, b] = [light(parts(style.color)), light(behind(e))]
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
		if (contrast < 4.5 || parseFloat(style.fontSize) < 12) {
			faults.push(contrast.toFixed(1) + " at " + style.fontSize + ": " + nodes.currentNode.data)
		}
	}
	return faults
})()`

func isLegible(b *chromium) {
	var backs []string
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		run(b, chromedp.Reload())
		b.finds("not legible in "+scheme, illegible)
		backs = append(backs, run(b, chromedp.Evaluate[string](`getComputedStyle(document.body).backgroundColor`)))
		b.picture(scheme)
	}
	if backs[0] == backs[1] {
		b.t.Errorf("light and dark are the same: %q", backs)
	}
	b.window(360, 740, true)
	run(b, chromedp.Reload())
	b.finds("not legible on a dark phone", illegible)
	b.picture("dark-360")
	b.window(1280, 900, false)
	b.scheme("light")
}

func changes(b *chromium, w *world) {
	before := b.until("objects 35 ")
	w.create(widgets, "widget", 35, 60)
	w.stored(w.widgets, "default/widget-59")
	if text := b.text(); text != before {
		b.t.Errorf("the page has changed by itself:\n%s\nto\n%s", before, text)
	}
	b.until("objects 60 ", "slow not synced in a callback 59 ")

	w.refusal.Remove()
	w.release()
	b.until(
		"4 informers: 3 in step, 1 not running.",
		"slow synced 0 0 none half ", "all gadgets synced 0 0 none no events yet",
		"parcels in step objects 20 ", "writes each parcel to a disk synced 0 0 none half ",
	)
	b.picture("recovered")
}

func runsNothing(b *chromium, page string) {
	title, scripts := run(b, chromedp.Title()), run(b, chromedp.Evaluate[int](`document.scripts.length`))
	if title != "informers" || scripts != 0 {
		b.t.Errorf("the title is %q, and there are %d scripts", title, scripts)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range slices.Compact(slices.Sorted(slices.Values(b.asked))) {
		if url != page && url != "data:," {
			b.t.Errorf("the page loads %s", url)
		}
	}
	for _, complaint := range b.complains {
		b.t.Errorf("the browser finds fault with the page: %s", complaint)
	}
}
