// Package gate answers one question about a request: may it come in?
//
// Every check is a pure function of the request and of the lists it was made
// with. It returns nil to let the request in, or a Refusal that carries the
// HTTP status, one sentence for the client and the log, and nothing to undo.
// The checks are asked before any process is started:
//
//	Hosts    is this server meant?               421, against DNS rebinding
//	Origins  may a page from there talk to us?   403, against cross-site hijacking
//	Slots    is there room for one more process? 429
//
// Hosts and Origins never change after they are made; all three may be used by
// any number of goroutines at once.
//
// # The law of a Budget
//
// A Budget is asked later, by a message that was let in: is there memory for more of it?
// While somebody waits for memory a message is ended whose sender leaves us nothing to
// read and has sent nothing of it for ten seconds, whether anybody waited all the while or
// not, or less than it takes to grow by 64 KB in ten seconds of somebody's waiting; and
// when somebody has waited for ten seconds, two of silence are enough.
package gate

import (
	"fmt"
	"net/http"
	"strings"
)

// Refusal is why a request is not let in. It is an error, but the checks return
// the pointer itself: compare that with nil before it becomes an error, since an
// error that holds a nil *Refusal is not nil.
type Refusal struct {
	Status     int    // HTTP status
	Reason     string // one sentence that names the value refused and the flag that would allow it; printable ASCII
	RetryAfter int    // seconds, 0 = no Retry-After header

	Header http.Header // of the answer besides, such as WWW-Authenticate; may be nil
	Logged bool        // its cause is in the log already
}

// GoingAway refuses a request because the server shuts down. It is never changed.
var GoingAway = &Refusal{Status: http.StatusServiceUnavailable, Reason: "the server is going away", RetryAfter: 1}

// Error is the Reason.
func (r *Refusal) Error() string { return r.Reason }

// Text is the body of the answer.
func (r *Refusal) Text() string {
	return fmt.Sprintf("%d %s: %s", r.Status, http.StatusText(r.Status), r.Reason)
}

// entries is list without blanks: each entry trimmed, the empty ones left out,
// because `--origin="a.com, b.com,"` says two things, not three.
func entries(list []string) []string {
	var kept []string
	for _, e := range list {
		if e = strings.TrimSpace(e); e != "" {
			kept = append(kept, e)
		}
	}
	return kept
}
