// Command platforms checks that the packages in go.work, with their tests,
// compile for other systems: no file name that only one of them builds, no
// number that needs an int of 64 bits. It reads types from source and builds
// nothing, so that it is done in seconds where go vet builds all of client-go
// for each system.
//
// Usage: platforms [-root DIR] GOOS/GOARCH...
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/informant-go/informant/tools/internal/load"
)

func main() {
	root := flag.String("root", ".", "the folder of the checkout")
	flag.Parse()
	failed := false
	for _, arg := range flag.Args() {
		system, arch, _ := strings.Cut(arg, "/")
		if err := load.Check(*root, load.Platform{GOOS: system, GOARCH: arch}); err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "platforms: %s:\n%v\n", arg, err)
			continue
		}
		fmt.Println("platforms:", arg, "ok")
	}
	if failed {
		os.Exit(1)
	}
}
