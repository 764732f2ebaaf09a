package reflector

import (
	"context"
	"errors"
	"time"

	"github.com/informant-go/informant/internal/watchdog"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// maxPageTries is how often in a row one page is asked for before the
	// list starts over.
	maxPageTries = 5

	// maxEmptyPages is how many pages in a row may bring nothing and name a
	// next one.
	maxEmptyPages = 100

	// maxPages is how many pages a list may have.
	maxPages = 20_000
)

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
	before := m.count.all()
	meta, err := m.requestPage(ctx, opts)
	if err != nil {
		return m.listFailed(ctx, s, err)
	}
	if s.page.token == "" {
		s.page.version = meta.ResourceVersion
		m.r.record.sharded(meta.ShardInfo != nil)
	}
	if meta.Continue == "" {
		return m.listed(ctx, s)
	}
	if opts.ResourceVersion == "0" {
		m.paged = true
	}
	if s.page.empty++; m.count.all() > before {
		s.page.empty = 0
	}
	if s.page.n++; s.page.circle.closes(meta.Continue) || s.page.empty >= maxEmptyPages || s.page.n >= maxPages {
		return m.listFailed(ctx, s, ErrContinueLoop)
	}
	s.page.token, s.page.tries = meta.Continue, 0
	return s
}

// pageOptions are the options of the request for s.page. A list is of the newest
// state at first, unless any will do. As in client-go, it is without a limit where
// the server can answer from its cache: a limit would send the request to etcd.
func (m *machine[T]) pageOptions(s state[T]) metav1.ListOptions {
	opts := metav1.ListOptions{Limit: m.r.opts.PageSize, Continue: s.page.token, ShardSelector: m.r.opts.Shard.String()}
	if s.page.token == "" && !s.fresh {
		opts.ResourceVersion = m.version
		if m.version == "" && m.r.opts.FirstListAnyVersion {
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
	listCtx, dog := watchdog.New(ctx, 0, m.r.opts.ListSilence, silentFor(m.r.opts.ListSilence))
	defer dog.Stop()
	meta, err := m.r.lw.List(listCtx, opts, func(p Part[T]) error {
		dog.Got()
		defer dog.Waits()
		if !m.halved {
			m.r.health.answered()
		}
		for _, err := range p.Refused {
			m.refuseListed(ctx, err)
		}
		return m.give(ctx, m.inside(p.Items))
	})
	if err == nil {
		if !m.halved || meta.Continue == "" {
			m.r.health.answered()
		}
		return meta, nil
	}
	if cut := watchdog.Cut(listCtx); cut != nil {
		err = cut
	}
	if errors.Is(err, ErrSilent) {
		m.r.record.update(func(s *Stats) { s.Cut++ })
	}
	return meta, err
}

// listed makes the complete list take effect.
func (m *machine[T]) listed(ctx context.Context, s state[T]) state[T] {
	version := s.page.version
	if !s.fresh && m.outdated(version) {
		m.abort()
		next := m.relistLate()
		if s.detour != 0 {
			next = m.around(s.detour, true)
		}
		return m.turn(ctx, opList, m.backwards(version), next)
	}
	if err := m.commit(ctx, version); err != nil {
		return m.listFailed(ctx, s, err)
	}
	m.judgeOrder(version)
	m.reach(version)
	if m.detour.listed(); s.detour != 0 {
		m.tellDetour(ctx)
	}
	return state[T]{phase: watching}
}

// listFailed says how to go on after err. The sink keeps its open list only
// where the same page is asked for again.
func (m *machine[T]) listFailed(ctx context.Context, s state[T], err error) state[T] {
	if ctx.Err() != nil {
		return m.end()
	}
	if m.vanished(err) {
		return m.outlast(ctx, s, err)
	}
	switch how := judge(err); {
	case outdated(how):
		return m.listOutdated(ctx, s, how, err)
	case err == ErrContinueLoop:
		m.abort()
		return m.retry(ctx, opList, err, m.whole(s))
	case passing(how) && !isUnusable(err) && s.page.token != "" && s.page.tries < maxPageTries && m.listOpen:
		s.page.tries++
		return m.retry(ctx, opList, err, s)
	}
	m.abort()
	next := m.list(s.fresh)
	if s.detour != 0 {
		m.detour.unlisted(time.Now())
		next = state[T]{phase: s.detour, fresh: s.fresh, restart: s.detour == watching}
	}
	return m.retry(ctx, opList, err, next)
}

// listOutdated says how to go on after a list whose version the server does
// not have: at once with the newest state, or, when half of the list was there,
// with all of it in one request, which cannot expire half way. Where that was
// asked for already there is a pause.
//
// The token that the server offers for the rest of an expired list leads to
// another state than that of the pages so far, and is not used.
func (m *machine[T]) listOutdated(ctx context.Context, s state[T], how verdict, err error) state[T] {
	if how == expired {
		m.r.record.update(func(st *Stats) { st.Expired++ })
	}
	m.abort()
	again, next := s.fresh, m.around(s.detour, true)
	if how == expired && s.page.token != "" {
		again, next = s.page.whole, m.whole(s)
		next.fresh = true
	}
	if again || retryAfter(err) > 0 {
		return m.retry(ctx, opList, err, next)
	}
	m.reportAt(ctx, 2, opList, "", err)
	return next
}

// whole is the state that begins the list of s again, in one request.
func (m *machine[T]) whole(s state[T]) state[T] {
	next := m.around(s.detour, s.fresh)
	next.page.whole = true
	return next
}

// circle finds out that continue tokens lead in a circle, with the memory of
// one token: it compares each with one that it keeps, and takes another to keep
// after twice as many (Brent's algorithm for cycles, BIT 20, 1980).
type circle struct {
	kept  string
	steps int // since kept was taken
	limit int // after which another is taken
}

// closes notes token and reports whether it came before.
func (c *circle) closes(token string) bool {
	if token == c.kept && c.limit > 0 {
		return true
	}
	if c.steps++; c.steps > c.limit {
		c.kept, c.steps, c.limit = token, 0, max(1, 2*c.limit)
	}
	return false
}

// listCount counts the objects of a list.
type listCount struct {
	taken     int // handed to the sink
	outside   int // of the right kind, and outside of the shard
	unusable  int // not decodable, or of the wrong kind
	lastCause error
}

// all is how many objects have come.
func (c listCount) all() int { return c.taken + c.outside + c.unusable }

// listEnded notes that the list that is under way has come to its end. However long it
// took, that is no reason for the next failure to be taken for the first.
func (m *machine[T]) listEnded() {
	now := time.Now()
	m.delays.tried(m.began, now)
	m.turns.tried(m.began, now)
}
