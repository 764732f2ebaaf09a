// Package series tests that a program which registers client-go's work queue
// metrics by importing k8s.io/component-base keeps every series when it
// changes the import line of its queues to clientgo/workqueue. It is a package
// of its own because that import sets the provider of the whole process, and
// in this module because users of the library are to require component-base
// only if they do already.
package series
