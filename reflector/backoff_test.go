package reflector

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// R3: pauses double up to 30 s, have jitter on top, are never shorter than the
// server asks, and begin anew after two minutes without a failure.
func TestPausesGrowWithJitterAndStartAnewAfterHealth(t *testing.T) {
	d := delays{Backoff: Backoff{}.complete(), max: DefaultMaxPause}
	now := time.Unix(0, 0)
	base := 800 * time.Millisecond
	for i := range 12 {
		wait := d.next(now, 0)
		if wait < base || wait >= 2*base {
			t.Errorf("pause %d is %v, want %v to %v", i, wait, base, 2*base)
		}
		now = now.Add(wait + 119*time.Second)
		base = min(2*base, 30*time.Second)
	}
	if wait := d.next(now, 45*time.Second); wait < 45*time.Second || wait >= 75*time.Second {
		t.Errorf("the pause is %v where the server asked for 45s", wait)
	}
	now = d.until.Add(2 * time.Minute)
	if wait := d.next(now, 0); wait >= 1600*time.Millisecond {
		t.Errorf("after two minutes of health the pause is %v", wait)
	}
}

func TestJitterDiffersFromPauseToPause(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 20 {
		d := delays{Backoff: Backoff{}.complete(), max: DefaultMaxPause}
		seen[d.next(time.Unix(0, 0), 10*time.Second)] = true
	}
	if len(seen) < 10 {
		t.Errorf("20 pauses had %d lengths", len(seen))
	}
}

// R6: what stands in for the pauses is bounded like them.
func TestTheBackoffCanBeReplaced(t *testing.T) {
	delay := func(n int) time.Duration { return time.Duration(n-1) * 4 * time.Minute }
	d := delays{Backoff: Backoff{Delay: delay}.complete(), max: DefaultMaxPause}
	for i, want := range []time.Duration{minPause, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute} {
		if got := d.next(d.until, 0); got != want {
			t.Errorf("pause %d is %v, want %v", i, got, want)
		}
	}
}

// R6: no pause is longer than the limit, whatever a server asks for and
// whatever the settings are, and none is no pause.
func TestPausesHaveABound(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, b := range []Backoff{{}, {Initial: 1, Max: 1}, {Initial: 1 << 62, Max: 1 << 62}, {Factor: inf}, {Factor: nan}, {Jitter: inf}, {Jitter: nan}, {Jitter: 1e300}} {
		for _, asked := range []time.Duration{0, time.Hour, math.MaxInt64} {
			d := delays{Backoff: b.complete(), max: time.Minute}
			for range 100 {
				if wait := d.next(d.until, asked); wait < minPause || wait > time.Minute || asked > 0 && wait < time.Minute {
					t.Fatalf("%+v: the pause is %v where the server asked for %v", b, wait, asked)
				}
			}
		}
	}
}

func TestRetriesOfInternalErrorsHaveADeadline(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0) }
	r := retryDeadline{limit: 30 * time.Second}
	for _, c := range []struct {
		at   int
		want bool
	}{{0, true}, {20, true}, {30, true}, {31, false}, {32, false}, {500, false}} {
		if got := r.again(at(c.at)); got != c.want {
			t.Errorf("after %d s: %v, want %v", c.at, got, c.want)
		}
	}
	if r.reset(); !r.again(at(600)) {
		t.Error("after a success there is no retry")
	}
	if (&retryDeadline{}).again(at(0)) {
		t.Error("without a limit there is a retry")
	}
}

// R6: no pause is without its least length, whatever Backoff.Max is.
func TestABackoffWithTheGreatestMaxHasPauses(t *testing.T) {
	for _, b := range []Backoff{{Max: math.MaxInt64}, {Max: math.MaxInt64, Jitter: -1}} {
		d := delays{Backoff: b.complete(), max: DefaultMaxPause}
		now := time.Now()
		for i := range 100 {
			wait := d.next(now, 0)
			if wait < 500*time.Millisecond {
				t.Fatalf("failure %d: a pause of %v", i+1, wait)
			}
			now = now.Add(max(wait, 0))
		}
	}
}

// slowly is a source of which lists fail after a time.
type slowly struct {
	takes time.Duration
	gaps  []time.Duration // from the end of one list to the begin of the next
	ended time.Time
}

func (s *slowly) List(ctx context.Context, _ metav1.ListOptions, part func(Part[*thing]) error) (metav1.ListMeta, error) {
	if !s.ended.IsZero() {
		s.gaps = append(s.gaps, time.Since(s.ended))
	}
	defer func() { s.ended = time.Now() }()
	for range 4 {
		select {
		case <-time.After(s.takes / 4):
		case <-ctx.Done():
			return metav1.ListMeta{}, ctx.Err()
		}
		_ = part(Part[*thing]{Items: ats("a@1")})
	}
	return metav1.ListMeta{}, errors.New("the list is too large")
}

func (s *slowly) Watch(context.Context, metav1.ListOptions) (Stream[*thing], error) {
	return nil, ErrNoStreamedList
}

// R3: the pauses between lists that fail grow, however long it takes them to fail.
func TestThePausesBetweenListsThatFailLateGrow(t *testing.T) {
	for _, takes := range []time.Duration{time.Minute, 3 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			s := &slowly{takes: takes}
			r := must(New[*thing](s, Options{Backoff: Backoff{Jitter: -1}, OnError: quietly, DisableStreaming: true}))
			_ = r.Run(ctx, &tape{})
			if last := s.gaps[len(s.gaps)-1]; len(s.gaps) < 10 || last < 20*time.Second {
				t.Errorf("lists that fail after %v: the pauses are %v", takes, s.gaps)
			}
		})
	}
}

// expiring lists slowly, and each of its watches is expired.
type expiring struct {
	takes time.Duration
	gaps  []time.Duration
	ended time.Time
}

func (s *expiring) List(ctx context.Context, _ metav1.ListOptions, part func(Part[*thing]) error) (metav1.ListMeta, error) {
	s.gaps = append(s.gaps, time.Since(s.ended))
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return metav1.ListMeta{}, ctx.Err()
	}
	return metav1.ListMeta{ResourceVersion: "10"}, part(Part[*thing]{Items: ats("a@1")})
}

func (s *expiring) Watch(context.Context, metav1.ListOptions) (Stream[*thing], error) {
	s.ended = time.Now()
	return nil, apierrors.NewResourceExpired("too old")
}

// R3: the pauses before lists of which the version has expired when they are complete
// grow, however long the lists take.
func TestThePausesBeforeListsThatExpireGrow(t *testing.T) {
	for _, takes := range []time.Duration{time.Minute, 3 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			s := &expiring{takes: takes}
			r := must(New[*thing](s, Options{Backoff: Backoff{Jitter: -1}, OnError: quietly, DisableStreaming: true}))
			_ = r.Run(ctx, &tape{})
			if last := s.gaps[len(s.gaps)-1]; last < 20*time.Second {
				t.Errorf("lists that take %v: the pauses are %v", takes, s.gaps[1:])
			}
		})
	}
}

// R3: a try that began soon after the last pause and took long is no time without
// failures; one that began later follows on such a time.
func TestWhatTakesLongIsNoTimeWithoutFailures(t *testing.T) {
	for _, c := range []struct{ after, want time.Duration }{
		{time.Second, 25600 * time.Millisecond},
		{3 * time.Minute, 800 * time.Millisecond},
	} {
		d := delays{Backoff: Backoff{Jitter: -1}.complete(), max: DefaultMaxPause}
		now := time.Now()
		for range 5 {
			now = now.Add(d.next(now, 0))
		}
		began := now.Add(c.after)
		now = began.Add(10 * time.Minute)
		d.tried(began, now)
		if got := d.next(now, 0); got != c.want {
			t.Errorf("a try that began %v after the last pause, and failed: a pause of %v, want %v", c.after, got, c.want)
		}
	}
}
