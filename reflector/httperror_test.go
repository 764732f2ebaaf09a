package reflector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// R3 needs what the server says about when to come back; the other errors have
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
		"HTML 502":         {502, html, "<html>" + strings.Repeat("x", 9000), func(err error) bool { return judge(err) == transient }, 0, `"<html>xxx`},
		"HTML 200":         {200, html, "<html>log in", func(err error) bool { return judge(err) == transient }, 0, `"<html>log in"`},
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

func TestRetryAfterMayBeADate(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for header, want := range map[string]int{"": 0, "x": 0, "-4": 0, "17": 17, "Mon, 06 May 2024 07:09:09 GMT": 60, "Mon, 06 May 2024 07:00:00 GMT": 0} {
		if got := retryAfterHeader(header, now); got != want {
			t.Errorf("%q is %d seconds, want %d", header, got, want)
		}
	}
}

// R2: a list that brings no byte is cut, in its headers and in its body; one
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
				if !errors.Is(err, ErrSilent) {
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
	<-time.After(time.Minute)
	n := copy(p, d.s[:1])
	d.s = d.s[1:]
	return n, nil
}
