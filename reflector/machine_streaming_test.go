package reflector

import (
	"io"

	"k8s.io/apimachinery/pkg/watch"
)

var streamingCases = []armCase{
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
		answers: []answer{failing(errInvalid), listA, streams(error(errGone)),
			listB, streams()},
		requests: []string{"0s stream rv=", "0s list rv= limit=500", "0s watch rv=10", "0.8s list rv=10", "0.8s watch rv=20"},
		sink:     []string{"begin", "abort", "begin", "page a@1 b@2", "commit 10", "begin", "page a@1 c@12", "commit 20"},
		holds:    "a@1 c@12",
		stats:    Stats{Lists: 2, Streamed: 1, Synced: 2, Pages: 2, Watches: 3, Expired: 1, Retries: 1, Relists: map[RelistReason]uint64{RelistExpired: 1}},
	},
	{
		name:     "a bookmark in the middle of the list tells a server that sends none as streams",
		answers:  []answer{streams(added("a@1"), bookmark("5")), listA, streams()},
		requests: []string{"0s stream rv=", "0s list rv= limit=500", "0s watch rv=10"},
		sink:     []string{"begin", "abort", "begin", "page a@1 b@2", "commit 10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 1, Streamed: 1, Synced: 1, Pages: 1, Watches: 2},
	},
	{
		name:     "a streamed list that falls silent gives way to pages",
		answers:  []answer{streams(added("a@1")), listA, streams(modified("a@11"), errGone), {items: ats("a@11"), version: "20"}},
		requests: []string{"0s stream rv=", "75s list rv= limit=500", "75s watch rv=10", "75.8s list rv=11"},
		sink:     []string{"begin", "abort", "begin", "page a@1 b@2", "commit 10", "update a@11", "begin", "page a@11", "commit 20"},
		holds:    "a@11",
		stats: Stats{Lists: 2, Streamed: 1, Synced: 2, Pages: 2, Watches: 3, Events: 1, Expired: 1, Cut: 1, Retries: 1,
			Relists: map[RelistReason]uint64{RelistExpired: 1}},
	},
	{
		name:     "three streamed lists that break give way to pages",
		answers:  []answer{streams(io.ErrUnexpectedEOF), streams(added("a@1"), io.EOF), failing(errUnavailable), listA, streams()},
		requests: []string{"0s stream rv=", "0.8s stream rv=", "2.4s stream rv=", "2.4s list rv= limit=500", "2.4s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 1, Streamed: 3, Synced: 1, Pages: 1, Watches: 4, Retries: 2},
	},
	{
		name:     "a server that is away is asked for the stream until it is back",
		answers:  []answer{failing(errRefused), failing(errRefused), failing(errRefused), failing(errRefused), after()},
		requests: []string{"0s stream rv=", "0.8s stream rv=", "2.4s stream rv=", "5.6s stream rv=", "12s stream rv="},
		holds:    "a@1 b@2",
		stats:    Stats{Streamed: 5, Synced: 1, Watches: 5, Retries: 4},
	},
	{
		name:     "a streamed relist that has expired asks for the newest state",
		answers:  []answer{after(errGone), failing(errGone), failing(errGone), streams(added("a@31"), listEnd("31"))},
		requests: []string{"0s stream rv=", "0.8s stream rv=10", "0.8s stream rv=", "1.6s stream rv="},
		holds:    "a@31",
		stats:    Stats{Streamed: 4, Synced: 2, Watches: 4, Expired: 3, Retries: 2, Relists: map[RelistReason]uint64{RelistExpired: 1}},
	},
	{
		name:     "R1a a streamed list of the newest state that is always expired gives way to pages",
		answers:  []answer{failing(errGone), failing(errGone), failing(errGone), failing(errGone), listA, streams()},
		requests: []string{"0s stream rv=", "0s stream rv=", "0.8s stream rv=", "2.4s stream rv=", "2.4s list rv= limit=500", "2.4s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 1, Streamed: 4, Synced: 1, Pages: 1, Watches: 5, Expired: 4, Retries: 2},
	},
	{
		name:     "an internal error of a streamed list leads to pages",
		answers:  []answer{failing(errInternal), listA, streams()},
		requests: []string{"0s stream rv=", "0s list rv= limit=500", "0s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 1, Streamed: 1, Synced: 1, Pages: 1, Watches: 2},
	},
	{
		name: "an item of a streamed list that cannot be decoded is refused, a change of one calls for pages",
		answers: []answer{
			streams(&DecodeError{Key: "b", Event: watch.Added, Err: io.ErrNoProgress}, added("a@1"), modified("a@2"), errUndecodable),
			listA, streams()},
		requests: []string{"0s stream rv=", "0s list rv= limit=500", "0s watch rv=10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 1, Streamed: 1, Synced: 1, Pages: 1, Watches: 2, Refused: 1, Refusals: map[RefusalCause]uint64{RefusalUndecodable: 1}},
	},
	{
		name: "R2 R4 a streamed list of which nothing can be used gives way to pages, and is no watch that does not work",
		answers: []answer{
			streams(&DecodeError{Key: "b", Event: watch.Added, Err: io.ErrNoProgress}, listEnd("10")),
			listA, failing(errForbidden), failing(errForbidden), streams()},
		requests: []string{"0s stream rv=", "0s list rv= limit=500", "0s watch rv=10", "0.8s watch rv=10", "2.4s watch rv=10"},
		sink:     []string{"begin", "abort", "begin", "page a@1 b@2", "commit 10"},
		holds:    "a@1 b@2",
		stats:    Stats{Lists: 1, Streamed: 1, Synced: 1, Pages: 1, Watches: 4, Restarts: 2, Retries: 2, Refused: 1, Refusals: map[RefusalCause]uint64{RefusalUndecodable: 1}},
	},
}
