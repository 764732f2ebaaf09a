package workqueue

import (
	"context"

	"k8s.io/client-go/util/workqueue"
)

// DoWorkPieceFunc works on one piece.
type DoWorkPieceFunc = workqueue.DoWorkPieceFunc

// Options is an option of ParallelizeUntil.
type Options = workqueue.Options

// WithChunkSize lets a worker take several pieces at a time.
var WithChunkSize = workqueue.WithChunkSize

// ParallelizeUntil is client-go's.
func ParallelizeUntil(ctx context.Context, workers, pieces int, doWorkPiece DoWorkPieceFunc, opts ...Options) {
	workqueue.ParallelizeUntil(ctx, workers, pieces, doWorkPiece, opts...)
}
