package swap

import (
	"fmt"
	"reflect"
	"strings"
)

// engine is whose a part is.
type engine string

const (
	ours   engine = "informant"
	theirs engine = "client-go"
)

// stage is one of the five parts of a pipeline.
type stage int

const (
	stageQueue stage = iota
	stageStore
	stageDeltas
	stageReflector
	stageInformer
	stages
)

func (s stage) String() string {
	return [stages]string{"queue", "store", "delta queue", "reflector", "informer"}[s]
}

// combination says whose each part is.
type combination [stages]engine

// combinations are all 32, those with one informer and reflector beside one another.
func combinations() (all []combination) {
	for i := range 1 << stages {
		var c combination
		for s := range stages {
			c[s] = ours
			if i>>s&1 == 1 {
				c[s] = theirs
			}
		}
		all = append(all, c)
	}
	return all
}

func (c combination) String() string {
	var words []string
	for s := range stages {
		words = append(words, fmt.Sprintf("%v=%s", s, c[s]))
	}
	return strings.Join(words, ",")
}

// order is which queue of deltas an engine gives: both have two.
type order string

const (
	inOrder order = "in order" // RealFIFO, InOrder
	byKey   order = "by key"   // DeltaFIFO
)

// engineOf is whose code a value is, by the package of its type.
func engineOf(part any) engine {
	t := reflect.TypeOf(part)
	if t == nil {
		return "nobody"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	const module = "github.com/informant-go/informant/"
	switch pkg := t.PkgPath(); {
	case strings.HasPrefix(pkg, module+"clientgo/internal/swap"):
		return "an adapter"
	case strings.HasPrefix(pkg, module):
		return ours
	case strings.HasPrefix(pkg, "k8s.io/client-go/"):
		return theirs
	}
	return "nobody"
}
