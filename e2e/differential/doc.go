// Package differential sends the same requests to a real Kubernetes API server
// and to apitest, and compares what they answer.
//
// Both servers get the same writes, in the same order, in a namespace of their
// own. What a server chooses freely is replaced by what it stands for before
// the answers are compared: the version that the n-th write got by "rv(n)", a
// version between two of them by "rv(n)+", a UID, a time and a continue token
// by their names. Everything else must be the same to the letter, messages of
// errors included.
package differential
