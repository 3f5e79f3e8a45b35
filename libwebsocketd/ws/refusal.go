package ws

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode"
)

// Refusal is the error of a request that a server has answered with another status than
// was asked for. Nothing is connected then, and no program was started.
type Refusal struct {
	Status int         // HTTP status
	Reason string      // the server's sentence, fit for one line; "" if it has none
	Header http.Header // of the answer, such as Retry-After
	Own    bool        // it has the form of a websocketd's own; false may be something between
}

// Error returns the status with its name, and the server's sentence.
func (r *Refusal) Error() string {
	said := fmt.Sprint(r.Status, " ", http.StatusText(r.Status))
	if r.Status == http.StatusSwitchingProtocols {
		said = "101, but no answer to a WebSocket handshake"
	}
	if r.Reason == "" {
		return strings.TrimSpace(said)
	}
	return strings.TrimSpace(said) + ": " + r.Reason
}

// mostReason bounds what is read of the body of a refusal.
const mostReason = 1 << 10

// ReadRefusal makes a Refusal of an answer, whose body it reads and closes. Only a plain
// text has a sentence; for an answer that leads elsewhere it is where to.
func ReadRefusal(answer *http.Response) *Refusal {
	defer answer.Body.Close()
	r := &Refusal{Status: answer.StatusCode, Header: answer.Header}
	if to := answer.Header.Get("Location"); to != "" {
		r.Reason = "the server leads to " + printable(to)
	}
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind == "text/plain" {
		body, _ := io.ReadAll(io.LimitReader(answer.Body, mostReason))
		r.Reason, r.Own = sentence(string(body), answer.StatusCode)
	}
	return r
}

// sentence returns the first line of a body without the status that it begins with, and whether
// it does begin so.
func sentence(body string, status int) (said string, own bool) {
	line, _, _ := strings.Cut(strings.TrimSpace(body), "\n")
	line, own = strings.CutPrefix(line, fmt.Sprintf("%d %s: ", status, http.StatusText(status)))
	return printable(strings.TrimSpace(line)), own
}

// printable returns s without what could change more of a terminal than its line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
