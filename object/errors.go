package object

import (
	"errors"
	"fmt"
)

// ErrNotAnObject is wrapped by the KeyError of a value that has no API
// metadata.
var ErrNotAnObject = errors.New("it is not an API object")

// KeyError reports an object for which no key could be made. It corresponds
// to client-go's KeyError.
type KeyError struct {
	Obj any
	Err error
}

// Error names the type of the object, not its content: an object that cannot
// even be keyed can be of any size.
func (e *KeyError) Error() string {
	return fmt.Sprintf("object: no key for a %T: %v", e.Obj, e.Err)
}

// Unwrap returns the reason.
func (e *KeyError) Unwrap() error { return e.Err }
