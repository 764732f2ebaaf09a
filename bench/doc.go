// Package bench compares this library with client-go: the same case, the same
// objects, the same process, both engines behind one interface.
//
// Each area (queue, store, queue of deltas, reflector, informer) has one
// interface for its engines, one table of cases, and one Benchmark function
// that hands both to Run. The names are Benchmark<Area>/<case>/impl=<engine>,
// so that benchstat -col /impl puts the engines side by side:
//
//	go test -run '^$' -bench . -benchmem -count 10 ./bench | benchstat -col /impl -
//
// A benchmark checks its own result: one that measures an engine which lost
// half of its work fails. The report program below this folder runs the
// benchmarks and writes what they say with machine, versions and date.
//
// The differential tests beside the benchmarks drive both engines with the same
// random operations and compare what they answer.
package bench
