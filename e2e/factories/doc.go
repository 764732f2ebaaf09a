// Package factories has tests of clientgo/informerfactory with the generated factories of
// others, those of gateway-api and of apiextensions-apiserver, over their fake clients; and of
// its option WithConfig against a real API server.
package factories
