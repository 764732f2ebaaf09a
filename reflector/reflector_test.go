package reflector_test

import (
	"regexp"
	"testing"

	"github.com/informant-go/informant/reflector"
)

func TestTheDefaultNameIsTheLineOfTheCaller(t *testing.T) {
	r, err := reflector.New[*Widget](source{}, reflector.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^reflector/reflector_test\.go:\d+$`).MatchString(r.Name()) {
		t.Errorf("the name is %q", r.Name())
	}
	if r.TypeDescription() != "*reflector_test.Widget" {
		t.Errorf("the type is %q", r.TypeDescription())
	}
}

// source is a ListerWatcher that is never asked.
type source struct {
	reflector.ListerWatcher[*Widget]
}
