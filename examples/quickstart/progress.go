package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/informant-go/informant/reflector"
)

const header = "    time  in cache    events   waiting      done   watches  full lists\n"

// show prints a line a second until ctx ends.
func (p *pipeline[T]) show(ctx context.Context) {
	started := time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	p.screen.print(header)
	for {
		select {
		case <-tick.C:
			p.screen.print(p.line(time.Since(started)))
		case <-ctx.Done():
			return
		}
	}
}

// line has a number below each word of header.
func (p *pipeline[T]) line(elapsed time.Duration) string {
	stats := p.reflector.Stats()
	return fmt.Sprintf("%6.0f s  %8d  %8d  %8d  %8d  %8d  %10d\n",
		elapsed.Seconds(), p.informer.Status().Objects,
		p.adds.Load()+p.updates.Load()+p.deletes.Load(),
		p.queue.Len(), p.reconciled.Load(), stats.Watches, fullLists(stats))
}

// fullLists is how many lists of everything were asked for.
func fullLists(s reflector.Stats) uint64 { return s.Lists + s.Streamed }

// report prints what happened, and what the comparison found.
func (p *pipeline[T]) report(v verdict) {
	stats := p.reflector.Stats()
	var b strings.Builder
	row := func(what string, n any) { fmt.Fprintf(&b, "  %-46s  %v\n", what, n) }
	b.WriteByte('\n')
	row("watches asked for", stats.Watches)
	row("full lists asked for, the first included", fullLists(stats))
	row("errors of list and watch, all shown above", p.errors.Load())
	row("objects that the handler was told of: added", p.adds.Load())
	row("  updated", p.updates.Load())
	row("  deleted", p.deletes.Load())
	row("keys that the workers were done with", p.reconciled.Load())
	row("keys put back after a failure", p.failures.count())
	for _, index := range indexNames(p) {
		row("values in the index "+index, len(p.informer.Indexer().ListIndexFuncValues(index)))
	}
	row("objects on the server", v.server)
	row("objects in the cache", v.cache)
	row("missing in the cache", len(v.missing))
	row("only in the cache", len(v.unexpected))
	row("different in the cache", len(v.differs))
	b.WriteByte('\n')
	p.screen.print(b.String())
	p.samples("missing: ", v.missing)
	p.samples("only in the cache: ", v.unexpected)
	p.samples("different: ", v.differs)
}

// samples prints some of the keys, if there are any.
func (p *pipeline[T]) samples(label string, keys []string) {
	if len(keys) > 0 {
		p.screen.say(label, "%s", strings.Join(keys[:min(3, len(keys))], ", "))
	}
}
