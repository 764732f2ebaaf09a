// Package debug is a page that shows how informers are doing: whether they run,
// have synced and are in step with their server, and if not, since when and why; how
// many objects they hold, at which version and under which indexes; who asked for
// them; what waits in their queue; how often watches were begun again, everything was
// listed again and objects were refused, by cause; how many bytes came; and of each
// handler what it does, how much waits for it and for how long, and what is to become of
// events that come too fast.
//
// Place in the data flow: beside it. The page reads what an informer's Status
// says when it is asked for and changes nothing.
//
// # Guarantees
//
//   - D1 The page asks each informer once a request, holds no lock while it
//     does and keeps nothing between requests.
//   - D2 Names are shown as they are: whatever an informer, handler, index or source
//     is called, and whatever an error says, the page stays well formed, runs no
//     script and loads nothing. What has no place in a page, such as a control
//     character, is shown as U+FFFD.
//   - D3 It shows names, counts, times and the texts of errors, and nothing of what
//     is in an object but names. Errors of this module quote no object; those of
//     other sources, and of Options.Transform, are their authors' to watch.
//   - D4 It is read without help: in a browser without scripts, on a narrow screen,
//     and in light or dark, as the browser asks. Times are shown as how long ago
//     they were, with the exact time behind.
//
// # JSON
//
// With the query format=json the answer is an array with one object for each
// informer, in the order of the page. It is informer.Status as encoding/json
// writes it: the names are those of the Go fields, whose documentation says what
// they mean, and none is renamed or dropped without a line in CHANGELOG.md; more may be
// added. Durations are in nanoseconds. Times are in RFC 3339, and the year 1 is the zero
// one, "never". Errors are their texts, "" for none. Policies are the names of their
// constants without the first word, such as "Coalesce". Source is left out for an
// informer without Options.SourceStatus.
package debug
