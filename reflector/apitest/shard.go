package apitest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/sharding"
)

// shardRange is one range of a shard selector. A real server reads an expression of
// CEL, of which nothing else is allowed.
var shardRange = regexp.MustCompile(`^\s*shardRange\(\s*([a-z.]+)\s*,\s*'([^']*)'\s*,\s*'([^']*)'\s*\)\s*$`)

// hashBound is what a range can begin or end with.
var hashBound = regexp.MustCompile(`^0x([0-9a-f]{16}|10000000000000000)$`)

// parseShard reads a shard selector. An error is an internal one (500), as in a real
// server.
func parseShard(selector string) (sharding.Selector, error) {
	var all []sharding.ShardRangeRequirement
	for one := range strings.SplitSeq(selector, "||") {
		r, err := parseShardRange(one)
		if err == nil && len(all) > 0 && r.Key != all[0].Key {
			err = fmt.Errorf("all shard ranges must use the same field, got %q and %q", all[0].Key, r.Key)
		}
		if err != nil {
			return nil, fmt.Errorf("invalid shard selector: %w", err)
		}
		all = append(all, r)
	}
	return sharding.NewSelector(all...), nil
}

func parseShardRange(text string) (r sharding.ShardRangeRequirement, err error) {
	parts := shardRange.FindStringSubmatch(text)
	if parts == nil {
		return r, errors.New("only shardRange() and || are allowed")
	}
	r = sharding.ShardRangeRequirement{Key: parts[1], Start: parts[2], End: parts[3]}
	switch {
	case r.Key != "object.metadata.uid" && r.Key != "object.metadata.namespace":
		return r, fmt.Errorf("unsupported field path %q; supported: object.metadata.uid, object.metadata.namespace", r.Key)
	case !hashBound.MatchString(r.Start) || !hashBound.MatchString(r.End):
		return r, fmt.Errorf("%s and %s must be 0x-prefixed 16-digit hex values", r.Start, r.End)
	case !sharding.HexLess(r.Start, r.End):
		return r, fmt.Errorf("shard range start %s must be less than end %s", r.Start, r.End)
	}
	return r, nil
}

// inShard reports whether an object with this metadata is in the shard that was asked
// for.
func (sel *selection) inShard(meta *metav1.ObjectMeta) bool {
	if sel.shard == nil {
		return true
	}
	// An error is one of the selector, which was checked.
	in, _ := sel.shard.Matches(&metav1.PartialObjectMetadata{ObjectMeta: *meta})
	return in
}

// shardInfo is what a list says of the shard that it shows; lists of custom resources
// say nothing.
func (sel *selection) shardInfo(res Resource) *metav1.ShardInfo {
	if sel.shard == nil || !res.builtIn() {
		return nil
	}
	return &metav1.ShardInfo{Selector: sel.shard.String()}
}
