// Package program is the outside of the commands: flags, logs, signals, and, without
// a kubeconfig, a server of their own on which they show what they do.
package program
