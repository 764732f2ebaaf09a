package reflector

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxPageTries is how often in a row one page is asked for before the list
// starts over.
const maxPageTries = 5

// listPage is the listing arm: one page.
func (m *machine[T]) listPage(ctx context.Context, s state[T]) state[T] {
	if !s.page.begun {
		if err := m.begin(ctx); err != nil {
			return m.listFailed(ctx, s, err)
		}
		s.page.begun = true
		m.r.record.update(func(st *Stats) { st.Lists++ })
	}
	opts := m.pageOptions(s)
	meta, err := m.requestPage(ctx, opts)
	if err != nil {
		return m.listFailed(ctx, s, err)
	}
	if s.page.token == "" {
		s.page.version = meta.ResourceVersion
	}
	if meta.Continue == "" {
		return m.listed(ctx, s)
	}
	if meta.Continue == s.page.token {
		return m.listFailed(ctx, s, ErrContinueLoop)
	}
	if opts.ResourceVersion == "0" {
		m.paged = true
	}
	s.page.token, s.page.tries = meta.Continue, 0
	return s
}

// pageOptions are the options of the request for s.page. As in client-go, a
// list is from version 0 at first, and without a limit where the server can
// answer from its cache: a limit would send the request to etcd.
func (m *machine[T]) pageOptions(s state[T]) metav1.ListOptions {
	opts := metav1.ListOptions{Limit: m.r.opts.PageSize, Continue: s.page.token}
	if s.page.token == "" && !s.fresh {
		opts.ResourceVersion = m.version
		if m.version == "" {
			opts.ResourceVersion = "0"
		}
	}
	fromCache := !s.fresh && m.version != "" && m.version != "0" && !m.paged
	if opts.Limit == 0 && (!fromCache || s.page.token != "") {
		opts.Limit = DefaultPageSize
	}
	if s.page.whole || opts.Limit < 0 {
		opts.Limit = 0
	}
	if opts.Limit > 0 && opts.ResourceVersion != "" && opts.ResourceVersion != "0" {
		// A limit turns a version into exactly that version.
		opts.ResourceVersionMatch = metav1.ResourceVersionMatchNotOlderThan
	}
	return opts
}

// requestPage asks for a page and hands over what comes.
func (m *machine[T]) requestPage(ctx context.Context, opts metav1.ListOptions) (metav1.ListMeta, error) {
	m.r.record.update(func(s *Stats) { s.Pages++ })
	listCtx, dog := newWatchdog(ctx, 0, m.r.opts.ListSilence)
	defer dog.stop()
	meta, err := m.r.lw.List(listCtx, opts, func(p Part[T]) error {
		dog.got()
		defer dog.waits()
		for _, err := range p.Refused {
			m.refuseListed(ctx, err)
		}
		return m.give(ctx, p.Items)
	})
	if cut := cutBy(listCtx); err != nil && cut != nil {
		err = cut
		m.r.record.update(func(s *Stats) { s.Cut++ })
	}
	return meta, err
}

// listed makes the complete list take effect.
func (m *machine[T]) listed(ctx context.Context, s state[T]) state[T] {
	version := s.page.version
	if !s.fresh && m.compare(version) < 0 {
		m.abort()
		return m.retry(ctx, opList, m.backwards(version), m.relist(RelistBackwards))
	}
	if err := m.commit(ctx, version); err != nil {
		return m.listFailed(ctx, s, err)
	}
	m.reach(version)
	return state[T]{phase: watching}
}

// listFailed says how to go on after err. The sink keeps its open list only
// where the same page is asked for again.
func (m *machine[T]) listFailed(ctx context.Context, s state[T], err error) state[T] {
	if ctx.Err() != nil {
		return m.end()
	}
	how := judge(err)
	if how == expired {
		m.r.record.update(func(st *Stats) { st.Expired++ })
	}
	switch {
	case how == expired && s.page.token != "":
		// The token that the server offers for the rest leads to another
		// state than that of the pages so far. All of it in one request
		// cannot expire.
		m.abort()
		next := m.pages(true)
		next.page.whole = true
		return next
	case (how == expired || how == tooLarge) && !s.fresh:
		m.abort()
		return m.pages(true)
	case err == ErrContinueLoop:
		m.abort()
		next := m.pages(s.fresh)
		next.page.whole = true
		return m.retry(ctx, opList, err, next)
	case how == transient && s.page.token != "" && s.page.tries < maxPageTries && m.listOpen:
		s.page.tries++
		return m.retry(ctx, opList, err, s)
	}
	m.abort()
	return m.retry(ctx, opList, err, m.list(s.fresh))
}
