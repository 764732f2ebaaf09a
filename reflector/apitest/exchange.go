package apitest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
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

	// choice and form are what the client accepts; before it was asked, and where
	// nothing is, whole objects in JSON.
	choice choice
	form   form

	stream *stream // an open watch
}

// handle answers every request.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	req, known := parseRequest(r)
	x := &exchange{s: s, w: w, r: r, req: req, entry: s.log.begin(req), form: choice{}.form(nil)}
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
	if found, err := x.discover(); found {
		return err
	}
	if err := x.place(); err != nil {
		return err
	}
	if err := x.produces(); err != nil {
		return err
	}
	if err := x.agree(x.table.res.objects); err != nil {
		return err
	}
	err := x.perform()
	if errors.As(err, new(notServedError)) {
		x.table = nil
		return x.place()
	}
	return err
}

// perform does what the verb says.
func (x *exchange) perform() error {
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
	case VerbDeleteCollection:
		return x.deleteCollection()
	default:
		return x.delete()
	}
}

// agree finds out in which of the forms that are offered the client takes the answer.
func (x *exchange) agree(offered offer) error {
	c, ok := negotiate(x.r.Header.Get("Accept"), func(c choice) bool {
		return (c.encoding != cborType || x.s.opts.CBOR) && offered(c)
	})
	x.choice, x.form = c, c.form(x.table)
	if !ok {
		return acceptsOnly(x.mediaTypes())
	}
	return nil
}

// mediaTypes are those of the server.
func (x *exchange) mediaTypes() []string {
	if x.s.opts.CBOR {
		return []string{jsonType, protobufType, cborType}
	}
	return []string{jsonType, protobufType}
}

// produces is what a real server says first of the Accept header of a request for a
// built-in resource. It looks at types by their whole names, and at nothing else.
func (x *exchange) produces() error {
	header := x.r.Header.Get("Accept")
	types := x.mediaTypes()
	if x.req.Verb == VerbList || x.req.Verb == VerbWatch {
		types = append(types, jsonType+";stream=watch", protobufType+";stream=watch")
		if x.s.opts.CBOR {
			types = append(types, cborSequenceType)
		}
	}
	if !x.table.res.builtIn() || header == "" || namesType(header, append(types, "*/*")...) {
		return nil
	}
	return apierrors.NewGenericServerResponse(http.StatusNotAcceptable, "", schema.GroupResource{}, "",
		"406: Not Acceptable\n\nAvailable representations: "+strings.Join(types, ", "), 0, false)
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

// answer sends a whole body, which the form has made.
func (x *exchange) answer(code int, body []byte) {
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.begin(code, x.form.contentType(false))
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
	_ = x.agree(plain) // what is not accepted is in JSON
	x.answer(int(status.Code), x.form.value(status))
}

// object answers with one object.
func (x *exchange) object(code int, rec *record) error {
	if x.choice.as.Kind == partialListKind {
		return x.isNoList()
	}
	x.answer(code, x.form.object(nil, rec, rec.rv))
	return nil
}

// isNoList and isList answer who wants a list in place of an object, or the other way
// round. A real server says which of its types it has.
func (x *exchange) isNoList() error {
	if !x.table.res.builtIn() {
		return errors.New("content is not a list")
	}
	return notAcceptable(fmt.Sprintf("you requested %s, but the requested object is not a list (%s)", partialListKind, x.table.res.internal()))
}

func (x *exchange) isList() error {
	return notAcceptable(fmt.Sprintf("you requested %s, but the requested object is a list (%s)", partialKind, x.table.res.internal()+"List"))
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
