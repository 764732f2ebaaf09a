package cache

import (
	upstream "k8s.io/client-go/tools/cache"
)

type (
	// Config is client-go's type of that name.
	Config = upstream.Config
	// ShouldResyncFunc is client-go's type of that name.
	ShouldResyncFunc = upstream.ShouldResyncFunc
	// ProcessFunc is client-go's type of that name.
	ProcessFunc = upstream.ProcessFunc
	// ProcessBatchFunc is client-go's type of that name.
	ProcessBatchFunc = upstream.ProcessBatchFunc
	// Controller is client-go's type of that name.
	Controller = upstream.Controller
	// ResourceEventHandler is client-go's type of that name.
	ResourceEventHandler = upstream.ResourceEventHandler
	// Object is client-go's type of that name.
	Object = upstream.Object
	// TypedResourceEventHandler is client-go's type of that name.
	TypedResourceEventHandler[T Object] = upstream.TypedResourceEventHandler[T]
	// DeletedObject is client-go's type of that name.
	DeletedObject[T Object] = upstream.DeletedObject[T]
	// ResourceEventHandlerFuncs is client-go's type of that name.
	ResourceEventHandlerFuncs = upstream.ResourceEventHandlerFuncs
	// TypedResourceEventHandlerFuncs is client-go's type of that name.
	TypedResourceEventHandlerFuncs[T Object] = upstream.TypedResourceEventHandlerFuncs[T]
	// ResourceEventHandlerDetailedFuncs is client-go's type of that name.
	ResourceEventHandlerDetailedFuncs = upstream.ResourceEventHandlerDetailedFuncs
	// TypedResourceEventHandlerDetailedFuncs is client-go's type of that name.
	TypedResourceEventHandlerDetailedFuncs[T Object] = upstream.TypedResourceEventHandlerDetailedFuncs[T]
	// FilteringResourceEventHandler is client-go's type of that name.
	FilteringResourceEventHandler = upstream.FilteringResourceEventHandler
	// TypedFilteringResourceEventHandler is client-go's type of that name.
	TypedFilteringResourceEventHandler[T Object] = upstream.TypedFilteringResourceEventHandler[T]
	// InformerOptions is client-go's type of that name.
	InformerOptions = upstream.InformerOptions
)
