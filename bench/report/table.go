package main

import (
	"cmp"
	"fmt"
)

// table is one kind of document.
type table struct {
	// command makes it again.
	command string
	// plan is what it needs, unless -bench names something else. A comparison
	// has none: see compare.
	plan []part
	make func(root string, rec *record) (string, error)
}

// part is one run of go test.
type part struct {
	dir, bench, benchtime string
	// fewer is by how much -count is divided where a run takes long.
	fewer int
}

var tables = map[string]table{
	"benchstat": {
		command: "go run ./bench/report",
		plan:    []part{{"bench", ".", "1s", 1}},
		make:    benchstat,
	},
	"targets": {
		command: "go run ./bench/report -table targets",
		plan: []part{
			{"bench", "^Benchmark(Queue|DelayingQueue|RateLimitingQueue)$", "500ms", 1},
			{"clientgo/controllerruntime", "^BenchmarkPriorityQueue$", "500ms", 1},
			{"bench", "^BenchmarkStore$/^(get|list|iterate|by-index|snapshot|update|delete|replace|bytes|read)", "500ms", 1},
			{"bench", "^BenchmarkStaticIndex$", "500ms", 1},
			{"bench", "^BenchmarkStore$/^scale$/objects=(10000|100000)$", "100ms", 1},
			{"bench", "^BenchmarkStore$/^scale$/objects=1000000$", "100ms", 2},
		},
		make: func(_ string, rec *record) (string, error) { return targetTable(parseResults(rec.lines), targets) },
	},
	"comparison": {
		command: "go run ./bench/report -compare",
		make:    func(_ string, rec *record) (string, error) { return comparisonTable(rec) },
	},
}

// runs are the arguments of go for each part.
func (t table) runs(o options) [][]string {
	plan := t.plan
	if o.bench != "" {
		plan = []part{{"bench", o.bench, t.plan[0].benchtime, 1}}
	}
	var all [][]string
	for _, p := range plan {
		all = append(all, []string{"test", "-run", "^$", "-bench", p.bench, "-benchmem",
			"-benchtime", cmp.Or(o.benchtime, p.benchtime),
			"-count", fmt.Sprint(max(1, o.count/p.fewer)), "-timeout", o.timeout, "./" + p.dir})
	}
	return all
}
