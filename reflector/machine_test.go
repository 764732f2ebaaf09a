package reflector

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// The errors that servers give.
var (
	gone        = apierrors.NewResourceExpired("too old resource version")
	invalid     = apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil)
	notFound    = apierrors.NewNotFound(schema.GroupResource{Resource: "things"}, "")
	forbidden   = apierrors.NewForbidden(schema.GroupResource{Resource: "things"}, "", errors.New("no"))
	busy429     = apierrors.NewTooManyRequests("later", 7)
	unavailable = apierrors.NewServiceUnavailable("down")
	internalErr = apierrors.NewInternalError(errors.New("etcd"))
	refusedConn = fmt.Errorf("dial: %w", syscall.ECONNREFUSED)
	undecodable = undecodableAt("11")
)

func undecodableAt(version string) error {
	return &DecodeError{Type: "thing", Key: "b", ResourceVersion: version, Event: watch.Modified, Err: errors.New("a number where a string should be")}
}

func tooLargeVersion() error {
	err := apierrors.NewTimeoutError("Too large resource version: 99, current: 10", 1)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge}}
	return err
}

// A full answer to a list at version 10, in pages and as a stream.
var (
	listA   = answer{items: ats("a@1", "b@2"), version: "10"}
	streamA = []any{added("a@1"), added("b@2"), listEnd("10")}
	listB   = answer{items: ats("a@1", "c@12"), version: "20"}
)

// after is a stream that begins with the list at version 10.
func after(steps ...any) answer { return streams(append(slices.Clone(streamA), steps...)...) }

type armCase struct {
	name    string
	opts    Options
	fail    func(op string) error
	answers []answer

	requests []string
	sink     []string
	holds    string
	stats    Stats // compared without LastError
}

// paged are the options under which a list is asked for in pages at once.
var paged = Options{DisableStreaming: true}

var armCases = []armCase{
	// The streaming arm.
	{
		name:     "a streamed list takes effect at its bookmark and the stream goes on",
		answers:  []answer{after(added("c@11"), deleted("a@12"), bookmark("15"), modified("b@16"))},
		requests: []string{"0s stream rv="},
		sink:     []string{"begin", "page a@1 b@2", "commit 10", "add c@11", "delete a@12", "bookmark 15", "update b@16"},
		holds:    "b@16 c@11",
		stats:    Stats{Streamed: 1, Synced: 1, Watches: 1, Events: 3, Bookmarks: 1},
	},
	{
		name: "changes during a streamed list follow it",
		answers: []answer{streams(added("a@1"), added("b@2"), modified("b@11"), deleted("a@12"), added("c@13"), listEnd("13"),
			modified("c@14"))},
		requests: []string{"0s stream rv="},
		sink:     []string{"begin", "page a@1 b@2", "commit ", "update b@11", "delete a@12", "add c@13", "bookmark 13", "update c@14"},
		holds:    "b@11 c@14",
		stats:    Stats{Streamed: 1, Synced: 1, Watches: 1, Events: 4},
	},
	{
		name: "a server that refuses streams is asked for pages, and never again for a stream",
		answers: []answer{failing(invalid), listA, streams(error(gone)),
			listB, streams()},
		requests: []string{"0s stream rv=", "0s list rv=0 limit=500", "0s watch rv=10", "0.8s list rv=10", "0.8s watch rv=20"},
		sink:     []string{"begin", "abort", "begin", "page a@1 b@2", "commit 10", "begin", "page a@1 c@12", "commit 20"},
		holds:    "a@1 c@12",
		stats:    Stats{Lists: 2, Streamed: 1, Synced: 2, Pages: 2, Watches: 3, Expired: 1, Retries: 1, Relists: map[RelistReason]uint64{RelistExpired: 1}},
	},
	{
		name:     "a bookmark in the middle of the list tells a server that sends none as streams",
		answers:  []answer{streams(added("a@1"), bookmark("5")), listA, streams()},
		requests: []string{"0s stream rv=", "0s list rv=0 limit=500", "0s watch rv=10"},
		sink:     []string{"begin", "abort", "begin", "page a@1 b@2", "commit 10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 1, Streamed: 1, Synced: 1, Pages: 1, Watches: 2},
	},
	{
		name:     "a streamed list that falls silent gives way to pages",
		answers:  []answer{streams(added("a@1")), listA, streams(modified("a@11"), gone), streams(added("a@11"), listEnd("20"))},
		requests: []string{"0s stream rv=", "120s list rv=0 limit=500", "120s watch rv=10", "120.8s stream rv=11"},
		sink:     []string{"begin", "abort", "begin", "page a@1 b@2", "commit 10", "update a@11", "begin", "page a@11", "commit 20"},
		holds:    "a@11",
		stats: Stats{Lists: 1, Streamed: 2, Synced: 2, Pages: 1, Watches: 3, Events: 1, Expired: 1, Cut: 1, Retries: 1,
			Relists: map[RelistReason]uint64{RelistExpired: 1}},
	},
	{
		name:     "three streamed lists that break give way to pages",
		answers:  []answer{streams(io.ErrUnexpectedEOF), streams(added("a@1"), io.EOF), failing(unavailable), listA, streams()},
		requests: []string{"0s stream rv=", "0.8s stream rv=", "2.4s stream rv=", "2.4s list rv=0 limit=500", "2.4s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 1, Streamed: 3, Synced: 1, Pages: 1, Watches: 4, Retries: 2},
	},
	{
		name:     "a server that is away is asked for the stream until it is back",
		answers:  []answer{failing(refusedConn), failing(refusedConn), failing(refusedConn), failing(refusedConn), after()},
		requests: []string{"0s stream rv=", "0.8s stream rv=", "2.4s stream rv=", "5.6s stream rv=", "12s stream rv="},
		holds:    "a@1 b@2",
		stats:    Stats{Streamed: 5, Synced: 1, Watches: 5, Retries: 4},
	},
	{
		name:     "a streamed relist that has expired asks for the newest state",
		answers:  []answer{after(gone), failing(gone), failing(gone), streams(added("a@31"), listEnd("31"))},
		requests: []string{"0s stream rv=", "0.8s stream rv=10", "0.8s stream rv=", "2.4s stream rv="},
		holds:    "a@31",
		stats:    Stats{Streamed: 4, Synced: 2, Watches: 4, Expired: 3, Retries: 2, Relists: map[RelistReason]uint64{RelistExpired: 1}},
	},
	{
		name:     "an internal error of a streamed list leads to pages",
		answers:  []answer{failing(internalErr), listA, streams()},
		requests: []string{"0s stream rv=", "0s list rv=0 limit=500", "0s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 1, Streamed: 1, Synced: 1, Pages: 1, Watches: 2},
	},
	{
		name: "an item of a streamed list that cannot be decoded is refused, a change of one calls for pages",
		answers: []answer{
			streams(&DecodeError{Key: "b", Event: watch.Added, Err: io.ErrNoProgress}, added("a@1"), modified("a@2"), undecodable),
			listA, streams()},
		requests: []string{"0s stream rv=", "0s list rv=0 limit=500", "0s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 1, Streamed: 1, Synced: 1, Pages: 1, Watches: 2, Refused: 2},
	},

	// The listing arm.
	{
		name: "pages follow one another and take effect together",
		opts: paged,
		answers: []answer{{items: ats("a@1"), version: "10", next: "x"}, {items: ats("b@2"), version: "11", next: "y"}, {items: ats("c@3"), version: "12"},
			streams()},
		requests: []string{"0s list rv=0 limit=500", "0s list rv= limit=500 continue=x", "0s list rv= limit=500 continue=y", "0s watch rv=10"},
		sink:     []string{"begin", "page a@1", "page b@2", "page c@3", "commit 10"},
		holds:    "a@1 b@2 c@3",
		stats:    Stats{Lists: 1, Synced: 1, Pages: 3, Watches: 1},
	},
	{
		name:     "the page size is an option",
		opts:     Options{DisableStreaming: true, PageSize: 7},
		answers:  []answer{listA, streams(gone), listB, streams()},
		requests: []string{"0s list rv=0 limit=7", "0s watch rv=10", "0.8s list rv=10 NotOlderThan limit=7", "0.8s watch rv=20"},
		holds:    "a@1 c@12",
		stats:    Stats{Lists: 2, Synced: 2, Pages: 2, Watches: 2, Expired: 1, Retries: 1, Relists: map[RelistReason]uint64{RelistExpired: 1}},
	},
	{
		name:     "no pages is an option",
		opts:     Options{DisableStreaming: true, PageSize: -1},
		answers:  []answer{listA, streams()},
		requests: []string{"0s list rv=0", "0s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 1, Synced: 1, Pages: 1, Watches: 1},
	},
	{
		name:     "a server without a cache is asked for pages at a relist too",
		opts:     paged,
		answers:  []answer{{items: ats("a@1"), version: "10", next: "x"}, {items: ats("b@2"), version: "10"}, streams(gone), listB, streams()},
		requests: []string{"0s list rv=0 limit=500", "0s list rv= limit=500 continue=x", "0s watch rv=10", "0.8s list rv=10 NotOlderThan limit=500", "0.8s watch rv=20"},
		holds:    "a@1 c@12",
		stats:    Stats{Lists: 2, Synced: 2, Pages: 3, Watches: 2, Expired: 1, Retries: 1, Relists: map[RelistReason]uint64{RelistExpired: 1}},
	},
	{
		name:     "a list that expires half way is asked for whole",
		opts:     paged,
		answers:  []answer{{items: ats("a@1"), version: "10", next: "x"}, failing(gone), listB, streams()},
		requests: []string{"0s list rv=0 limit=500", "0s list rv= limit=500 continue=x", "0s list rv=", "0s watch rv=20"},
		sink:     []string{"begin", "page a@1", "abort", "begin", "page a@1 c@12", "commit 20"},
		holds:    "a@1 c@12",
		stats:    Stats{Lists: 2, Synced: 1, Pages: 3, Watches: 1, Expired: 1},
	},
	{
		name:     "a version that is too large leads to the newest state",
		opts:     paged,
		answers:  []answer{listA, streams(gone), failing(tooLargeVersion()), {items: ats("z@3"), version: "4"}, streams(added("y@5"))},
		requests: []string{"0s list rv=0 limit=500", "0s watch rv=10", "0.8s list rv=10", "0.8s list rv= limit=500", "0.8s watch rv=4"},
		holds:    "y@5 z@3",
		stats:    Stats{Lists: 3, Synced: 2, Pages: 3, Watches: 2, Events: 1, Expired: 1, Retries: 1, Relists: map[RelistReason]uint64{RelistExpired: 1}},
	},
	{
		name:     "R3 a Retry-After is honoured for any status, and a growing pause otherwise",
		opts:     paged,
		answers:  []answer{failing(busy429), failing(apierrors.NewServerTimeout(schema.GroupResource{}, "list", 9)), failing(internalErr), failing(refusedConn), listA, streams()},
		requests: []string{"0s list rv=0 limit=500", "7s list rv=0 limit=500", "16s list rv=0 limit=500", "19.2s list rv=0 limit=500", "25.6s list rv=0 limit=500", "25.6s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 5, Synced: 1, Pages: 5, Watches: 1, Retries: 4},
	},
	{
		name: "a page that fails is asked for again",
		opts: paged,
		answers: []answer{{items: ats("a@1"), version: "10", next: "x"},
			{items: ats("b@2"), err: io.ErrUnexpectedEOF}, failing(unavailable), {items: ats("b@2", "c@3"), version: "10"}, streams()},
		requests: []string{"0s list rv=0 limit=500", "0s list rv= limit=500 continue=x", "0.8s list rv= limit=500 continue=x", "2.4s list rv= limit=500 continue=x", "2.4s watch rv=10"},
		sink:     []string{"begin", "page a@1", "page b@2", "page b@2 c@3", "commit 10"},
		holds:    "a@1 b@2 c@3",
		stats:    Stats{Lists: 1, Synced: 1, Pages: 4, Watches: 1, Retries: 2},
	},
	{
		name: "a page that fails again and again starts the list over",
		opts: paged,
		answers: []answer{{items: ats("a@1"), version: "10", next: "x"}, failing(unavailable), failing(unavailable), failing(unavailable), failing(unavailable), failing(unavailable),
			failing(unavailable), listB, streams()},
		requests: []string{"0s list rv=0 limit=500", "0s list rv= limit=500 continue=x", "0.8s list rv= limit=500 continue=x", "2.4s list rv= limit=500 continue=x", "5.6s list rv= limit=500 continue=x", "12s list rv= limit=500 continue=x", "24.8s list rv= limit=500 continue=x",
			"50.4s list rv=0 limit=500", "50.4s watch rv=20"},
		sink:  []string{"begin", "page a@1", "abort", "begin", "page a@1 c@12", "commit 20"},
		holds: "a@1 c@12",
		stats: Stats{Lists: 2, Synced: 1, Pages: 8, Watches: 1, Retries: 6},
	},
	{
		name:     "a page that names itself as the next one is not asked for for ever",
		opts:     paged,
		answers:  []answer{{items: ats("a@1"), version: "10", next: "x"}, {items: ats("a@1"), version: "10", next: "x"}, listB, streams()},
		requests: []string{"0s list rv=0 limit=500", "0s list rv= limit=500 continue=x", "0.8s list rv=0", "0.8s watch rv=20"},
		holds:    "a@1 c@12",
		stats:    Stats{Lists: 2, Synced: 1, Pages: 3, Watches: 1, Retries: 1},
	},
	{
		name:     "R1 a list that stands still is cut",
		opts:     paged,
		answers:  []answer{stalling(), listA, streams()},
		requests: []string{"0s list rv=0 limit=500", "600.8s list rv=0 limit=500", "600.8s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 2, Synced: 1, Pages: 2, Watches: 1, Retries: 1, Cut: 1},
	},
	{
		name:     "a list older than what is known is not taken",
		opts:     paged,
		answers:  []answer{listA, streams(gone), {items: ats("a@1"), version: "9"}, {items: ats("a@1"), version: "9"}, streams()},
		requests: []string{"0s list rv=0 limit=500", "0s watch rv=10", "0.8s list rv=10", "2.4s list rv= limit=500", "2.4s watch rv=9"},
		sink:     []string{"begin", "page a@1 b@2", "commit 10", "begin", "page a@1", "abort", "begin", "page a@1", "commit 9"},
		holds:    "a@1",
		stats: Stats{Lists: 3, Synced: 2, Pages: 3, Watches: 2, Expired: 1, Retries: 2,
			Relists: map[RelistReason]uint64{RelistExpired: 1, RelistBackwards: 1}},
	},
	{
		name:     "R4 items that cannot be decoded or stored are counted and the others taken",
		opts:     paged,
		fail:     failOnce("page a@1", errors.Join(errors.New("no key"), errors.New("transform"))),
		answers:  []answer{{items: ats("a@1"), refused: []error{&DecodeError{Key: "x", Err: io.ErrNoProgress}}, version: "10"}, streams()},
		requests: []string{"0s list rv=0 limit=500", "0s watch rv=10"},
		holds:    "a@1",
		stats:    Stats{Lists: 1, Synced: 1, Pages: 1, Watches: 1, Refused: 3},
	},
	{
		name:     "a list that the sink does not open or take is made again",
		opts:     paged,
		fail:     failOnce("begin", errors.New("full"), "commit 10", errors.New("full")),
		answers:  []answer{listA, listA, streams()},
		requests: []string{"0.8s list rv=0 limit=500", "2.4s list rv=0 limit=500", "2.4s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 2, Synced: 1, Pages: 2, Watches: 1, Retries: 2},
	},

	// The watching and the reading arm.
	{
		name:     "R2 a watch that ends goes on from its last version, a bookmark included",
		answers:  []answer{after(modified("a@11"), io.EOF), streams(bookmark("30"), time.Second, io.EOF), streams(deleted("b@31"), io.EOF), streams()},
		requests: []string{"0s stream rv=", "0s watch rv=11", "1s watch rv=30", "1s watch rv=31"},
		holds:    "a@11",
		stats:    Stats{Streamed: 1, Synced: 1, Watches: 4, Restarts: 3, Events: 2, Bookmarks: 1},
	},
	{
		name: "R2 a cut, a server that is away, busy, failing or refuses us for now: the watch goes on after a pause",
		answers: []answer{after(modified("a@11"), io.ErrUnexpectedEOF), failing(refusedConn), failing(busy429), failing(unavailable), failing(forbidden), failing(io.EOF),
			streams(modified("a@12"))},
		requests: []string{"0s stream rv=", "0.8s watch rv=11", "2.4s watch rv=11", "9.4s watch rv=11", "15.8s watch rv=11", "28.6s watch rv=11", "54.2s watch rv=11"},
		holds:    "a@12 b@2",
		stats:    Stats{Streamed: 1, Synced: 1, Watches: 7, Restarts: 6, Events: 2, Retries: 6},
	},
	{
		name:     "R2 a version that is gone is a full list, from the last version first",
		answers:  []answer{after(gone), streams(added("a@1"), listEnd("20"), apierrors.FromObject(&gone.ErrStatus)), streams(listEnd("21"))},
		requests: []string{"0s stream rv=", "0.8s stream rv=10", "2.4s stream rv=20"},
		holds:    "",
		stats:    Stats{Streamed: 3, Synced: 3, Watches: 3, Expired: 2, Retries: 2, Relists: map[RelistReason]uint64{RelistExpired: 2}},
	},
	{
		name:     "R2 a version that is too large is a full list of the newest state",
		answers:  []answer{after(io.EOF), failing(tooLargeVersion()), streams(added("a@3"), listEnd("4"))},
		requests: []string{"0s stream rv=", "0.8s watch rv=10", "2.4s stream rv="},
		holds:    "a@3",
		stats:    Stats{Streamed: 2, Synced: 2, Watches: 3, Restarts: 1, Retries: 2, Relists: map[RelistReason]uint64{RelistTooLarge: 1}},
	},
	{
		name:     "R2 an event that cannot be decoded is a full list",
		answers:  []answer{after(undecodable), streams(added("b@11"), listEnd("20"))},
		requests: []string{"0s stream rv=", "0.8s stream rv=10"},
		holds:    "b@11",
		stats:    Stats{Streamed: 2, Synced: 2, Watches: 2, Retries: 1, Refused: 1, Relists: map[RelistReason]uint64{RelistUndecodable: 1}},
	},
	{
		name: "an event of an object that the list could not decode either calls for no other list, until one could",
		opts: paged,
		answers: []answer{{items: ats("a@1"), refused: []error{undecodable}, version: "10"},
			streams(undecodable, undecodable, modified("b@12"), undecodableAt("13")), listB, streams()},
		requests: []string{"0s list rv=0 limit=500", "0s watch rv=10", "0.8s list rv=12", "0.8s watch rv=20"},
		sink:     []string{"begin", "page a@1", "commit 10", "update b@12", "begin", "page a@1 c@12", "commit 20"},
		holds:    "a@1 c@12",
		stats:    Stats{Lists: 2, Synced: 2, Pages: 2, Watches: 2, Events: 1, Retries: 1, Refused: 4, Relists: map[RelistReason]uint64{RelistUndecodable: 1}},
	},
	{
		name:     "an event that cannot be decoded and comes from the past is a full list, whoever it is about",
		opts:     paged,
		answers:  []answer{{refused: []error{undecodable}, version: "10"}, streams(undecodableAt("9")), listB, streams()},
		requests: []string{"0s list rv=0 limit=500", "0s watch rv=10", "0.8s list rv=10", "0.8s watch rv=20"},
		holds:    "a@1 c@12",
		stats:    Stats{Lists: 2, Synced: 2, Pages: 2, Watches: 2, Retries: 1, Refused: 2, Relists: map[RelistReason]uint64{RelistUndecodable: 1}},
	},
	{
		name: "what one list could not decode says nothing about the next list",
		opts: paged,
		answers: []answer{{refused: []error{undecodable}, version: "10"}, streams(error(gone)),
			{items: ats("b@11"), version: "20"}, streams(undecodableAt("21")), listB, streams()},
		requests: []string{"0s list rv=0 limit=500", "0s watch rv=10", "0.8s list rv=10", "0.8s watch rv=20", "2.4s list rv=20", "2.4s watch rv=20"},
		holds:    "a@1 c@12",
		stats: Stats{Lists: 3, Synced: 3, Pages: 3, Watches: 3, Expired: 1, Retries: 2, Refused: 2,
			Relists: map[RelistReason]uint64{RelistExpired: 1, RelistUndecodable: 1}},
	},
	{
		name:     "R2 an event that the sink does not take is a full list, from before it",
		fail:     failOnce("update a@11", errors.New("no key")),
		answers:  []answer{after(modified("a@11"), modified("b@12")), streams(added("a@11"), listEnd("12"))},
		requests: []string{"0s stream rv=", "0.8s stream rv=10"},
		holds:    "a@11",
		stats:    Stats{Streamed: 2, Synced: 2, Watches: 2, Retries: 1, Refused: 1, Relists: map[RelistReason]uint64{RelistNotStored: 1}},
	},
	{
		name:     "an event of an unknown type is not stored",
		answers:  []answer{after(happened("RENAMED", "a@11")), streams(listEnd("12"))},
		requests: []string{"0s stream rv=", "0.8s stream rv=10"},
		stats:    Stats{Streamed: 2, Synced: 2, Watches: 2, Retries: 1, Refused: 1, Relists: map[RelistReason]uint64{RelistNotStored: 1}},
	},
	{
		name:     "R2 a version that goes backwards is a full list of the newest state, for events and bookmarks",
		answers:  []answer{after(modified("a@11"), modified("a@10")), streams(added("a@3"), listEnd("4"), bookmark("3")), streams(added("a@5"), listEnd("5"))},
		requests: []string{"0s stream rv=", "0.8s stream rv=", "2.4s stream rv="},
		sink:     []string{"begin", "page a@1 b@2", "commit 10", "update a@11", "begin", "page a@3", "commit 4", "begin", "page a@5", "commit 5"},
		holds:    "a@5",
		stats:    Stats{Streamed: 3, Synced: 3, Watches: 3, Events: 1, Retries: 2, Relists: map[RelistReason]uint64{RelistBackwards: 2}},
	},
	{
		name:     "R2 versions that have no order do not go backwards",
		opts:     Options{UnorderedVersions: true},
		answers:  []answer{after(modified("a@11"), modified("a@10"), bookmark("3"))},
		requests: []string{"0s stream rv="},
		holds:    "a@10 b@2",
		stats:    Stats{Streamed: 1, Synced: 1, Watches: 1, Events: 2, Bookmarks: 1},
	},
	{
		name:     "R1 an event that comes twice does no harm",
		answers:  []answer{after(modified("a@11"), modified("a@11"), deleted("b@12"), deleted("b@12"), bookmark("12"))},
		requests: []string{"0s stream rv="},
		holds:    "a@11",
		stats:    Stats{Streamed: 1, Synced: 1, Watches: 1, Events: 4, Duplicates: 2, Bookmarks: 1},
	},
	{
		name:     "R2 a watch that runs to its timeout without a word is a full list, one with a bookmark is not",
		answers:  []answer{after(timeout{}, bookmark("10"), io.EOF), streams(timeout{}, io.EOF), after()},
		requests: []string{"0s stream rv=", "300s watch rv=10", "600s stream rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Streamed: 2, Synced: 2, Watches: 3, Restarts: 1, Bookmarks: 1, Relists: map[RelistReason]uint64{RelistSilent: 1}},
	},
	{
		name:     "R2 watches that are cut early count together for their silence",
		answers:  []answer{after(120*time.Second, io.EOF), streams(120*time.Second, io.ErrUnexpectedEOF), streams(120*time.Second, io.EOF), after()},
		requests: []string{"0s stream rv=", "120s watch rv=10", "240.8s watch rv=10", "360.8s stream rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Streamed: 2, Synced: 2, Watches: 4, Restarts: 2, Retries: 1, Relists: map[RelistReason]uint64{RelistSilent: 1}},
	},
	{
		name:     "R2 a stream that is silent past its timeout and 30 s is cut by our side",
		answers:  []answer{after(), after()},
		requests: []string{"0s stream rv=", "330.8s stream rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Streamed: 2, Synced: 2, Watches: 2, Retries: 1, Cut: 1, Relists: map[RelistReason]uint64{RelistSilent: 1}},
	},
	{
		name:     "R2 a stream that was alive before it fell silent is cut and resumed, one that speaks past its timeout is not cut",
		answers:  []answer{after(299*time.Second, modified("a@11"), 29*time.Second, modified("a@12"), 29*time.Second, modified("a@13")), streams()},
		requests: []string{"0s stream rv=", "390.8s watch rv=13"},
		holds:    "a@13 b@2",
		stats:    Stats{Streamed: 1, Synced: 1, Watches: 2, Restarts: 1, Events: 3, Retries: 1, Cut: 1},
	},
	{
		name:     "a watch whose headers never come is cut like a silent one",
		opts:     paged,
		answers:  []answer{listA, stalling(), listA, streams()},
		requests: []string{"0s list rv=0 limit=500", "0s watch rv=10", "330.8s list rv=10", "330.8s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 2, Synced: 2, Pages: 2, Watches: 2, Retries: 1, Cut: 1, Relists: map[RelistReason]uint64{RelistSilent: 1}},
	},
	{
		name:     "R3 very short watches back off, and after five of them comes a full list",
		answers:  []answer{after(io.EOF), streams(io.EOF), streams(io.EOF), streams(io.EOF), streams(io.EOF), after()},
		requests: []string{"0s stream rv=", "0.8s watch rv=10", "2.4s watch rv=10", "5.6s watch rv=10", "12s watch rv=10", "24.8s stream rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Streamed: 2, Synced: 2, Watches: 6, Restarts: 4, Retries: 5, Relists: map[RelistReason]uint64{RelistShort: 1}},
	},
	{
		name:    "R2 internal errors are waited out for a minute, then comes a full list",
		answers: []answer{after(internalErr), streams(internalErr), failing(internalErr), failing(internalErr), failing(internalErr), failing(internalErr), failing(internalErr), failing(internalErr), after()},
		requests: []string{"0s stream rv=", "0.8s watch rv=10", "2.4s watch rv=10", "5.6s watch rv=10", "12s watch rv=10", "24.8s watch rv=10", "50.4s watch rv=10", "80.4s watch rv=10",
			"110.4s stream rv=10"},
		holds: "a@1 b@2",
		stats: Stats{Streamed: 2, Synced: 2, Watches: 9, Restarts: 7, Retries: 8, Relists: map[RelistReason]uint64{RelistInternal: 1}},
	},
	{
		name:     "internal errors call for a full list at once where that is asked for",
		opts:     Options{MaxInternalErrorRetry: -1},
		answers:  []answer{after(internalErr), after()},
		requests: []string{"0s stream rv=", "0.8s stream rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Streamed: 2, Synced: 2, Watches: 2, Retries: 1, Relists: map[RelistReason]uint64{RelistInternal: 1}},
	},
	{
		name:     "R2 a watch that the server rejects as such is a full list",
		answers:  []answer{after(notFound), failing(notFound), failing(notFound), after()},
		requests: []string{"0s stream rv=", "0.8s stream rv=10", "0.8s list rv=10", "2.4s stream rv=10"},
		holds:    "a@1 b@2",
		stats: Stats{Lists: 1, Streamed: 3, Synced: 2, Pages: 1, Watches: 3, Retries: 2,
			Relists: map[RelistReason]uint64{RelistRefused: 1}},
	},
	{
		name: "a source without versions can be watched",
		opts: paged,
		answers: []answer{{items: ats("a@")}, streams(added("a@"), added("b@"), modified("b@"), io.EOF),
			streams(deleted("a@"))},
		requests: []string{"0s list rv=0 limit=500", "0s watch rv=", "0s watch rv="},
		holds:    "b@",
		stats:    Stats{Lists: 1, Synced: 1, Pages: 1, Watches: 2, Restarts: 1, Events: 4},
	},
	{
		name:     "a watch from no version begins out of order",
		opts:     paged,
		answers:  []answer{{}, streams(added("a@7"), added("b@3"), modified("b@8"), io.EOF), streams()},
		requests: []string{"0s list rv=0 limit=500", "0s watch rv=", "0s watch rv=8"},
		holds:    "a@7 b@8",
		stats:    Stats{Lists: 1, Synced: 1, Pages: 1, Watches: 2, Restarts: 1, Events: 3},
	},
	{
		name:     "a bookmark that the sink does not take moves nothing",
		fail:     failOnce("bookmark 20", errors.New("full")),
		answers:  []answer{after(bookmark("20"), time.Second, io.EOF), streams()},
		requests: []string{"0s stream rv=", "1s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Streamed: 1, Synced: 1, Watches: 2, Restarts: 1, Bookmarks: 1},
	},
}

// failOnce makes a sink fail the first time that each of the ops comes.
func failOnce(pairs ...any) func(string) error {
	errs := map[string]error{}
	for i := 0; i < len(pairs); i += 2 {
		errs[pairs[i].(string)] = pairs[i+1].(error)
	}
	return func(op string) error {
		err := errs[op]
		delete(errs, op)
		return err
	}
}

// Each arm of the machine, with what it asks of the source, when, and what the
// sink sees. It proves R1, R2, R3 and R4 case by case.
func TestEachWayOfGoingOnIsOneArm(t *testing.T) {
	for _, c := range armCases {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, c.opts, &tape{fail: c.fail}, c.answers...)
			if diff := cmp.Diff(c.requests, p.requests); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if c.sink != nil {
				if diff := cmp.Diff(c.sink, p.tape.log); diff != "" {
					t.Errorf("sink (-want +got):\n%s", diff)
				}
			}
			if got := p.holds(); got != c.holds {
				t.Errorf("the sink holds %q, want %q", got, c.holds)
			}
			stats := p.Stats()
			if (stats.LastError != nil) != (len(p.errs) > 0) {
				t.Errorf("LastError is %v after %d errors", stats.LastError, len(p.errs))
			}
			stats.LastError = nil
			if diff := cmp.Diff(c.stats, stats); diff != "" {
				t.Errorf("stats (-want +got):\n%s", diff)
			}
			checkErrors(t, p.errs)
		})
	}
}

// checkErrors fails for an error that does not say whose it is.
func checkErrors(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		var e *Error
		if !errors.As(err, &e) || e.Reflector != "test" || !strings.Contains(err.Error(), "reflector test") || !strings.Contains(err.Error(), "*reflector.thing") {
			t.Errorf("error %q does not name reflector and type", err)
		}
	}
}
