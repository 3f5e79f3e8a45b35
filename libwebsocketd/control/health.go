package control

import (
	"io"
	"net/http"
)

// serveHealth says that the process serves.
func (c *Control) serveHealth(w http.ResponseWriter, r *http.Request) {
	answerWord(w, http.StatusOK, "ok")
}

// serveReady says whether the server takes clients: 200, or 503 and why not.
func (c *Control) serveReady(w http.ResponseWriter, r *http.Request) {
	switch s := c.server.Load(); {
	case s == nil:
		answerWord(w, http.StatusServiceUnavailable, "starting")
	case s.GoingAway():
		answerWord(w, http.StatusServiceUnavailable, "going away")
	default:
		answerWord(w, http.StatusOK, "ready")
	}
}

// answerWord answers with a status and a word, for whoever looks at either.
func answerWord(w http.ResponseWriter, status int, word string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	io.WriteString(w, word+"\n")
}
