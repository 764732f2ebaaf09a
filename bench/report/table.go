package main

import (
	"cmp"
	"fmt"
)

// table is one kind of document.
type table struct {
	// command makes it again.
	command string
	// measured says that it can be made of a run of go test. Rounds of two
	// builds are measured elsewhere: see compare.
	measured bool
	make     func(root string, rec *record) (string, error)
}

var tables = map[string]table{
	"benchstat":  {command: "go run ./bench/report", measured: true, make: benchstat},
	"comparison": {command: "go run ./bench/report -compare", make: func(_ string, rec *record) (string, error) { return comparisonTable(rec) }},
}

// run are the arguments of go for what a table is made of.
func (o options) run() []string {
	return []string{"test", "-run", "^$", "-bench", cmp.Or(o.bench, "."), "-benchmem", "-benchtime", cmp.Or(o.benchtime, "1s"),
		"-count", fmt.Sprint(o.count), "-timeout", o.timeout, "./bench"}
}
