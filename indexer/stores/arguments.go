package stores

import (
	"github.com/informant-go/informant/object"
)

// keyFunc returns the key function of access with every error as an
// *object.KeyError.
func keyFunc[T any](access object.Access[T]) func(obj T) (string, error) {
	return func(obj T) (string, error) {
		key, err := access.Key(obj)
		if err == nil {
			return key, nil
		}
		if _, ok := err.(*object.KeyError); !ok {
			err = &object.KeyError{Obj: obj, Err: err}
		}
		return "", err
	}
}
