// Package operator has what the operators of this module share: the manager
// (manager.go), objects that belong to a custom resource (owned.go), and the
// installation of definitions (install.go).
package operator
