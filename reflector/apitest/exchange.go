package apitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxBody is the largest request body, as in a real server.
const maxBody = 3 * 1024 * 1024

// exchange is one request on its way to an answer. One goroutine owns it.
type exchange struct {
	s     *Server
	w     http.ResponseWriter
	r     *http.Request
	req   Request  // as parsed
	entry *Request // in the log
	table *table
	plan  plan // faults for the frames of the answer

	stream *stream // an open watch
}

// handle answers every request.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	req, known := parseRequest(r)
	x := &exchange{s: s, w: w, r: r, req: req, entry: s.log.begin(req)}
	defer s.log.change(x.entry, func(entry *Request) { entry.Done = true })
	if x.misled() {
		return
	}
	if known {
		x.table = s.table(req.Resource)
	}
	if err := x.route(); err != nil {
		x.fail(err)
	}
}

// route finds the answer; an error is one that can still be sent.
func (x *exchange) route() error {
	if err := x.place(); err != nil {
		return err
	}
	switch x.req.Verb {
	case VerbList:
		return x.list()
	case VerbWatch:
		return x.watch()
	case VerbGet:
		return x.get()
	case VerbCreate:
		return x.create()
	case VerbUpdate:
		return x.update()
	case VerbPatch:
		return x.patch()
	default:
		return x.delete()
	}
}

// begin sends the header of an answer.
func (x *exchange) begin(code int, contentType string) {
	header := x.w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "no-cache, private")
	x.s.log.change(x.entry, func(entry *Request) { entry.Code = code })
	x.w.WriteHeader(code)
}

// sent counts items or events.
func (x *exchange) sent(n int) {
	x.s.log.change(x.entry, func(entry *Request) { entry.Sent += n })
}

// answer sends a whole body.
func (x *exchange) answer(code int, body []byte) {
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.begin(code, "application/json")
	_, _ = x.w.Write(body) // a client that has gone away does not care
}

// fail answers with the Status that err stands for.
func (x *exchange) fail(err error) {
	if errors.Is(err, errNoPage) {
		x.w.Header().Set("X-Content-Type-Options", "nosniff")
		x.begin(http.StatusNotFound, "text/plain; charset=utf-8")
		_, _ = io.WriteString(x.w, "404 page not found\n")
		return
	}
	status := asStatus(err)
	if status.Details != nil && status.Details.RetryAfterSeconds > 0 {
		x.w.Header().Set("Retry-After", strconv.Itoa(int(status.Details.RetryAfterSeconds)))
	}
	x.answer(int(status.Code), encodeStatus(status))
}

func encodeStatus(status *metav1.Status) []byte {
	body, err := json.Marshal(status)
	if err != nil { // no field of a Status can fail
		panic(fmt.Sprintf("apitest: encoding a Status: %v", err))
	}
	return append(body, '\n')
}

// object answers with one object.
func (x *exchange) object(code int, rec *record) {
	x.answer(code, append(x.table.encode(nil, rec, rec.rv), '\n'))
}

// abort closes the connection without ending the answer. It does not return.
func (x *exchange) abort() {
	if conn, ok := x.r.Context().Value(connKey{}).(net.Conn); ok {
		_ = conn.Close() // that is the point
	}
	panic(http.ErrAbortHandler)
}

// body reads the request's body and checks its type.
func (x *exchange) body(accepted ...string) ([]byte, error) {
	mediaType, _, _ := strings.Cut(x.r.Header.Get("Content-Type"), ";")
	ok := mediaType == "" && x.req.Verb != VerbPatch
	for _, a := range accepted {
		ok = ok || mediaType == a
	}
	if !ok {
		return nil, unsupportedMediaType(strings.Join(accepted, ", "))
	}
	var buf bytes.Buffer
	if _, err := io.Copy(&buf, io.LimitReader(x.r.Body, maxBody+1)); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if buf.Len() > maxBody {
		return nil, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d", maxBody))
	}
	return buf.Bytes(), nil
}
