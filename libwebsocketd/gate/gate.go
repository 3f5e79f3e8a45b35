// Package gate answers one question about a request: may it come in?
//
// Every check is a pure function of the request and of the lists it was made with. It
// returns nil to let the request in, or a Refusal with the HTTP status and one
// sentence for the client and the log. A refusal leaves nothing to undo. The checks
// run before any process is started:
//
//	Hosts    is this server meant?               421, against DNS rebinding
//	Origins  may a page from there talk to us?   403, against cross-site hijacking
//	Access   who asks, and may they?             401, 403
//	Seats    has this address enough already?    429
//	Starts   has it started too many processes?  429
//	Slots    is there room for one more process? 429
//
// Before all of them Proxies say which client a request comes from.
//
// Hosts, Origins and Access never change after they are made; all of them may be used by
// any number of goroutines at once.
//
// Seats limit what an address has at once, Buckets how often it does something: start a
// process, show a wrong proof, send a message by a request. A Throttle holds back the
// messages of one WebSocket.
//
// # The law of a Budget
//
// A Budget answers a later question, about a message of a request that was let in: is
// there memory for more of it? While any message waits for memory, a message is ended
// if its sender leaves us nothing to read and is too slow. A sender is too slow when
//
//   - it has sent nothing of the message for ten seconds, whether or not another
//     message waited all that time; or
//   - the message has grown by less than 64 KB in ten seconds during which another
//     waited; or
//   - it has sent nothing of the message for two seconds, and another message has
//     already waited for ten.
package gate

import (
	"fmt"
	"net/http"
	"strings"
)

// Refusal tells why a request is not let in. It is an error, but the checks return
// the pointer itself. Compare that with nil before it becomes an error, since an
// error that holds a nil *Refusal is not nil.
type Refusal struct {
	Status     int    // HTTP status
	Kind       Kind   // by which a program tells it apart; "": the only one of its Status, or none
	Reason     string // one sentence that names the value refused and the flag that would allow it; printable ASCII
	RetryAfter int    // seconds, 0 = no Retry-After header

	Header http.Header // further headers of the answer, such as WWW-Authenticate; may be nil
	JSON   []byte      // the body of the answer, in the place of Text and Problem; nil: one of these is the body
	Logged bool        // its cause has been logged already
}

// HandedOver refuses a request because another server goes on with what it is for. It must not be
// changed.
var HandedOver = &Refusal{Status: http.StatusServiceUnavailable, Kind: KindGoingAway, Reason: "a new server goes on with this program: connect again", RetryAfter: 1}

// GoingAway refuses a request because the server shuts down. It must not be changed.
var GoingAway = &Refusal{Status: http.StatusServiceUnavailable, Kind: KindGoingAway, Reason: "the server is going away", RetryAfter: 1}

// Error returns the Reason.
func (r *Refusal) Error() string { return r.Reason }

// Text returns the body of the answer.
func (r *Refusal) Text() string {
	return fmt.Sprintf("%d %s: %s", r.Status, http.StatusText(r.Status), r.Reason)
}

// entries returns list with each entry trimmed and the empty ones left out, because
// `--origin="a.com, b.com,"` has two entries, not three.
func entries(list []string) []string {
	var kept []string
	for _, e := range list {
		if e = strings.TrimSpace(e); e != "" {
			kept = append(kept, e)
		}
	}
	return kept
}
