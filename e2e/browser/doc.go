// Package browser tests what people look at, the page of informer/debug, in a real
// browser: Chromium, which the tests start without a window. It must be installed:
// Debian's package is chromium, and "bash .ci/run install" installs it.
//
// The informers on the page are real ones, of a server that fails on purpose. With
// -browser.screenshots DIR the pictures of the page stay in that folder.
package browser
