package stores

import (
	"errors"
	"strings"
	"testing"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// thing is the object of these tests.
type thing struct {
	key     string
	version string
	colors  []string
}

var allKeys = strings.Split("abcdefgh", "")

func thingAccess() object.Access[*thing] {
	return object.Keyed(func(o *thing) (string, error) {
		if o == nil || o.key == "" {
			return "", errors.New("no key")
		}
		return o.key, nil
	}, object.Fields[*thing]{Version: func(o *thing) string { return o.version }})
}

func newThings(t testing.TB) *indexer.Cache[*thing] {
	t.Helper()
	c, err := indexer.NewWithAccess(thingAccess(), indexer.Options[*thing]{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
