// Package debug is a page that shows how informers are doing: whether they run
// and have synced, how many objects they hold and at which version, what waits
// in their queue, and how far each handler lags.
//
// Place in the data flow: beside it. The page reads what an informer's Status
// says when it is asked for and changes nothing.
//
// # Guarantees
//
//   - D1 The page asks each informer once a request, holds no lock while it
//     does and keeps nothing between requests.
//   - D2 Names are shown as they are: whatever an informer or handler is
//     called, the page stays well formed.
package debug
