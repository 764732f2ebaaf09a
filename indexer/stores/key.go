package stores

import "github.com/informant-go/informant/object"

// keyFunc returns the function that makes the keys of a store's objects. Its
// error is an object.KeyError.
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
