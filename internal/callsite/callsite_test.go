package callsite

import (
	"regexp"
	"testing"
)

const here = "github.com/informant-go/informant/internal/callsite"

// ask is a function that asks for its caller, once through another.
func ask(deep bool) string {
	if deep {
		return ask(false)
	}
	return Outside(here)
}

func TestATestOfAPackageIsOutsideOfIt(t *testing.T) {
	for _, deep := range []bool{false, true} {
		if got := ask(deep); !regexp.MustCompile(`^callsite/callsite_test\.go:\d+$`).MatchString(got) {
			t.Errorf("the caller is %q", got)
		}
	}
}

func TestAPackageOfAnotherNameIsOutside(t *testing.T) {
	if got := Outside("github.com/informant-go/informant/internal/call", "testing"); got == "unknown" {
		t.Errorf("the caller is %q", got)
	}
}
