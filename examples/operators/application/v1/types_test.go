package v1_test

import (
	"strings"
	"testing"

	v1 "github.com/informant-go/informant/examples/operators/application/v1"
)

func TestImagesThatAreRefused(t *testing.T) {
	for image, good := range map[string]bool{
		"x:1": true, "example.com/x:1.2": true, "example.com:5000/x:1": true,
		"": false, "x": false, "x:": false, "x:latest": false, "example.com:5000/x": false, "example.com:5000/x:latest": false,
	} {
		app := &v1.Application{Spec: v1.Spec{Image: image}}
		app.Default()
		switch err := app.Validate(); {
		case good && err != nil:
			t.Errorf("%q gives %v", image, err)
		case !good && (err == nil || !strings.Contains(err.Error(), "spec.image")):
			t.Errorf("%q gives %v", image, err)
		}
	}
}
