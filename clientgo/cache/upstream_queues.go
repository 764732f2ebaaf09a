package cache

import (
	upstream "k8s.io/client-go/tools/cache"
)

type (
	// DeltaFIFOOptions is client-go's type of that name.
	DeltaFIFOOptions = upstream.DeltaFIFOOptions
	// TransformFunc is client-go's type of that name.
	TransformFunc = upstream.TransformFunc
	// DeltaType is client-go's type of that name.
	DeltaType = upstream.DeltaType
	// Delta is client-go's type of that name.
	Delta = upstream.Delta
	// Deltas is client-go's type of that name.
	Deltas = upstream.Deltas
	// KeyListerGetter is client-go's type of that name.
	KeyListerGetter = upstream.KeyListerGetter
	// KeyLister is client-go's type of that name.
	KeyLister = upstream.KeyLister
	// KeyGetter is client-go's type of that name.
	KeyGetter = upstream.KeyGetter
	// DeletedFinalStateUnknown is client-go's type of that name.
	DeletedFinalStateUnknown = upstream.DeletedFinalStateUnknown
	// PopProcessFunc is client-go's type of that name.
	PopProcessFunc = upstream.PopProcessFunc
	// Queue is client-go's type of that name.
	Queue = upstream.Queue
	// QueueWithBatch is client-go's type of that name.
	QueueWithBatch = upstream.QueueWithBatch
	// RealFIFOOptions is client-go's type of that name.
	RealFIFOOptions = upstream.RealFIFOOptions
	// ReplacedAllInfo is client-go's type of that name.
	ReplacedAllInfo = upstream.ReplacedAllInfo
	// BookmarkInfo is client-go's type of that name.
	BookmarkInfo = upstream.BookmarkInfo
	// SyncAllInfo is client-go's type of that name.
	SyncAllInfo = upstream.SyncAllInfo
)

// Values of client-go under their names.
const (
	Added       = upstream.Added
	Updated     = upstream.Updated
	Deleted     = upstream.Deleted
	Replaced    = upstream.Replaced
	ReplacedAll = upstream.ReplacedAll
	Sync        = upstream.Sync
	SyncAll     = upstream.SyncAll
	Bookmark    = upstream.Bookmark
)

// Values of client-go under their names.
var (
	ErrZeroLengthDeltasObject = upstream.ErrZeroLengthDeltasObject
	ErrFIFOClosed             = upstream.ErrFIFOClosed
)
