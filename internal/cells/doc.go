// Package cells is an array of cells, all of whose states can be kept at no cost
// to who keeps one. A writer edits it in place until a reader seals its state,
// and copies from then on what it next touches; Go's garbage collector does the
// rest.
//
//	Array ─► spine ─► node, 16 cells ─► Leaf{Version, Val}
//	              └─► node …
//
// The user has a state with the array, a number (the version) and an Undo, and
// publishes a new one with each commit. A commit changes a cell by putting a new
// Leaf there, which has the pending version. What a reader may see of that:
//
//   - Nodes and spine that the present owner made are changed in place; others are
//     copied first. A new owner begins some commits after a state was sealed, and
//     with a commit that is big; that is all that it does.
//   - So the commits until then may change cells that a sealed state has. A leaf
//     above the state's version is of one of them; the leaf before it is in an
//     Undo, put there before the cell changed. An Undo belongs to the state before
//     its commit and leads to the next. The writer has only a weak pointer to the
//     last, so that all of it ends with those who keep the state.
//   - A leaf never changes once its commit was published. (A user may change it
//     in a way of its own where Editor.Private says that no sealed state has it.)
//
// The protocol of a seal is the user's: the reader says that it sealed and then
// looks whether the state is still the newest; the writer publishes and then
// looks whether the state before was sealed (Editor.Finish). One of the two sees
// the other.
package cells
