package main

import (
	"maps"
	"slices"
)

// relation is how a target compares our figure with its base.
type relation int

const (
	// faster: base divided by ours is at least the target.
	faster relation = iota
	// atLeast: ours divided by base is at least the target.
	atLeast
	// grows: ours divided by base is at most the target.
	grows
	// atMost: ours is at most the target; there is no base.
	atMost
	// shown: there is no target but to be as good as base.
	shown
)

// target is a row of the results: a case, and what this library is to reach in
// it. What it leaves open in base is as in ours, and base is client-go's. The
// engine is informant's own unless it is named, the unit ns/op.
type target struct {
	bench, engine, unit string
	is                  relation
	want                float64
	base                series
	// limit says in words what hardware or runtime allow, where no engine of
	// the benchmark measures it.
	limit string
	// comes says, of a row that no benchmark measures yet, which work brings
	// it, as in "with protobuf decoding". goal is what is to be reached then, in
	// words; what else judges a row stays empty in it.
	comes, goal string
}

// targets are the rows of the results, area by area. A benchmark with a row here
// is run for the results: see paces for how long.
var targets = slices.Concat(queueTargets, storeTargets, deltaQueueTargets, reflectorTargets, informerTargets, factoryTargets, stockTargets)

var queueTargets = []target{
	{bench: "Queue/cycle", is: grows, want: 1.4, base: series{engine: floor}},
	{bench: "Queue/cycle", unit: "allocs/op", is: atMost, want: 0},
	{bench: "Queue/done-of-another", is: atMost, want: 35, limit: "one lock, one lookup"},
	{bench: "Queue/burst", is: faster, want: 2.5},
	{bench: "Queue/workers=2", is: faster, want: 1.5, limit: "a wake-up, about 200 ns"},
	{bench: "Queue/workers=8", is: faster, want: 1.5, limit: "a wake-up, about 200 ns"},
	{bench: "Queue/workers=64", is: faster, want: 1.5, limit: "a wake-up, about 200 ns"},
	{bench: "DelayingQueue/after", is: faster, want: 3, limit: "a push to a heap"},
	{bench: "DelayingQueue/pending", unit: "B/pending", is: atMost, want: 60},
	{bench: "RateLimitingQueue/cycle", is: faster, want: 3},
	{bench: "PriorityQueue/cycle", is: faster, want: 6, base: series{engine: controllerRuntime}},
}

var storeTargets = slices.Concat([]target{
	{bench: "Store/get-parallel", is: faster, want: 2.5},
	{bench: "Store/get-parallel", is: grows, want: 1.3, base: series{engine: xsync}},
	{bench: "Store/get-parallel", is: shown, base: series{engine: stateDB}},
	{bench: "Store/update", is: faster, want: 2},
	{bench: "Store/update-batch", unit: "ns/object", is: faster, want: 2.2},
	{bench: "Store/update-batch", unit: "ns/object", is: grows, want: 2.2, base: series{engine: floor}},
	{bench: "Store/update-batch", unit: "ns/object", is: shown, base: series{engine: stateDB}},
	{bench: "Store/update-moving", is: faster, want: 1.2},
	{bench: "Store/delete-add", is: faster, want: 1},
	{bench: "Store/replace", is: faster, want: 6},
	{bench: "Store/replace-unchanged", is: faster, want: 20, limit: "a comparison for each"},
	{bench: "Store/read-stall", unit: "p99.99-ns", is: faster, want: 1000, base: series{unit: "longest-ns"}},
	{bench: "Store/read-stall", unit: "longest-ns", is: faster, want: 1, base: series{engine: control}},
	{bench: "Store/list", is: faster, want: 4},
	{bench: "Store/list-updated", is: faster, want: 3.5},
	{bench: "Store/iterate", unit: "allocs/op", is: atMost, want: 0},
	{bench: "Store/iterate", is: faster, want: 4, base: series{bench: "Store/list"}},
	{bench: "Store/iterate", is: shown, base: series{engine: stateDB}},
	{bench: "Store/iterate", is: shown, base: series{engine: xsync}},
	{bench: "Store/by-index", is: faster, want: 6},
	{bench: "Store/snapshot", is: atMost, want: 30},
	{bench: "Store/readers=0", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
	{bench: "Store/readers=1", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
	{bench: "Store/readers=10", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
	{bench: "Store/readers=40", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
	{bench: "Store/readers=80", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
	{bench: "Store/bytes", unit: "B/object", is: atMost, want: 110, limit: "about 40 B"},
	{bench: "Store/read-between-writes/by-index", is: shown},

	{bench: "Store/update", engine: dropIn, is: faster, want: 1.3},
	{bench: "Store/replace", engine: dropIn, is: faster, want: 3},
	{bench: "Store/list", engine: dropIn, is: faster, want: 2},
	{bench: "Store/by-index", engine: dropIn, is: faster, want: 4},
	{bench: "Store/update-moving", engine: dropIn, is: shown},
	{bench: "Store/delete-add", engine: dropIn, is: shown},
}, scaleTargets(
	series{bench: "get", unit: "ns/op"},
	series{bench: "update", unit: "ns/op"},
	series{bench: "update-moving", unit: "ns/op"},
	series{bench: "by-index", unit: "ns/object"},
	series{bench: "list", unit: "ns/object"},
	series{bench: "snapshot", unit: "ns/op"},
	series{bench: "life", unit: "add-ns/object"},
	series{bench: "life", unit: "index-ns/object"},
	series{bench: "life", unit: "update-ns/object"},
	series{bench: "life", unit: "delete-ns/object"},
))

var deltaQueueTargets = []target{
	{bench: "DeltaQueue/inorder", is: faster, want: 8, limit: "append and swap, about 20 ns"},
	{bench: "DeltaQueue/inorder", unit: "allocs/op", is: atMost, want: 0},
	{bench: "DeltaQueue/deltafifo", is: faster, want: 4},
	{bench: "DeltaQueue/slow-consumer", is: shown, limit: "an append"},
}

var reflectorTargets = slices.Concat([]target{
	{bench: "Reflector/list", unit: "ns/object", is: faster, want: 1.5},
	{bench: "Reflector/list-kept", unit: "ns/object", is: shown, limit: "a copy of each object"},
	{bench: "Reflector/watch-http", is: faster, want: 3.2},
	{bench: "Reflector/watch-http/10KB", is: atMost, want: 125_000}, // 8,000 a second
	{bench: "Reflector/watch-http/10KB", is: faster, want: 3.2},
}, syncTargets, decodeTargets, oneCoreTargets, memoryTargets)

// syncTargets are first lists over HTTP, from a server in a process of its own. Rows
// that end in one-core are with GOMAXPROCS=1.
var syncTargets = []target{
	{bench: "Reflector/sync-json/listed/0.3KB/one-core", unit: "ns/object", is: faster, want: 1.8},
	{bench: "Reflector/sync-json/listed/2KB/one-core", unit: "ns/object", is: faster, want: 2.5},
	{bench: "Reflector/sync-json/listed/10KB/one-core", unit: "ns/object", is: faster, want: 2.5},
	{bench: "Reflector/sync-json/listed/2KB", unit: "ns/object", is: faster, want: 3.5},
	{bench: "Reflector/sync-json/listed/10KB", unit: "ns/object", is: faster, want: 3.5},
	{bench: "Reflector/sync-json/streamed/2KB/one-core", unit: "ns/object", is: faster, want: 4.5},
	{bench: "Reflector/sync-json/streamed/10KB/one-core", unit: "ns/object", is: faster, want: 4.5},
	{bench: "Reflector/sync-json/streamed/2KB", unit: "ns/object", is: faster, want: 4.5},
	{bench: "Reflector/sync-json/streamed/10KB", unit: "ns/object", is: faster, want: 4.5},

	{bench: "Reflector/sync-protobuf/listed/0.3KB/one-core", unit: "ns/object", is: shown},
	{bench: "Reflector/sync-protobuf/listed/2KB/one-core", unit: "ns/object", is: faster, want: 1.1},
	{bench: "Reflector/sync-protobuf/listed/10KB/one-core", unit: "ns/object", is: faster, want: 1.1},
	{bench: "Reflector/sync-protobuf/streamed/2KB/one-core", unit: "ns/object", is: faster, want: 1.1},
	{bench: "Reflector/sync-protobuf/streamed/10KB/one-core", unit: "ns/object", is: faster, want: 1.1},
	{bench: "Reflector/sync-protobuf/listed/2KB", unit: "ns/object", is: shown},
	{bench: "Reflector/sync-protobuf/listed/10KB", unit: "ns/object", is: shown},
	{bench: "Reflector/sync-protobuf/streamed/2KB", unit: "ns/object", is: shown},
	{bench: "Reflector/sync-protobuf/streamed/10KB", unit: "ns/object", is: shown},
	{bench: "Reflector/sync-protobuf/listed/10KB/one-core", unit: "B/op", is: grows, want: 0.75, base: series{engine: clientGo}},
}

// decodeTargets are what one processor makes of bytes that are there, an object. They
// come from a machine on which 76, 80 and 75 µs can be reached where client-go takes
// 218, 520 and 236.
var decodeTargets = []target{
	{bench: "Reflector/decode/pod-json-list/0.3KB", unit: "ns/object", is: shown},
	{bench: "Reflector/decode/pod-json-list/2KB", unit: "ns/object", is: shown},
	{bench: "Reflector/decode/pod-json-list/10KB", unit: "ns/object", is: faster, want: 2.8},
	{bench: "Reflector/decode/pod-json-watch/10KB", unit: "ns/object", is: faster, want: 6.5},
	{bench: "Reflector/decode/pod-protobuf-list/10KB", unit: "ns/object", is: shown},
	{bench: "Reflector/decode/pod-protobuf-watch/10KB", unit: "ns/object", is: shown},
	{bench: "Reflector/decode/pod-unstructured-json-list/10KB", unit: "ns/object", is: faster, want: 3.1},
	{bench: "Reflector/decode/route-json-list/10KB", unit: "ns/object", is: shown},
	{bench: "Reflector/decode/route-unstructured-json-list/10KB", unit: "ns/object", is: shown},
}

// oneCoreTargets are what the choice of the number of decoders costs with GOMAXPROCS=1,
// where one goroutine has to do all of it.
var oneCoreTargets = []target{
	{bench: "Reflector/one-core/pod-json-list/10KB", unit: "cpu-ratio", is: atMost, want: 1.03},
	{bench: "Reflector/one-core/pod-json-list/10KB", unit: "wall-ratio", is: atMost, want: 1.03},
	{bench: "Reflector/one-core/pod-json-watch/10KB", unit: "cpu-ratio", is: atMost, want: 1.03},
	{bench: "Reflector/one-core/pod-json-watch/10KB", unit: "wall-ratio", is: atMost, want: 1.03},
	{bench: "Reflector/one-core/pod-protobuf-list/10KB", unit: "cpu-ratio", is: atMost, want: 1.03},
	{bench: "Reflector/one-core/pod-protobuf-list/10KB", unit: "wall-ratio", is: atMost, want: 1.03},
}

// memoryTargets are peaks of the live heap of an informer over what it is afterwards,
// and that.
var memoryTargets = []target{
	{bench: "Reflector/first-peak/json/listed/2KB", unit: "peak/steady", is: atMost, want: 1.05},
	{bench: "Reflector/first-peak/json/streamed/2KB", unit: "peak/steady", is: atMost, want: 1.05},
	{bench: "Reflector/first-peak/json/listed/10KB", unit: "peak/steady", is: atMost, want: 1.15},
	{bench: "Reflector/first-peak/json/streamed/10KB", unit: "peak/steady", is: atMost, want: 1.15},
	{bench: "Reflector/first-peak/protobuf/listed/10KB", unit: "peak/steady", is: atMost, want: 1.1},
	{bench: "Reflector/first-peak/protobuf/streamed/10KB", unit: "peak/steady", is: atMost, want: 1.1},
	{bench: "Reflector/relist-peak/json/listed/10KB", unit: "peak/steady", is: atMost, want: 1.1},
	{bench: "Reflector/relist-peak/json/streamed/10KB", unit: "peak/steady", is: atMost, want: 1.1},
	{bench: "Reflector/relist-peak/protobuf/listed/10KB", unit: "peak/steady", is: atMost, want: 1.1},
	{bench: "Reflector/at-rest/json/listed/0.3KB", unit: "B/object", is: shown},
	{bench: "Reflector/at-rest/json/listed/2KB", unit: "B/object", is: shown},
	{bench: "Reflector/at-rest/json/listed/10KB", unit: "B/object", is: shown},
	{bench: "Reflector/at-rest/interned", unit: "of-client-go", is: atMost, want: 0.92},
	{bench: "Reflector/at-rest/shared", unit: "of-client-go", is: atMost, want: 0.5},
	{bench: "Reflector/at-rest/stripped-shared", unit: "of-client-go", is: atMost, want: 0.4},
	{bench: "Reflector/at-rest/compact", unit: "of-client-go", is: atMost, want: 0.15},
}

// factoryTargets are first lists of generated factories: with WithConfig and, as the
// drop-in, without it.
var factoryTargets = []target{
	{bench: "Factory/sync-json/streamed/10KB", unit: "ns/object", is: faster, want: 4.5},
	{bench: "Factory/sync-json/streamed/10KB", unit: "cpu-ns/object", is: shown},
	{bench: "Factory/sync-json/streamed/10KB", engine: dropIn, unit: "ns/object", is: shown},
	{bench: "Factory/sync-protobuf/streamed/10KB", unit: "ns/object", is: faster, want: 1.1},
	{bench: "Factory/sync-protobuf/streamed/10KB", engine: dropIn, unit: "ns/object", is: shown},
}

var informerTargets = []target{
	{bench: "Informer/events/handlers=1", is: faster, want: 5},
	{bench: "Informer/events/handlers=1", unit: "allocs/op", is: atMost, want: 3},
	{bench: "Informer/events/handlers=4", is: faster, want: 9},
	{bench: "Informer/events/handlers=16", is: faster, want: 20},
	{bench: "Informer/events-indexed/handlers=1", is: faster, want: 5},
	{bench: "Informer/events-indexed/handlers=4", is: faster, want: 9},
	{bench: "Informer/events-indexed/handlers=16", is: faster, want: 16},
	{bench: "Informer/late-join", is: faster, want: 4000, limit: "does not grow with the objects"},
	{bench: "Informer/idle-handler", unit: "B/handler", is: atMost, want: 900},
	{bench: "Informer/idle-handler", unit: "goroutines/handler", is: atMost, want: 1},
	{bench: "Informer/latency/idle", unit: "p50-ns", is: shown},
	{bench: "Informer/latency/idle", unit: "p99-ns", is: faster, want: 3},
	{bench: "Informer/latency/events=10000", unit: "p50-ns", is: shown},
	{bench: "Informer/latency/events=10000", unit: "p99-ns", is: faster, want: 3},
	{bench: "Informer/listener", unit: "ns/object", is: shown},
	{bench: "Informer/batched", is: shown, limit: "a call for all that has come"},
	{bench: "Informer/parallel", is: shown, limit: "8×, the lanes"},
	{bench: "Informer/stalled", unit: "MiB", is: atMost, want: 5, limit: "an entry for each key"},

	{bench: "Informer/events-indexed/handlers=1", engine: dropIn, is: grows, want: 1.1, base: series{engine: informant}},
	{bench: "Informer/events-indexed/handlers=4", engine: dropIn, is: grows, want: 1.1, base: series{engine: informant}},
	{bench: "Informer/events-indexed/handlers=16", engine: dropIn, is: grows, want: 1.1, base: series{engine: informant}},
}

// stockTargets are client-go's own scenarios.
var stockTargets = slices.Concat([]target{
	{bench: "StaticIndex/update", engine: dropIn, is: faster, want: 1.2},
	{bench: "Lister/match", is: shown},
	{bench: "Lister/match", engine: dropIn, is: faster, want: 2},
	{bench: "Controller/slow-handler/locked", engine: dropIn, is: faster, want: 50, limit: "an append"},
	{bench: "Controller/slow-handler/unlocked", engine: dropIn, is: shown, limit: "an append"},
	{bench: "Cluster/list", is: shown},
	{bench: "Cluster/by-namespace", is: shown},
	{bench: "Cluster/by-node", is: shown},
	{bench: "Cluster/by-namespace", engine: dropIn, is: shown},
	{bench: "Cluster/by-node", engine: dropIn, is: shown},
},
	gridTargets("pods=10000", map[string]float64{"readers=0": 2, "readers=1": 15, "readers=10": 20}),
	gridTargets("pods=40000", map[string]float64{"readers=0": 2, "readers=1": 80, "readers=10": 100}),
)

// gridTargets let neither reads nor writes be slower than client-go's in any
// cell of a row of the grid, and the writes of the drop-in so many times faster.
func gridTargets(pods string, writes map[string]float64) []target {
	var all []target
	for _, readers := range slices.Sorted(maps.Keys(writes)) {
		bench := "Informer/grid/" + pods + "/" + readers
		all = append(all,
			target{bench: bench, unit: "writes/s", is: atLeast, want: 1},
			target{bench: bench, engine: dropIn, unit: "writes/s", is: atLeast, want: writes[readers]},
		)
		if readers != "readers=0" {
			all = append(all,
				target{bench: bench, unit: "reads/s", is: atLeast, want: 1},
				target{bench: bench, engine: dropIn, unit: "reads/s", is: atLeast, want: 1},
			)
		}
	}
	return all
}

// Other libraries whose stores stand beside ours.
const (
	stateDB = "statedb"
	xsync   = "xsync"
)

// scaleTargets let a cost grow to three times itself from the smallest size to
// the largest.
func scaleTargets(costs ...series) []target {
	var all []target
	for _, c := range costs {
		all = append(all, target{
			bench: "Store/scale/objects=1000000/" + c.bench, unit: c.unit, is: grows, want: 3,
			base: series{bench: "Store/scale/objects=10000/" + c.bench, engine: informant},
		})
	}
	return all
}
