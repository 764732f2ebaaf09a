package union

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Tape is what the tests outside of the package have of those inside: they stand
// outside because the informer imports this package.
type Tape[T metav1.Object] = tape[T]

// NeverAsked is a source that nobody asks.
var NeverAsked = source
