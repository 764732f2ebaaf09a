package apitest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// page is what a list answers: some records of one state, and where it goes
// on.
type page struct {
	rv        uint64
	items     []*record
	next      string // continue token
	remaining *int64
	shard     *metav1.ShardInfo
}

// readAt says which state a list wants.
type readAt struct {
	rv    uint64         // 0: the present
	exact bool           // the state at rv; else any that is not older
	start string         // first key, "" for all
	token *continueToken // where start comes from, nil if the list begins
	lag   int            // how many versions the present is too old
}

func (x *exchange) list() error {
	p, err := x.page()
	if err != nil {
		return err
	}
	return x.writeList(p)
}

// page reads what the options of the request ask for.
func (x *exchange) page() (page, error) {
	opts, err := listOptions(x.req.Query)
	if err != nil {
		return page{}, err
	}
	sel, err := x.s.newSelection(x.table.res, x.req.Namespace, opts)
	if err != nil {
		return page{}, err
	}
	at, err := listAt(opts, sel)
	if err != nil {
		return page{}, err
	}
	if err := x.s.waitFor(x.r.Context(), at.rv); err != nil {
		return page{}, err
	}
	for _, a := range x.plan {
		if a.effect == stale && !at.exact {
			at.lag = max(at.lag, a.after)
		}
	}
	return x.s.page(x.table, sel, at, limitOf(opts))
}

// listAt finds the state that the options ask for.
func listAt(opts internalversion.ListOptions, sel *selection) (readAt, error) {
	if opts.Continue != "" {
		token, err := decodeToken(opts.Continue)
		if err != nil {
			return readAt{}, err
		}
		if opts.ResourceVersion != "" && opts.ResourceVersion != "0" {
			return readAt{}, apierrors.NewBadRequest("specifying resource version is not allowed when using continue")
		}
		at := readAt{start: sel.first + token.Start, token: &token}
		if token.Version > 0 {
			at.rv, at.exact = uint64(token.Version), true
		}
		return at, nil
	}
	rv, err := parseVersion(opts.ResourceVersion)
	if err != nil {
		return readAt{}, apierrors.NewBadRequest(fmt.Sprintf("invalid resource version: %v", err))
	}
	// A limit with a version and no match has always meant that version.
	legacy := opts.ResourceVersionMatch == "" && opts.Limit > 0 && rv > 0 && !sel.single
	return readAt{rv: rv, exact: opts.ResourceVersionMatch == metav1.ResourceVersionMatchExact || legacy}, nil
}

// limitOf is the limit that holds: a list from the watch cache at any
// version ignores it.
func limitOf(opts internalversion.ListOptions) int {
	if opts.ResourceVersion == "0" || opts.Limit < 0 {
		return 0
	}
	return int(opts.Limit)
}

// waitFor waits until version rv has been written, for Options.FreshTimeout
// at most.
func (s *Server) waitFor(ctx context.Context, rv uint64) error {
	var expired <-chan time.Time
	for {
		current, moved := s.current()
		if rv <= current {
			return nil
		}
		if expired == nil {
			timer := time.NewTimer(s.opts.FreshTimeout)
			defer timer.Stop()
			expired = timer.C
		}
		select {
		case <-moved:
		case <-expired:
			return tooLarge(rv, current)
		case <-ctx.Done():
			return tooLarge(rv, current)
		case <-s.closing:
			return tooLarge(rv, current)
		}
	}
}

// current returns the latest version and a channel that the next write
// closes.
func (s *Server) current() (uint64, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moved == nil {
		s.moved = make(chan struct{})
	}
	return s.rv, s.moved
}

// page reads the state and cuts it to what is wanted.
func (s *Server) page(t *table, sel *selection, at readAt, limit int) (page, error) {
	rv, items, err := s.state(t, at)
	if err != nil {
		return page{}, err
	}
	items = sel.in(items)
	if at.start != "" {
		items = items[seek(items, at.start):]
	}
	p := page{rv: rv, items: items, shard: sel.shardInfo(t.res)}
	more := false
	if sel.everything() {
		if limit > 0 && len(items) > limit {
			p.items, more = items[:limit], true
			remaining := int64(len(items) - limit)
			p.remaining = &remaining
		}
	} else {
		p.items, more = pick(sel, items, limit)
	}
	if more {
		last := p.items[len(p.items)-1].key
		p.next = continueToken{Version: int64(rv), Start: "/" + sel.relative(last) + "\x00"}.encode()
	}
	return p, nil
}

// pick selects up to limit items. more is set when some were not looked at,
// not that one of them is wanted: a real server does not know either.
func pick(sel *selection, items []*record, limit int) (picked []*record, more bool) {
	for i, rec := range items {
		if sel.wants(rec) {
			picked = append(picked, rec)
		}
		if limit > 0 && len(picked) >= limit {
			return picked, i < len(items)-1
		}
	}
	return picked, false
}

// state returns the objects that at asks for and their version.
func (s *Server) state(t *table, at readAt) (uint64, []*record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := t.served(); err != nil {
		return 0, nil, err
	}
	rv := s.rv
	switch {
	case at.exact:
		rv = at.rv
	case at.lag > 0:
		rv = max(t.compacted, rv-min(rv, uint64(at.lag)))
	}
	switch {
	case rv >= t.compacted:
		return rv, t.at(rv), nil
	case at.token != nil:
		return 0, nil, continueExpired(at.token.Start)
	default:
		return 0, nil, apierrors.NewResourceExpired(messageListExpired)
	}
}

// writeList sends a page, encoded as it goes.
func (x *exchange) writeList(p page) error {
	if x.choice.as.Kind == partialKind {
		return x.isList()
	}
	f := newFrames(x)
	size := 0
	if x.choice.encoding == protobufType { // which says how long it is before it begins
		size = f.size(p.items)
	}
	meta := metav1.ListMeta{ResourceVersion: formatVersion(p.rv), Continue: p.next, RemainingItemCount: p.remaining, ShardInfo: p.shard}
	head, end := x.form.list(meta, x.listKind(), f.count(p.items), size)
	x.begin(http.StatusOK, x.form.contentType(false))
	if f.text(head) != nil || f.list(p.items) != nil {
		return nil // the client has gone away, or the answer was cut
	}
	_ = f.text(end)
	_ = f.flush()
	return nil
}

// listKind is the type of a list, unless a fault disguises it: where items say none.
func (x *exchange) listKind() metav1.TypeMeta {
	res := x.table.res
	kind := metav1.TypeMeta{Kind: res.Kind + "List", APIVersion: res.apiVersion()}
	alone := !x.choice.as.Empty()
	if alone {
		kind = metav1.TypeMeta{Kind: partialListKind, APIVersion: x.choice.as.GroupVersion().String()}
	}
	silent := x.choice.encoding == protobufType || res.builtIn() && !alone
	if silent && slices.ContainsFunc(x.plan, func(a Action) bool { return a.effect == disguise }) {
		kind.Kind = "UnexpectedList"
	}
	return kind
}

func formatVersion(rv uint64) string { return strconv.FormatUint(rv, 10) }
