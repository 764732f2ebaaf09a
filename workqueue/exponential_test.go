package workqueue

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A delay that is shifted is the one that floating point gives, as client-go
// calculates it (Q4 rests on it).
func TestExponentialIsThatOfFloatingPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := time.Duration(rapid.Int64().Draw(t, "base"))
		if rapid.Bool().Draw(t, "narrow") {
			base >>= rapid.IntRange(0, 62).Draw(t, "bits")
		}
		longest := time.Duration(rapid.Int64().Draw(t, "max"))
		n := rapid.IntRange(0, 80).Draw(t, "n")
		want, wide := longest, math.Ldexp(float64(base), n)
		if wide < math.MaxInt64 {
			want = min(time.Duration(wide), longest)
		}
		if got := exponential(base, longest, n); got != want {
			t.Fatalf("exponential(%d, %d, %d) is %d, not %d", base, longest, n, got, want)
		}
	})
}

// Q4: at the bounds of the shift, and just beyond.
func TestExponentialAtItsBounds(t *testing.T) {
	const most = time.Duration(math.MaxInt64)
	for _, c := range []struct {
		base, max time.Duration
		n         int
		want      time.Duration
	}{
		{0, most, 62, 0},
		{1, most, 62, 1 << 62},
		{1, most, 63, most},
		{3, most, 61, 3 << 61},
		{3, most, 62, most},
		{exactFloat, most, 9, 1 << 62},
		{exactFloat, most, 10, most},
		{exactFloat + 1, most, 0, exactFloat}, // rounded, as in client-go
		{time.Second, time.Minute, 5, 32 * time.Second},
		{time.Second, time.Minute, 6, time.Minute},
	} {
		if got := exponential(c.base, c.max, c.n); got != c.want {
			t.Errorf("exponential(%d, %d, %d) is %d, not %d", c.base, c.max, c.n, got, c.want)
		}
	}
}
