package debug

import (
	"bytes"
	_ "embed" // page.html
	"encoding/json"
	"html/template"
	"net/http"

	"github.com/informant-go/informant/informer"
)

// Source is an informer, of any type of objects.
type Source interface {
	// Status returns the present state. It is called by the goroutine of
	// each request.
	Status() informer.Status
}

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// Handler returns the page for the given informers, in this order. Requests
// with the query format=json get the same as a JSON array of informer.Status.
// GET and HEAD are answered, other methods are not allowed.
//
// It shows names and counts, no objects. Who may see it is for the caller to
// say: it asks for no credentials.
func Handler(sources ...Source) http.Handler {
	sources = append([]Source(nil), sources...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the page can only be read", http.StatusMethodNotAllowed)
			return
		}
		statuses := make([]informer.Status, len(sources))
		for i, s := range sources {
			statuses[i] = s.Status()
		}
		write(w, r, statuses)
	})
}

// write answers as a whole or with an error: nothing is sent before it is
// complete.
func write(w http.ResponseWriter, r *http.Request, statuses []informer.Status) {
	var body bytes.Buffer
	var err error
	contentType := "text/html; charset=utf-8"
	if r.URL.Query().Get("format") == "json" {
		contentType = "application/json"
		err = json.NewEncoder(&body).Encode(statuses)
	} else {
		err = page.Execute(&body, statuses)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	// A reader that has gone away is no error of ours.
	_, _ = w.Write(body.Bytes())
}
