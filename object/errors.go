package object

import (
	"errors"
	"fmt"
)

// ErrNotAnObject is wrapped by the KeyError of a value that has no API
// metadata.
var ErrNotAnObject = errors.New("it is not an API object")

// Reasons of a PathError.
var (
	errNoField   = errors.New("there is no such field: paths are made of the names in JSON, such as spec.nodeName")
	errNoStruct  = errors.New("the type is no pointer to a struct: name the type of the objects, not an interface")
	errEmptyName = errors.New("a name in it is empty")
	errBackslash = errors.New("nothing stands behind its last backslash")
)

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

// RefusedError reports an object that a sink of objects, such as a queue of
// deltas, did not take. It is how a sink says which one of several that was.
type RefusedError struct {
	// By names who refused the object, such as "deltafifo: queue pods"; Op is
	// the method that was called.
	By, Op string

	// Type is the Go type of the object; Key its key, "" when it has none.
	Type, Key string

	// Err is the reason.
	Err error
}

// Error names who refused, operation, type and key.
func (e *RefusedError) Error() string {
	what := e.Type
	if e.Key != "" {
		what = fmt.Sprintf("%s %q", e.Type, e.Key)
	}
	return fmt.Sprintf("%s: %s did not take %s: %v", e.By, e.Op, what, e.Err)
}

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Err }
