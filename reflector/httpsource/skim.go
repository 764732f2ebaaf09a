package httpsource

import "k8s.io/apimachinery/pkg/util/json"

// longestName bounds what is taken for a name, a namespace or a version.
const longestName = 1 << 10

// identity is what an object that cannot be used says of itself.
type identity struct{ namespace, name, version string }

// key is the key of the object, "" when the name is not known.
func (id identity) key() string {
	if id.namespace == "" || id.name == "" {
		return id.name
	}
	return id.namespace + "/" + id.name
}

// identify reads the identity of raw as far as it can: raw may be anything.
func identify(raw []byte) identity {
	var s scanner
	s.over(raw)
	id, _ := s.skim()
	return id
}

// skim walks through the next value, of any size, and keeps nothing of it but
// its identity.
func (s *scanner) skim() (id identity, err error) {
	if c, err := s.need(); err != nil || c != '{' {
		return id, s.skip()
	}
	err = s.object(func(field []byte) error {
		isMetadata := string(field) == "metadata" // to read on may overwrite field
		if c, err := s.need(); err != nil || c != '{' || !isMetadata {
			return s.skip()
		}
		return s.object(func(field []byte) error {
			switch string(field) {
			case "namespace":
				return s.short(&id.namespace)
			case "name":
				return s.short(&id.name)
			case "resourceVersion":
				return s.short(&id.version)
			}
			return s.skip()
		})
	})
	return id, err
}

// short reads a string that is no longer than a name, and skips anything else.
func (s *scanner) short(into *string) error {
	if c, err := s.need(); err != nil || c != '"' {
		return s.skip()
	}
	raw, err := s.value()
	if _, large := err.(*tooLargeError); large {
		return nil
	}
	if err == nil && len(raw) <= longestName {
		_ = json.Unmarshal(raw, into) // what is no string has no name
	}
	return err
}

// skip consumes the next value, of any size, without a look at what it is.
func (s *scanner) skip() error {
	c, err := s.need()
	if err != nil {
		return err
	}
	v := measure{s: s, at: s.pos, skip: true}
	if err := v.value(c); err != nil {
		return cutShort(err)
	}
	s.pos = v.at
	return nil
}
