// Package bench compares this library with client-go: the same case, the same
// objects, the same process, both engines behind one interface.
//
// Each area (queue, store, queue of deltas, reflector, informer, …) has one
// interface for its engines, one table of cases, and one Benchmark function
// that hands both to Run. The names are Benchmark<Area>/<case>/impl=<engine>,
// so that benchstat -col /impl puts the engines side by side:
//
//	go test -run '^$' -bench . -benchmem -count 10 ./bench | benchstat -col /impl -
//
// A benchmark checks its own result: one that measures an engine which lost
// half of its work fails. The report program below this folder runs the
// benchmarks and writes what they say with machine, versions and date: the
// results, two commits in turn, and the comparison of benchstat. With -bench.list
// the benchmarks are named and nothing is measured.
//
// # Results
//
// RESULTS.md and its charts are made, on a machine that does nothing else, by
//
//	go run ./bench/report -results -raw bench/results/rounds.txt -into README.md
//
// which takes about an hour. It measures the rows of report/targets.go in ten
// rounds, in each of which every benchmark runs with its engines in turn; it refuses
// a machine that other programs use; and after an interruption the same command
// goes on. A new benchmark gets a row there, with what is to be reached or with none
// (is: shown), and a pace in report/plan.go if it takes long. Rows that changed since
// are measured by -bench alone and have a page of their own, with its commit, below
// results: results/informer/RESULTS.md has those of the informer,
// results/reflector/RESULTS.md those of the reflector and of generated factories, and
// results/peaks/RESULTS.md the peaks of memory with a control of relists: a list of which
// nothing is kept has the same, since a collection takes what was made while it marked
// for alive.
//
// # Objects and servers of the reflector's rows
//
// Package objects makes pods, nodes and custom resources of 0.3, 2 and 10 KB of JSON, of
// which stated parts are managedFields, annotations and status, the same for both
// engines. Rows over HTTP have a server in a process of its own, which is this test
// program once more: it encodes everything before it says its address, sends the bytes
// as they are, and ends with the benchmark that has started it. -bench.objects says how
// many objects the first lists have, 3,000 without it. Peaks of memory are those of what
// forced collections, one after another, find alive. A name that ends in one-core is
// with GOMAXPROCS=1; Reflector/one-core decodes the same bytes in turn with the default
// of httpsource.Config.Decoders and with 1 and 2, and its figures are quotients.
//
// # Besides the engines
//
// The queue's cycle has one more column, impl=floor: a lock for each call and one
// lookup in a map, without which no queue that has these calls can do. So has the
// informer where events come to its handlers: one goroutine that receives, keeps the
// pods in a map, compares versions and calls the handlers itself.
//
// impl=drop-in is what a program has that changes its import line to
// clientgo/cache: this library behind client-go's interface, with T = any.
// Scenarios of client-go's own benchmarks (StaticIndex, Lister, Controller, the
// grid of Informer, and its listener) are written anew here and run on it too.
//
// The store has four more columns. impl=statedb and impl=xsync are stores of
// other libraries, in the cases where they do the same work: keyed reads and
// iteration both, batches and indexes the first. impl=floor is the harness with
// what no store can do without: the functions of key, version and indexes called
// once for a write, and the pointers copied that were asked for. What both
// engines have above it is theirs. impl=control shares the processors as the
// engine does but not the store: its keyed reads touch none, its lists another
// one.
//
// What a benchmark gives a store is made beforehand or while the clock stands,
// is not garbage afterwards, and is the same for all engines. Garbage that a
// store makes is collected on its time, as it is in a program that has as many
// objects.
//
// With -short the benchmarks run over few objects, to see that they work. With
// -bench.grid the grid of pods and readers has all its cells.
//
// The differential tests beside the benchmarks drive both engines with the same
// random operations and compare what they answer.
package bench
