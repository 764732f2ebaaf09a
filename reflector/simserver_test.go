package reflector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// fault is what goes wrong with one request.
type fault struct {
	kind  string
	after int // for streams: how many events still come
}

// The faults of a request, and those of a stream that has been opened.
var (
	requestFaults = []string{"429", "500", "503", "410", "422", "refused", "eof", "stall", "tooLarge"}
	streamFaults  = []string{"cut", "end", "twice", "garbage", "backwards", "silence", "error410", "error500"}
)

// manners are what a server does all the time.
type manners struct {
	oldDeletions bool // deletions carry the version of the last change
	unversioned  bool // lists and events have no version
	endless      bool // no bookmark ends a streamed list
}

// past is an event and when it happened, whatever version it carries.
type past struct {
	version int
	Event[*thing]
}

// simServer is a server as seen by list and watch, in virtual time: versions
// from one counter, a history that can be compacted, pages, streamed lists,
// bookmarks. States that were written as bad cannot be decoded.
type simServer struct {
	manners
	mu      sync.Mutex
	barred  string // how all watches fail, "" when they do not
	now     int    // the version
	floor   int    // versions below are compacted
	objects map[string]int
	bad     map[string]bool // by name@version
	history []past
	moved   chan struct{} // closed at the next write
	epoch   int           // streams of an older one end
	faults  []fault       // of the next requests
	pages   map[string]simPage
}

type simPage struct {
	items   []string
	version int
}

func newSimServer() *simServer {
	return &simServer{now: 1000, floor: 1000, objects: map[string]int{}, bad: map[string]bool{}, moved: make(chan struct{}), pages: map[string]simPage{}}
}

func (s *simServer) write(name string, bad, remove bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, exists := s.objects[name]
	if remove && !exists {
		return
	}
	s.now++
	t := watch.Modified
	switch {
	case remove:
		t = watch.Deleted
		delete(s.objects, name)
	case !exists:
		t = watch.Added
	}
	if !remove {
		s.objects[name] = s.now
	}
	item := name + "@" + strconv.Itoa(s.now)
	if remove && s.oldDeletions {
		item = name + "@" + strconv.Itoa(before)
	} else {
		s.bad[item] = bad
	}
	s.history = append(s.history, past{s.now, happened(t, item)})
	s.wake()
}

// tick moves the version, as a write to another resource does.
func (s *simServer) tick() {
	s.mu.Lock()
	s.now++
	s.mu.Unlock()
}

func (s *simServer) wake() {
	close(s.moved)
	s.moved = make(chan struct{})
}

// compact forgets the history.
func (s *simServer) compact() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.floor, s.history = s.now, nil
	clear(s.pages)
}

// restore goes back to an older version of the data, as a server does whose
// storage was restored from a backup.
func (s *simServer) restore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now -= 500
	s.floor, s.history = s.now, nil
	for name, version := range s.objects {
		s.objects[name] = version - 500
		s.bad[fmt.Sprint(name, "@", version-500)] = s.bad[fmt.Sprint(name, "@", version)]
	}
	clear(s.pages)
	s.epoch++
	s.wake()
}

// want is what a sink should hold.
func (s *simServer) want() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := map[string]string{}
	for name, version := range s.objects {
		if v := strconv.Itoa(version); !s.bad[name+"@"+v] {
			state[name] = v
		}
	}
	return state
}

func (s *simServer) isBad(obj *thing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bad[obj.String()]
}

func refusal(e Event[*thing]) error {
	return &DecodeError{Type: "thing", Key: e.Object.Name, ResourceVersion: e.ResourceVersion, Event: e.Type, Err: io.ErrNoProgress}
}

// fail takes the next fault. It returns an error for one that hits the request
// and the fault for one that hits a stream.
func (s *simServer) fail(ctx context.Context) (fault, error) {
	s.mu.Lock()
	var f fault
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	s.mu.Unlock()
	return f, s.failure(ctx, f.kind)
}

// failure is what a request ends with that a fault of the kind has hit.
func (s *simServer) failure(ctx context.Context, kind string) error {
	switch kind {
	case "429":
		return errBusy
	case "500":
		return errInternal
	case "503":
		return errUnavailable
	case "410":
		return errGone
	case "422":
		return errInvalid
	case "refused":
		return errRefused
	case "eof":
		return fmt.Errorf("get: %w", io.EOF)
	case "tooLarge":
		return tooLargeVersion()
	case "403":
		return errForbidden
	case "stall":
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (s *simServer) List(ctx context.Context, opts metav1.ListOptions, part func(Part[*thing]) error) (metav1.ListMeta, error) {
	if _, err := s.fail(ctx); err != nil {
		return metav1.ListMeta{}, err
	}
	items, meta, err := s.page(opts)
	if err != nil {
		return meta, err
	}
	for _, chunk := range slices.Collect(slices.Chunk(items, 2)) {
		var p Part[*thing]
		for _, item := range chunk {
			if e := happened("", item); s.isBad(e.Object) {
				p.Refused = append(p.Refused, refusal(e))
			} else {
				p.Items = append(p.Items, e.Object)
			}
		}
		if err := part(p); err != nil {
			return meta, err
		}
	}
	return meta, nil
}

func (s *simServer) page(opts metav1.ListOptions) ([]string, metav1.ListMeta, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := simPage{version: s.now, items: s.snapshot()}
	if opts.Continue != "" {
		var ok bool
		if p, ok = s.pages[opts.Continue]; !ok {
			return nil, metav1.ListMeta{}, errGone
		}
	} else if v, _ := strconv.Atoi(opts.ResourceVersion); v > s.now {
		return nil, metav1.ListMeta{}, tooLargeVersion()
	}
	meta := metav1.ListMeta{ResourceVersion: strconv.Itoa(p.version)}
	if s.unversioned {
		meta.ResourceVersion = ""
	}
	items := p.items
	if limit := int(opts.Limit); limit > 0 && limit < len(items) {
		meta.Continue = fmt.Sprintf("%d/%d", p.version, len(items))
		s.pages[meta.Continue] = simPage{version: p.version, items: items[limit:]}
		items = items[:limit]
	}
	return items, meta, nil
}

func (s *simServer) snapshot() []string {
	var items []string
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		items = append(items, name+"@"+strconv.Itoa(s.objects[name]))
	}
	return items
}

func (s *simServer) Watch(ctx context.Context, opts metav1.ListOptions) (Stream[*thing], error) {
	f, err := s.fail(ctx)
	if err == nil {
		err = s.failure(ctx, s.bars())
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from, _ := strconv.Atoi(opts.ResourceVersion)
	st := &simStream{s: s, ctx: ctx, fault: f, at: from, epoch: s.epoch, ends: time.Now().Add(time.Duration(*opts.TimeoutSeconds) * time.Second)}
	if opts.SendInitialEvents != nil {
		if from > s.now {
			return nil, tooLargeVersion()
		}
		for _, item := range s.snapshot() {
			st.initial = append(st.initial, added(item))
		}
		if !s.endless {
			st.initial = append(st.initial, listEnd(strconv.Itoa(s.now)))
		}
		st.at = s.now
		return st, nil
	}
	if opts.ResourceVersion == "" {
		st.at = s.now
	} else if from < s.floor {
		return nil, errGone
	}
	return st, nil
}

// bars is how watches fail now.
func (s *simServer) bars() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.barred
}

type simStream struct {
	s       *simServer
	ctx     context.Context
	fault   fault
	at      int // the last version sent
	epoch   int
	ends    time.Time
	initial []Event[*thing]
	last    *Event[*thing]
	marked  bool
	sent    int
}

func (st *simStream) Close() {}

func (st *simStream) Next() (Event[*thing], error) {
	if st.sent >= st.fault.after {
		switch kind := st.fault.kind; kind {
		case "cut":
			return Event[*thing]{}, io.ErrUnexpectedEOF
		case "end":
			return Event[*thing]{}, io.EOF
		case "silence":
			<-st.ctx.Done()
			return Event[*thing]{}, st.ctx.Err()
		case "error410", "error500":
			st.fault.kind = "end"
			return Event[*thing]{}, map[string]error{"error410": errGone, "error500": errInternal}[kind]
		case "twice":
			if st.last != nil {
				st.fault.kind = ""
				return *st.last, nil
			}
		case "backwards":
			if len(st.initial) == 0 && st.last != nil {
				st.fault.kind = ""
				e := *st.last // what it says of the object is true
				e.ResourceVersion = strconv.Itoa(st.at - 1)
				return e, nil
			}
		}
	}
	e, err := st.next()
	if err != nil {
		return e, err
	}
	st.sent++
	if st.sent > st.fault.after && st.fault.kind == "garbage" {
		st.fault.kind = ""
		return Event[*thing]{}, &DecodeError{Type: "thing", Err: errors.New("garbage")}
	}
	if e.Type != watch.Bookmark && st.s.isBad(e.Object) {
		return Event[*thing]{}, refusal(e)
	}
	if st.s.unversioned {
		e.ResourceVersion = ""
	}
	st.last = &e
	return e, nil
}

// next waits for what an unharmed stream brings.
func (st *simStream) next() (Event[*thing], error) {
	if len(st.initial) > 0 {
		e := st.initial[0]
		st.initial = st.initial[1:]
		return e, nil
	}
	for {
		e, moved, err := st.pending()
		if e.Type != "" || err != nil {
			return e, err
		}
		wait := time.Until(st.ends)
		if wait <= 0 {
			return e, io.EOF
		}
		select {
		case <-moved:
		case <-time.After(wait):
			// As a real server, it sends a bookmark before it ends, but only
			// when there is something to tell.
			if v, ok := st.mark(); ok {
				return bookmark(v), nil
			}
		case <-st.ctx.Done():
			return e, st.ctx.Err()
		}
	}
}

func (st *simStream) mark() (string, bool) {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if st.marked || st.s.now <= st.at || st.epoch != st.s.epoch {
		return "", false
	}
	st.marked, st.at = true, st.s.now
	return strconv.Itoa(st.at), true
}

// pending is the next event that has happened, or a channel to wait on.
func (st *simStream) pending() (Event[*thing], <-chan struct{}, error) {
	s := st.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.epoch != s.epoch {
		return Event[*thing]{}, nil, io.ErrUnexpectedEOF
	}
	if st.at < s.floor {
		return Event[*thing]{}, nil, apierrors.FromObject(&errGone.ErrStatus)
	}
	for _, e := range s.history {
		if e.version > st.at {
			st.at = e.version
			return e.Event, nil, nil
		}
	}
	return Event[*thing]{}, s.moved, nil
}
