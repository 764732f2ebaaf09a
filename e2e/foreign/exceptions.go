package main

// exceptions are the tests that compile and do not pass on this library's engine, by suite
// and package, each with the reason why it pins down client-go's inside and nothing that a
// program can depend on.
var exceptions = map[string][]exception{
	"client-go tools/cache": {
		{"TestEventPanics", panicLine},
	},
}

// panicLine is for tests that look for a whole line of the log.
const panicLine = "It looks for the text between message and panic in the line that is logged of a handler's panic. " +
	"The line has the same message, place and logger here, and names informer, handler and key besides, as the documentation of clientgo/cache says."
