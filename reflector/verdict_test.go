package reflector

import (
	"fmt"
	"net/http"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// R1a: what something between the machine and the server answers says nothing
// about the request, also where a source has wrapped it.
func TestAnAnswerOfSomethingInBetweenMayPass(t *testing.T) {
	for name, err := range map[string]error{
		"a page with 502": answered(http.StatusBadGateway, 0),
		"a page with 200": answered(http.StatusOK, 0),
		"wrapped":         fmt.Errorf("GET http://api: %w", answered(http.StatusOK, 0)),
		"a redirect":      fmt.Errorf("GET http://api: %w", answered(http.StatusFound, 0)),
	} {
		if got := judge(err); got != transient {
			t.Errorf("%s: %v is %d, want %d", name, err, got, transient)
		}
	}
	if got := judge(fmt.Errorf("GET http://api: %w", apierrors.NewInternalError(fmt.Errorf("no")))); got != internal {
		t.Errorf("an internal error is %d, want %d", got, internal)
	}
}
