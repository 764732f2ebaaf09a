package indexertest

import (
	"strings"
	"testing"
)

// fault is a way in which a broken store is wrong.
type fault string

const (
	none                   fault = "no fault"
	locks                  fault = "readers and writers share a lock"
	iteratesLocked         fault = "an iterator holds the lock"
	takesNil               fault = "an object without a key is stored"
	keepsDeleted           fault = "a key is left after its deletion"
	indexIsNotUpdated      fault = "an update leaves the index as it was"
	indexKeepsDeleted      fault = "an index keeps what was deleted"
	failedIndexTakesValues fault = "the values of a failed index function count"
	failedIndexDropsObject fault = "a failed index function costs the object"
	failedIndexStaysOut    fault = "a failed index function costs the index"
	panicsEscape           fault = "a panic of an index function escapes"
	listsTwice             fault = "a value given twice is listed twice"
	knowsEveryIndex        fault = "an unknown index is empty"
	addsTwice              fault = "an index that exists is replaced"
	addsEmpty              fault = "an index that is added lists later objects only"
	appliesInHalves        fault = "a batch shows in two parts"
	tellsNoOld             fault = "a batch does not tell what it found"
	forgetsVersions        fault = "objects do not raise the version"
	replacesByHalf         fault = "a Replace that fails changes something"
	replacesTwice          fault = "a Replace publishes twice"
	replaceAdds            fault = "a Replace keeps what is gone"
	storesAnew             fault = "an object of the same version is stored anew"
	tellsTwice             fault = "a Replace tells of everything twice"
	sharesLists            fault = "a list is the store's own memory"
	wakesNobody            fault = "a wake-up is lost"
	waitsForMore           fault = "a version that is there is waited for"
	waitsForNothing        fault = "WaitFor returns at once"
	waitsForAnything       fault = "a version without an order is waited for"
	waitForgetsWhy         fault = "a wait that is given up succeeds"
	snapshotsLive          fault = "a snapshot sees later writes"
	snapshotsLiveIndexes   fault = "a snapshot's indexes see later writes"
	keyWaitsForState       fault = "a wait for a key sees the state only"
	keyWaitsForKey         fault = "a wait for a key sees the key only"
	closesAll              fault = "a watch closes with each write"
	closesOnce             fault = "a watch closes for adds only"
	watchesLate            fault = "a watch begins when it is waited on"
	stopsAll               fault = "a watch that is given up takes the others along"
)

// mutants are the subtests that must find a fault.
var mutants = map[fault][]string{
	locks: {
		"S2/a reader does not wait for a write", "S2/a reader does not wait for a replace",
		"S2/a reader does not wait while an index is added", "S2/an index function may read the store",
	},
	iteratesLocked:         {"S2/a writer does not wait for a reader"},
	takesNil:               {"store/an object without a key is refused"},
	keepsDeleted:           {"store/add, update and delete", "S3/an index follows its objects", "S5/the version follows the writes"},
	indexIsNotUpdated:      {"S3/an index follows its objects", "S3/several values and the same value twice", "S4/a later state gets its place back"},
	indexKeepsDeleted:      {"S3/an index follows its objects", "store/replace is the whole content"},
	failedIndexTakesValues: {"S4/a function that fails costs that place only"},
	failedIndexDropsObject: {"S4/a function that fails costs that place only", "S4/a function that panics costs that place only"},
	failedIndexStaysOut:    {"S4/a later state gets its place back"},
	panicsEscape:           {"S4/a function that panics costs that place only"},
	listsTwice:             {"S3/several values and the same value twice"},
	knowsEveryIndex:        {"S3/an unknown index is an error"},
	addsTwice:              {"S3/a name that exists is refused"},
	addsEmpty:              {"S3/indexes are added to a filled store"},
	appliesInHalves: {
		"S1/a list sees a batch whole", "S1/an index sees a batch whole",
		"S1/single reads see a batch whole", "S1/a snapshot agrees with itself",
	},
	tellsNoOld:           {"store/apply tells what it found"},
	forgetsVersions:      {"S5/the version follows the writes", "S5/waiters wake when their version comes", "S5/what was waited for can be read"},
	replacesByHalf:       {"store/a replace that fails changes nothing"},
	replacesTwice:        {"S1/a list sees a replace whole"},
	replaceAdds:          {"store/replace is the whole content", "store/replace tells what it changed"},
	storesAnew:           {"store/an object of the same version stays", "store/replace tells what it changed"},
	tellsTwice:           {"store/replace tells what it changed"},
	sharesLists:          {"store/lists are the caller's"},
	wakesNobody:          {"S5/waiters wake when their version comes"},
	waitsForMore:         {"S5/a version that is there is not waited for"},
	waitsForNothing:      {"S5/what was waited for can be read", "S5/a wait ends with its context", "S5/a wait for a key ends with its context", "S5/a version without an order is an error at once"},
	waitsForAnything:     {"S5/a version without an order is an error at once"},
	waitForgetsWhy:       {"S5/a wait ends with its context", "S5/a wait for a key ends with its context"},
	snapshotsLive:        {"S1/a snapshot keeps its state"},
	snapshotsLiveIndexes: {"S1/a snapshot agrees with itself", "S1/a snapshot keeps its state"},
	keyWaitsForState:     {"S5/a wait for a key ends with the version of the key"},
	keyWaitsForKey:       {"S5/a wait for a key ends with the version of the state"},
	closesAll:            {"S5/a watch is not closed by changes of something else"},
	closesOnce:           {"S5/a watch closes with the next change"},
	watchesLate:          {"S5/a watch misses no change"},
	stopsAll:             {"S5/a watch is given up alone"},
}

// TestAStoreWithoutAFaultPasses proves that the suite asks for no more than S1 to
// S5, which an immutable state that is copied whole gives, and that what a mutant
// fails is its fault's doing.
func TestAStoreWithoutAFaultPasses(t *testing.T) { Run(t, newBroken(none), nil) }

// TestEachFaultIsFound runs the suite over stores that are wrong in one way
// each, and finds for every subtest a store that it fails.
func TestEachFaultIsFound(t *testing.T) {
	bodies := map[string]func(*suite){}
	for _, test := range allTests() {
		bodies[test.name] = test.body
	}
	killing := map[string]bool{}
	for f, names := range mutants {
		for _, name := range names {
			killing[name] = true
			t.Run(string(f)+"/"+name, func(t *testing.T) {
				t.Parallel()
				if bodies[name] == nil {
					t.Fatal("there is no such subtest")
				}
				if failures := run(bodies[name], newBroken(f), true); len(failures) == 0 {
					t.Error("the suite does not find the fault")
				}
			})
		}
	}
	for name := range bodies {
		if !killing[name] {
			t.Errorf("no fault shows that %q can fail", name)
		}
	}
}

// TestKnownListsCannotGoStale proves that a subtest which is known to fail and
// passes is an error.
func TestKnownListsCannotGoStale(t *testing.T) {
	test := allTests()[0]
	known := Known{test.name: "a reason"}
	if wrong, asKnown := test.verdict(newBroken(none), known); len(wrong) != 1 || asKnown != "" {
		t.Errorf("it passes, and what is said is %q, %q", wrong, asKnown)
	}
	if wrong, asKnown := test.verdict(newBroken(keepsDeleted), known); len(wrong) != 0 || !strings.Contains(asKnown, "a reason") {
		t.Errorf("it fails, and what is said is %q, %q", wrong, asKnown)
	}
}
