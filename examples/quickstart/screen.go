package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

// show prints a line a second until ctx ends.
func (p *pipeline[T]) show(ctx context.Context) {
	started := time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			fmt.Println(p.line(time.Since(started)))
		case <-ctx.Done():
			return
		}
	}
}

func (p *pipeline[T]) line(elapsed time.Duration) string {
	stats := p.reflector.Stats()
	return fmt.Sprintf("%3.0fs  synced %-5t  objects %6d  events %7d  queue %5d  worked on %6d  watches %2d  relists %d",
		elapsed.Seconds(), p.handler.HasSynced(), len(p.informer.Indexer().ListKeys()),
		p.adds.Load()+p.updates.Load()+p.deletes.Load(), p.queue.Len(), p.reconciled.Load(),
		stats.Watches, stats.RelistCount())
}

// table prints what happened, and what the comparison found.
func (p *pipeline[T]) table(v verdict) {
	stats := p.reflector.Stats()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(what string, n any) { fmt.Fprintf(w, "%s\t%v\n", what, n) }
	fmt.Println()
	row("lists, of which streamed", fmt.Sprintf("%d, %d", stats.Lists+stats.Streamed, stats.Streamed))
	row("lists after the first (relists)", stats.RelistCount())
	row("watches", stats.Watches)
	row("expired versions (410)", stats.Expired)
	row("errors reported", p.errors.Load())
	row("adds", p.adds.Load())
	row("updates", p.updates.Load())
	row("deletes", p.deletes.Load())
	row("keys worked on", p.reconciled.Load())
	row("put back after a failure", p.failed.Load())
	for _, index := range indexNames(p) {
		row("values of index "+index, len(p.informer.Indexer().ListIndexFuncValues(index)))
	}
	row("objects on the server", v.server)
	row("objects in the cache", v.cache)
	row("missing in the cache", examples(v.missing))
	row("only in the cache", examples(v.unexpected))
	row("different in the cache", examples(v.differs))
	w.Flush()
	fmt.Println()
}

// examples is a number and, when it is not zero, some of the keys.
func examples(keys []string) string {
	if len(keys) == 0 {
		return "0"
	}
	return fmt.Sprintf("%d: %s", len(keys), strings.Join(keys[:min(3, len(keys))], ", "))
}
