package debug

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/informant-go/informant/informer"
)

// Source is an informer, of any type of objects.
type Source interface {
	// Status returns the present state. It is called by the goroutine of
	// each request.
	Status() informer.Status
}

// Handler returns the page for the given informers, in this order. Requests
// with the query format=json get the same as JSON, see the documentation of the
// package. GET and HEAD are answered, other methods are not allowed.
//
// Who may see the page is for the caller to say: it asks for no credentials.
func Handler(sources ...Source) http.Handler {
	sources = append([]Source(nil), sources...)
	return HandlerOf(func() []informer.Status {
		statuses := make([]informer.Status, len(sources))
		for i, s := range sources {
			statuses[i] = s.Status()
		}
		return statuses
	})
}

// HandlerOf is Handler for informers that come and go, such as those of an
// informer.Group, whose method Statuses can be given as it is. The goroutine of each
// request calls statuses, once, for those that there are now, in the order of the
// page; it leaves what it is given as it is. nil is a page without informers.
func HandlerOf(statuses func() []informer.Status) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the page can only be read", http.StatusMethodNotAllowed)
			return
		}
		var present []informer.Status
		if statuses != nil {
			present = statuses()
		}
		write(w, r, present)
	})
}

// write answers as a whole or with an error: nothing is sent before it is
// complete.
func write(w http.ResponseWriter, r *http.Request, statuses []informer.Status) {
	contentType, body, err := "text/html; charset=utf-8", []byte(nil), error(nil)
	if r.URL.Query().Get("format") == "json" {
		contentType = "application/json"
		body, err = document(statuses)
	} else {
		body, err = render(statuses)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	// A reader that has gone away is no error of ours.
	_, _ = w.Write(body)
}

// document returns the statuses as JSON, with an array also for none.
func document(statuses []informer.Status) ([]byte, error) {
	if statuses == nil {
		statuses = []informer.Status{}
	}
	var body bytes.Buffer
	err := json.NewEncoder(&body).Encode(statuses)
	return body.Bytes(), err
}
