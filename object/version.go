package object

import "k8s.io/apimachinery/pkg/util/resourceversion"

// CompareVersions orders two resource versions: -1, 0 or +1. It fails for
// versions that are not decimal numbers without leading zeros, which includes
// "" and "0"; such versions have no order. The order is apimachinery's, see
// KEP-5504 (comparable resource versions).
func CompareVersions(a, b string) (int, error) {
	return resourceversion.CompareResourceVersion(a, b)
}

// NewerVersion reports whether a is known to be newer than b. An unset or
// malformed a is newer than nothing; a well-formed a is newer than an unset or
// malformed b.
func NewerVersion(a, b string) bool {
	if c, err := CompareVersions(a, b); err == nil {
		return c > 0
	}
	_, err := CompareVersions(a, a)
	return err == nil
}
