package httpsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// W4, R3 needs what the server says about when to come back; the other errors have
// to say what is wrong, HTML from something in between among them.
func TestErrorsOfTheServerAreStatusErrors(t *testing.T) {
	html := http.Header{"Content-Type": {"text/html"}}
	status := `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"m","reason":"%s","code":%d%s}`
	for name, c := range map[string]struct {
		code   int
		header http.Header
		body   string
		is     func(error) bool
		wait   time.Duration
		want   string
	}{
		"expired":          {410, jsonHeader(), fmt.Sprintf(status, "Expired", 410, ""), apierrors.IsResourceExpired, 0, "m"},
		"busy":             {429, http.Header{"Content-Type": {"application/json"}, "Retry-After": {"5"}}, fmt.Sprintf(status, "TooManyRequests", 429, ""), apierrors.IsTooManyRequests, 5 * time.Second, "m"},
		"busy, body wins":  {429, http.Header{"Retry-After": {"5"}}, fmt.Sprintf(status, "TooManyRequests", 429, `,"details":{"retryAfterSeconds":8}`), apierrors.IsTooManyRequests, 8 * time.Second, "m"},
		"a plain 429":      {429, http.Header{"Content-Type": {"text/plain"}, "Retry-After": {"3"}}, "slow down", apierrors.IsTooManyRequests, 3 * time.Second, "slow down"},
		"a plain 503":      {503, http.Header{"Retry-After": {"2"}}, "", apierrors.IsServiceUnavailable, 2 * time.Second, "503"},
		"HTML 502":         {502, html, "<html>" + strings.Repeat("x", 9000), func(err error) bool { return hasCode(err, 502) }, 0, `"<html>xxx`},
		"HTML 200":         {200, html, "<html>log in", func(err error) bool { return hasCode(err, 200) }, 0, `"<html>log in"`},
		"no code in body":  {404, jsonHeader(), `{"kind":"Status","status":"Failure","reason":"NotFound"}`, apierrors.IsNotFound, 0, ""},
		"another JSON 400": {400, jsonHeader(), `{"error":"x"}`, apierrors.IsBadRequest, 0, `{\"error\":\"x\"}`},
	} {
		t.Run(name, func(t *testing.T) {
			h := widgets(t, &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				return answering(c.code, c.header, strings.NewReader(c.body)).Transport.RoundTrip(r)
			})}, nil)
			_, _, _, listErr := collect(h)
			_, watchErr := h.Watch(context.Background(), metav1.ListOptions{})
			for _, err := range []error{listErr, watchErr} {
				var s *apierrors.StatusError
				if !errors.As(err, &s) || !c.is(err) || retryAfter(err) != c.wait || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %#v, %v", err, err)
				}
				if len(err.Error()) > 600 {
					t.Errorf("the message has %d bytes", len(err.Error()))
				}
				if s != nil && s.ErrStatus.Code != int32(c.code) {
					t.Errorf("the code is %d", s.ErrStatus.Code)
				}
			}
		})
	}
}

// W4, R3: what the server asks for is told, as far as a Status can hold it; what is
// no time from now on is none.
func TestRetryAfterInBothItsForms(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for header, want := range map[string]int{
		"": 0, "x": 0, "-4": 0, "-": 0, "5s": 0, "1.5": 0, "1e9": 0, "0x10": 0, "inf": 0, "nan": 0, "17": 17, " 17 ": 17, "0": 0,
		"2147483647": math.MaxInt32, "2147483648": math.MaxInt32, "99999999999": math.MaxInt32, strings.Repeat("9", 5000): math.MaxInt32,
		"Mon, 06 May 2024 07:09:09 GMT": 60, "Mon, 06 May 2024 07:00:00 GMT": 0, "Thu, 01 Jan 1970 00:00:00 GMT": 0, "Mon, 01 Jan 0001 00:00:00 GMT": 0,
		"Tue, 06 May 2025 07:08:09 GMT": 365 * 24 * 3600, "Sat, 06 May 2124 07:08:09 GMT": math.MaxInt32, "Fri, 31 Dec 9999 23:59:59 GMT": math.MaxInt32,
	} {
		if got := retryAfterHeader(header, now); got != want {
			t.Errorf("%.40q is %d seconds, want %d", header, got, want)
		}
	}
}

// W4, R3: a time in a Status that does not fit, or is past, spoils nothing.
func TestRetryAfterInAStatus(t *testing.T) {
	for seconds, want := range map[string]time.Duration{"99999999999": 7 * time.Second, "-5": 7 * time.Second, "\"x\"": 7 * time.Second, "3": 3 * time.Second} {
		body := `{"kind":"Status","details":{"retryAfterSeconds":` + seconds + `},"reason":"TooManyRequests","code":429}`
		_, _, _, err := collect(widgets(t, answering(429, http.Header{"Content-Type": {"application/json"}, "Retry-After": {"7"}}, strings.NewReader(body)), nil))
		if !apierrors.IsTooManyRequests(err) || retryAfter(err) != want {
			t.Errorf("%s: %v, %v", seconds, retryAfter(err), err)
		}
	}
}

// W4, R1: a Status is the error that it says, also in an answer that pretends
// success.
func TestAStatusInAnAnswer200(t *testing.T) {
	plain := http.Header{"Content-Type": {"text/plain"}}
	for name, c := range map[string]struct {
		header http.Header
		body   string
		is     func(error) bool
	}{
		"expired":            {jsonHeader(), `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old","reason":"Expired","code":410}`, apierrors.IsResourceExpired},
		"the kind last":      {jsonHeader(), `{"code":410,"reason":"Expired","details":{"causes":[]},"message":"too old","metadata":{},"apiVersion":"v1","kind":"Status"}`, apierrors.IsResourceExpired},
		"without a version":  {jsonHeader(), `{"kind":"Status","reason":"Forbidden","code":403}`, apierrors.IsForbidden},
		"without a code":     {jsonHeader(), `{"kind":"Status","reason":"Unauthorized"}`, apierrors.IsUnauthorized},
		"too large":          {jsonHeader(), `{"kind":"Status","apiVersion":"v1","code":504,"reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge"}]}}`, isTooLarge},
		"with time to wait":  {jsonHeader(), `{"kind":"Status","code":429,"reason":"TooManyRequests","details":{"retryAfterSeconds":9}}`, func(err error) bool { return retryAfter(err) == 9*time.Second }},
		"of another type":    {plain, `{"kind":"Status","apiVersion":"v1","code":410,"reason":"Expired"}`, apierrors.IsResourceExpired},
		"with stray fields":  {jsonHeader(), `{"kind":"Status","x":{"y":[1,"\"}"]},"code":410,"reason":"Expired"}`, apierrors.IsResourceExpired},
		"success":            {jsonHeader(), `{"kind":"Status","apiVersion":"v1","status":"Success","code":200}`, func(err error) bool { return strings.Contains(err.Error(), "reports success, and no ") }},
		"success as a text":  {plain, `{"kind":"Status","apiVersion":"v1","status":"Success"}`, func(err error) bool { return strings.Contains(err.Error(), "Config.BaseURL") }},
		"after much of else": {jsonHeader(), `{"x":"` + strings.Repeat("x", 100<<10) + `","kind":"Status","code":410}`, apierrors.IsGone},
	} {
		t.Run(name, func(t *testing.T) {
			again := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				return answering(200, c.header, iotest.HalfReader(strings.NewReader(c.body))).Transport.RoundTrip(r)
			})}
			items, refused, _, err := collect(widgets(t, again, nil))
			if err == nil || !c.is(err) || len(items)+len(refused) != 0 {
				t.Errorf("the list: %v, %v, %v", items, refused, err)
			}
			s, err := widgets(t, again, nil).Watch(context.Background(), metav1.ListOptions{})
			if err == nil {
				defer s.Close()
				_, err = s.Next()
			}
			if err == nil || !c.is(err) || isDecodeError(err) {
				t.Errorf("the watch: %v", err)
			}
		})
	}
}

// W6, R1: the text of an error may take a while, and no more than that; what came
// of it is used.
func TestAnErrorWithoutAnEndIsGivenUpSoon(t *testing.T) {
	status := `{"kind":"Status","message":"busy","reason":"TooManyRequests","code":429}`
	for name, c := range map[string]struct {
		code int
		body func(context.Context) io.Reader
		want string
	}{
		"nothing":        {503, func(ctx context.Context) io.Reader { return &drip{ctx: ctx} }, "503 Service Unavailable"},
		"a byte a while": {503, func(ctx context.Context) io.Reader { return &drip{ctx: ctx, s: strings.Repeat("x", 99999)} }, "503 Service Unavailable"},
		"a status first": {429, func(ctx context.Context) io.Reader { return io.MultiReader(strings.NewReader(status), &drip{ctx: ctx}) }, "busy"},
		"without end":    {500, func(context.Context) io.Reader { return endless("<p>no</p>") }, "500 Internal Server Error"},
		"a page": {200, func(ctx context.Context) io.Reader {
			return io.MultiReader(strings.NewReader("<html>"), &drip{ctx: ctx})
		}, "<html>"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				html := http.Header{"Content-Type": {"text/html"}}
				h := widgets(t, &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					return answering(c.code, html, c.body(r.Context())).Transport.RoundTrip(r)
				})}, nil)
				began := time.Now()
				_, listErr := h.List(context.Background(), metav1.ListOptions{}, nil)
				_, watchErr := h.Watch(context.Background(), metav1.ListOptions{})
				for _, err := range []error{listErr, watchErr} {
					if !errors.As(err, new(*apierrors.StatusError)) || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 800 {
						t.Errorf("got %v", err)
					}
				}
				if took := time.Since(began); took > 2*errorBodyTime {
					t.Errorf("that took %v", took)
				}
			})
		})
	}
}

// endless is a text again and again.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

// repeating is a text again and again, whatever is read at once.
type repeating struct {
	unit string
	at   int
}

func (r *repeating) Read(p []byte) (int, error) {
	n := copy(p, r.unit[r.at:])
	for n < len(p) && n < 64<<10 {
		n += copy(p[n:], r.unit)
	}
	r.at = (r.at + n) % len(r.unit)
	return n, nil
}

// W6, R2: a list that brings no byte is cut, in its headers and in its body; one
// that is slow is not.
func TestAListThatBringsNoByteIsCut(t *testing.T) {
	for name, body := range map[string]func(context.Context) io.Reader{
		"no headers": nil,
		"no body":    func(ctx context.Context) io.Reader { return &drip{ctx: ctx} },
		"half":       func(ctx context.Context) io.Reader { return &drip{ctx: ctx, s: widgetLists["kind first"][:60]} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					if body == nil {
						<-r.Context().Done()
						return nil, r.Context().Err()
					}
					return answering(200, jsonHeader(), body(r.Context())).Transport.RoundTrip(r)
				})}
				_, _, _, err := collect(widgets(t, client, nil))
				if !errors.Is(err, reflector.ErrSilent) || !strings.Contains(err.Error(), DefaultReadSilence.String()) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
	t.Run("slow", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			items, _, _, err := collect(widgets(t, answering(200, jsonHeader(), &drip{ctx: context.Background(), s: widgetLists["kind last"], ends: true}), nil))
			if err != nil || len(items) != 2 {
				t.Errorf("%d items, %v", len(items), err)
			}
		})
	})
}

// drip brings one byte a minute, and then nothing or the end.
type drip struct {
	ctx  context.Context
	s    string
	ends bool
}

func (d *drip) Read(p []byte) (int, error) {
	if d.s == "" && d.ends {
		return 0, io.EOF
	}
	if d.s == "" {
		<-d.ctx.Done()
		return 0, d.ctx.Err()
	}
	select {
	case <-time.After(time.Minute):
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
	n := copy(p, d.s[:1])
	d.s = d.s[1:]
	return n, nil
}
