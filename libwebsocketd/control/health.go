package control

import (
	"io"
	"net/http"
	"strings"

	"websocketd/libwebsocketd"
)

// serveHealth says that the process serves.
func (c *Control) serveHealth(w http.ResponseWriter, r *http.Request) {
	answerWord(w, http.StatusOK, "ok")
}

// serveReady says whether the server takes clients: 200, or 503 and why not. A line for each
// program follows of which that is known, with the first word of its state: the cause is for the
// operator, and anyone may ask.
func (c *Control) serveReady(w http.ResponseWriter, r *http.Request) {
	switch s := c.server.Load(); {
	case s == nil:
		answerWord(w, http.StatusServiceUnavailable, "starting")
	case s.GoingAway():
		answerWord(w, http.StatusServiceUnavailable, "going away")
	default:
		c.answerReady(w, s)
	}
}

// answerReady answers for a server that takes clients.
func (c *Control) answerReady(w http.ResponseWriter, s *libwebsocketd.Server) {
	status, said, states := http.StatusOK, "ready", ""
	for _, p := range s.Programs() {
		if p.Condition.State == "" {
			continue
		}
		if p.Condition.Fails {
			status, said = http.StatusServiceUnavailable, "a program does not run"
		}
		word, _, _ := strings.Cut(p.Condition.State, ":")
		states += "\n" + c.nameOf(p.Name) + ": " + word
	}
	answerWord(w, status, said+states)
}

// answerWord answers with a status and a word, for whoever looks at either.
func answerWord(w http.ResponseWriter, status int, word string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	io.WriteString(w, word+"\n")
}
