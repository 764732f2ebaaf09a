// Package operators runs the programs of examples/operators against a real API server,
// which checks their definitions, asks their webhooks and converts their versions. It runs
// no controllers and no node: package stage and the kubelet-like program play them.
package operators
