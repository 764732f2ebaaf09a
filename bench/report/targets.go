package main

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
)

// target is a row of the table of targets. What it leaves open in base is as in
// ours, and base is client-go's. The engine is informant's own unless it is named.
type target struct {
	bench, engine, unit string
	is                  relation
	want                float64
	base                series
}

// targets are what this library is to reach, case by case.
var targets = append([]target{
	{bench: "Queue/cycle", is: grows, want: 1.4, base: series{engine: floor}},
	{bench: "Queue/cycle", unit: "allocs/op", is: atMost, want: 0},
	{bench: "Queue/done-of-another", is: atMost, want: 40},
	{bench: "Queue/burst", is: faster, want: 2.5},
	{bench: "Queue/workers=2", is: faster, want: 1.4},
	{bench: "Queue/workers=8", is: faster, want: 1.4},
	{bench: "Queue/workers=64", is: faster, want: 1.4},
	{bench: "DelayingQueue/after", is: faster, want: 2.7},
	{bench: "DelayingQueue/pending", unit: "B/pending", is: atMost, want: 60},
	{bench: "RateLimitingQueue/cycle", is: faster, want: 3},
	{bench: "PriorityQueue/cycle", is: faster, want: 6, base: series{engine: controllerRuntime}},

	{bench: "Store/get-parallel", is: faster, want: 2.5},
	{bench: "Store/update", is: faster, want: 2},
	{bench: "Store/update-batch", unit: "ns/object", is: faster, want: 2.2},
	{bench: "Store/update-moving", is: faster, want: 1.2},
	{bench: "Store/delete-add", is: faster, want: 1},
	{bench: "Store/replace", is: faster, want: 6},
	{bench: "Store/replace-unchanged", is: faster, want: 20},
	{bench: "Store/read-stall", unit: "p99.99-ns", is: faster, want: 1000, base: series{unit: "longest-ns"}},
	{bench: "Store/read-stall", unit: "longest-ns", is: faster, want: 1, base: series{engine: control}},
	{bench: "Store/list", is: faster, want: 4},
	{bench: "Store/list-updated", is: faster, want: 3.5},
	{bench: "Store/iterate", unit: "allocs/op", is: atMost, want: 0},
	{bench: "Store/iterate", is: faster, want: 4, base: series{bench: "Store/list"}},
	{bench: "Store/by-index", is: faster, want: 6},
	{bench: "Store/snapshot", is: atMost, want: 30},
	{bench: "Store/readers=0", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
	{bench: "Store/readers=1", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
	{bench: "Store/readers=10", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
	{bench: "Store/readers=40", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
	{bench: "Store/readers=80", unit: "writes/s", is: atLeast, want: 0.9, base: series{engine: control}},
	{bench: "Store/bytes", unit: "B/object", is: atMost, want: 110},

	{bench: "Store/update", engine: dropIn, is: faster, want: 1.3},
	{bench: "Store/replace", engine: dropIn, is: faster, want: 3},
	{bench: "Store/list", engine: dropIn, is: faster, want: 2},
	{bench: "Store/by-index", engine: dropIn, is: faster, want: 4},
	{bench: "StaticIndex/update", engine: dropIn, is: faster, want: 1.2},
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
)...)

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
