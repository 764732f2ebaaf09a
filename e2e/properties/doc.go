// Package properties holds what reflectors are told by real API servers, and what
// they hand on, against what etcd has (package watchcheck): while servers and etcd
// are killed, while some API servers lag behind others, and when etcd is compacted in
// the midst of a list. client-go's reflector runs beside ours.
//
// The truth is a watch of etcd itself, of the objects as they are stored. How long the
// tests are is up to the flags -properties.rounds and -properties.kills.
package properties
