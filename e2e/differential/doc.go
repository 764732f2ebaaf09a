// Package differential sends the same requests to a real Kubernetes API server
// and to apitest, and compares what they answer.
//
// Both servers get the same writes, in the same order, in a namespace of their
// own. What a server chooses freely is replaced by what it stands for before
// the answers are compared: the version that the n-th write got by "rv(n)", a
// version between two of them by "rv(n)+", a UID, a time and a continue token
// by their names. Everything else must be the same to the letter, messages of
// errors included.
//
// forms_test.go asks for each answer in each form that clients ask for, live_test.go
// watches while something happens, lists_test.go lists the past. README.md says which
// situations of Kubernetes' own storage tests are among them, and why others are not.
package differential
