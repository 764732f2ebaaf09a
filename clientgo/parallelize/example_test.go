package parallelize_test

import (
	"context"
	"fmt"

	"github.com/informant-go/informant/clientgo/parallelize"
)

// Pieces of work that do not depend on one another are done in parallel.
func ExampleUntil() {
	squares := make([]int, 10)
	o := parallelize.Options{Workers: 3, ChunkSize: 2}
	err := parallelize.Until(context.Background(), o, len(squares), func(i int) {
		squares[i] = i * i
	})
	fmt.Println(squares, err)
	// Output: [0 1 4 9 16 25 36 49 64 81] <nil>
}
