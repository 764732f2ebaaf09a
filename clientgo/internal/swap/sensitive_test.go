package swap

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// TestAPartThatLosesAKeyIsFound makes the parts lose a key, one part at a time: those
// behind it must differ from the server, and those before it must not. So each part is
// where the table says that it is, and the comparison can fail.
func TestAPartThatLosesAKeyIsFound(t *testing.T) {
	for _, c := range []combination{
		{ours, ours, ours, ours, ours},
		{theirs, theirs, theirs, theirs, ours},
		{ours, ours, ours, theirs, theirs}, // controlled
		{ours, ours, ours, ours, theirs},   // bypassed
	} {
		for lossy, expect := range map[stage]struct{ wrong, right []string }{
			stageReflector: {wrong: []string{"store", "handler", "worker"}},
			stageDeltas:    {wrong: []string{"store", "handler", "worker"}},
			stageStore:     {wrong: []string{"store", "worker"}},
			stageInformer:  {wrong: []string{"handler", "worker"}, right: []string{"store"}},
			stageQueue:     {wrong: []string{"worker"}, right: []string{"store", "handler"}},
		} {
			t.Run(lossy.String()+"/"+c.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := plan{combination: c, assembly: assemblyOf(c), order: byKey, lossy: lossy}
					differing := follow(t, p, 1)
					differs := func(who string) bool {
						return slices.ContainsFunc(differing, func(what string) bool { return strings.HasPrefix(what, who+": differs") })
					}
					for _, who := range expect.wrong {
						if !differs(who) {
							t.Errorf("the %v lost a key, and the %s agrees with the server", lossy, who)
						}
					}
					for _, who := range expect.right {
						if differs(who) {
							t.Errorf("the %v lost a key, and the %s, which is before it, differs from the server", lossy, who)
						}
					}
				})
			})
		}
	}
}
