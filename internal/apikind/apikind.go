// Package apikind says what is wrong with an object or a list that is not of the
// kind that was asked for.
package apikind

import (
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ErrTable refuses what a server sends when it was asked for a table.
var ErrTable = errors.New("it is a Table, which is made for people to read: ask the server for objects (Accept: application/json, without as=Table)")

// IsTable reports whether kind is that of a table, in whatever version.
func IsTable(kind schema.GroupVersionKind) bool {
	return kind.Kind == "Table" && kind.Group == metav1.GroupName
}

// Other is the error of an object or a list of another kind than was wanted.
func Other(got, want schema.GroupVersionKind) error {
	return fmt.Errorf("it is a %.200s, expected a %.200s", got, want)
}
