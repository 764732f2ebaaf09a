package sim

import "testing"

// G1, G5, G6, G7, U1 to U8, R1, S5, I1 to I3, I10: whatever happens to the server, and
// whoever takes, changes and gives back leases meanwhile, every informer of a Group has
// in the end what its query is for, and told its handlers so.
func TestGroupsEndInTheServersStateWhateverHappens(t *testing.T) {
	eachSeed(t, RunGroups)
}
