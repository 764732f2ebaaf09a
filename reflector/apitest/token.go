package apitest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// continueToken says where a list goes on: at the first key not before Start,
// in the state at Version, or in the present one when that is -1. Clients
// must not look into it; it has the form of a real server's.
type continueToken struct {
	Form    string `json:"v"`
	Version int64  `json:"rv"`
	Start   string `json:"start"`
}

const tokenForm = "meta.k8s.io/v1"

func (c continueToken) encode() string {
	c.Form = tokenForm
	text, err := json.Marshal(c)
	if err != nil { // strings and numbers cannot fail
		panic(fmt.Sprintf("apitest: encoding a continue token: %v", err))
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func decodeToken(text string) (continueToken, error) {
	refuse := func(reason string) (continueToken, error) {
		return continueToken{}, apierrors.NewBadRequest("invalid continue token: continue key is not valid" + reason)
	}
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return refuse(": " + err.Error())
	}
	var c continueToken
	if err := json.Unmarshal(decoded, &c); err != nil {
		return refuse(": " + err.Error())
	}
	switch {
	case c.Form != tokenForm:
		return refuse(": server does not recognize this encoded version " + c.Form)
	case c.Version == 0:
		return refuse(": incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
	case c.Start == "":
		return refuse(": encoded start key empty (version meta.k8s.io/v1)")
	}
	key := "/" + strings.TrimPrefix(c.Start, "/")
	if path.Clean(key) != key {
		return refuse(": " + c.Start)
	}
	c.Start = key[1:]
	return c, nil
}
