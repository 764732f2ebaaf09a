package differential

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// side is one of the two servers, and what is known of its state.
type side struct {
	name      string
	base      string
	client    *http.Client
	namespace string
	other     string // another namespace, "" if there is none

	// versions[n] is the resource version that write n got.
	versions []int64
	// token is the continue token of the last list that had one.
	token string
}

// answer is a response in a form that can be compared.
type answer struct {
	Code       int
	RetryAfter string
	// Bodies is the body, or each frame of a stream.
	Bodies []any
}

func (s *side) do(ctx context.Context, t *testing.T, method, path, contentType string, body any) answer {
	t.Helper()
	raw, code, retry := s.raw(ctx, t, method, path, contentType, body)
	return answer{Code: code, RetryAfter: retry, Bodies: s.normalise(t, raw)}
}

func (s *side) raw(ctx context.Context, t *testing.T, method, path, contentType string, body any) (frames []map[string]any, code int, retryAfter string) {
	t.Helper()
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatalf("%s: %s %s: %v", s.name, method, path, err)
	}
	defer resp.Body.Close()
	if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatalf("%s: %s %s: %v", s.name, method, path, err)
		}
		return []map[string]any{{"type": kind, "text": string(text)}}, resp.StatusCode, resp.Header.Get("Retry-After")
	}
	decoder := json.NewDecoder(resp.Body)
	decoder.UseNumber()
	for {
		var frame map[string]any
		err := decoder.Decode(&frame)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s: %s %s: status %d: %v", s.name, method, path, resp.StatusCode, err)
		}
		frames = append(frames, frame)
	}
	return frames, resp.StatusCode, resp.Header.Get("Retry-After")
}

// write sends one write and remembers the version that it got.
func (s *side) write(ctx context.Context, t *testing.T, w write) answer {
	t.Helper()
	frames, code, retry := s.raw(ctx, t, w.method, s.path(t, w.path), w.contentType(), s.body(t, w.body))
	if w.method != http.MethodGet && code < 300 && len(frames) == 1 {
		s.versions = append(s.versions, versionOf(frames[0], s.versions))
	}
	return answer{Code: code, RetryAfter: retry, Bodies: s.normalise(t, frames)}
}

// versionOf reads the version of an answer to a write. A deletion that is
// answered by a Status tells none, and one that is answered by a list tells that of the
// state before, which writes of others may have moved: the version is then not known,
// and counts as the one before.
func versionOf(object map[string]any, earlier []int64) int64 {
	meta, _ := object["metadata"].(map[string]any)
	text, _ := meta["resourceVersion"].(string)
	kind, _ := object["kind"].(string)
	if v, err := strconv.ParseInt(text, 10, 64); err == nil && !strings.HasSuffix(kind, "List") {
		return v
	}
	if len(earlier) == 0 {
		return 0
	}
	return earlier[len(earlier)-1]
}

var placeholder = regexp.MustCompile(`\{(ns|other|token|rv[0-9]+|future|at:(rv[0-9]+|-?[0-9]+):[a-z]*)\}`)

// path fills in a path: {ns}, {token}, {rv2} for the version of write 2, {future}
// for one that does not exist yet, {at:rv2:a} for a token that goes on from there behind a.
func (s *side) path(t *testing.T, template string) string {
	t.Helper()
	return placeholder.ReplaceAllStringFunc(template, func(p string) string {
		switch p {
		case "{ns}":
			return s.namespace
		case "{other}":
			return s.other
		case "{token}":
			return url.QueryEscape(s.token)
		case "{future}":
			return "9000000000"
		}
		if rest, ok := strings.CutPrefix(p, "{at:"); ok {
			return s.tokenAt(t, strings.TrimSuffix(rest, "}"))
		}
		n, err := strconv.Atoi(strings.Trim(p, "{rv}"))
		if err != nil || n >= len(s.versions) {
			t.Fatalf("%s: no write %s", s.name, p)
		}
		return strconv.FormatInt(s.versions[n], 10)
	})
}

// tokenAt is a continue token as a server makes them, for a version and the name that
// was the last, none if that is empty.
func (s *side) tokenAt(t *testing.T, of string) string {
	t.Helper()
	version, last, _ := strings.Cut(of, ":")
	if strings.HasPrefix(version, "rv") {
		version = s.path(t, "{"+version+"}")
	}
	if last != "" {
		last += `\u0000`
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"v":"meta.k8s.io/v1","rv":%s,"start":"%s"}`, version, last))
}

// body fills in the placeholders of a body.
func (s *side) body(t *testing.T, body any) any {
	t.Helper()
	if body == nil {
		return nil
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return json.RawMessage(s.path(t, string(encoded)))
}

func (s *side) normalise(t *testing.T, frames []map[string]any) []any {
	t.Helper()
	var out []any
	for _, frame := range frames {
		if isIdleBookmark(frame) {
			continue
		}
		if meta, ok := frame["metadata"].(map[string]any); ok {
			if token, ok := meta["continue"].(string); ok && token != "" {
				s.token = token
			}
		}
		out = append(out, s.value("", frame))
	}
	return out
}

// isIdleBookmark tells a bookmark that ends no initial events. A real server
// sends one if others have moved its version meanwhile, which is chance.
func isIdleBookmark(frame map[string]any) bool {
	if frame["type"] != "BOOKMARK" {
		return false
	}
	meta, _ := frame["object"].(map[string]any)["metadata"].(map[string]any)
	return meta["annotations"] == nil
}

func (s *side) value(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			if k == "managedFields" { // apitest keeps no field managers
				delete(v, k)
				continue
			}
			v[k] = s.value(k, inner)
		}
		return v
	case []any:
		for i, inner := range v {
			v[i] = s.value(key, inner)
		}
		return v
	case json.Number:
		return v.String()
	case string:
		return s.text(key, v)
	}
	return v
}

var (
	number = regexp.MustCompile(`\b[0-9]+\b`)
	// A server with a watch cache, which apitest imitates, and one without,
	// which forgets at once, say it differently.
	tooOld = regexp.MustCompile(`^(too old resource version: .*|The resourceVersion for the provided watch is too old\.)$`)
	uid    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

func (s *side) text(key, v string) string {
	switch key {
	case "resourceVersion":
		return s.version(v)
	case "uid":
		if v != "" {
			return "UID"
		}
	case "creationTimestamp", "deletionTimestamp":
		if v != "" {
			return "TIME"
		}
	case "continue":
		if v != "" {
			return "TOKEN"
		}
	case "message":
		if tooOld.MatchString(v) {
			return "TOO OLD"
		}
		v = s.places(v)
		v = strings.ReplaceAll(v, "application/yaml, ", "") // which apitest does not have
		v = strings.Replace(v, "406: Not Acceptable", "NOT ACCEPTABLE", 1)
		v = uid.ReplaceAllString(v, "UID")
		return number.ReplaceAllStringFunc(v, s.number)
	}
	return s.places(v)
}

// places replaces the namespaces.
func (s *side) places(v string) string {
	if s.other != "" {
		v = strings.ReplaceAll(v, s.other, "OTHER")
	}
	return strings.ReplaceAll(v, s.namespace, "NAMESPACE")
}

// number replaces a number in a message if it is a version.
func (s *side) number(v string) string {
	if n, err := strconv.ParseInt(v, 10, 64); err == nil && len(s.versions) > 0 && n >= s.versions[0] {
		return s.version(v)
	}
	return v
}

// version names a version after the last write that it includes. Writes of
// others move a real server's version, so everything from the last write on
// counts alike.
func (s *side) version(v string) string {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || len(s.versions) == 0 || n < s.versions[0] {
		return v
	}
	if n == 9000000000 {
		return "FUTURE"
	}
	last := 0
	for i, known := range s.versions {
		if known <= n {
			last = i
		}
	}
	if last == len(s.versions)-1 {
		return "latest"
	}
	if s.versions[last] == n {
		return fmt.Sprintf("rv(%d)", last)
	}
	return fmt.Sprintf("rv(%d)+", last)
}
