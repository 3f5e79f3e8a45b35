package control

import (
	"net/http"

	"websocketd/libwebsocketd/gate"
)

// badTicket refuses a ticket.
var badTicket = &gate.Refusal{Status: http.StatusForbidden, Reason: "the ticket is not good: it is for one request within 30 seconds, and POST /api/ticket gives another"}

// ticket is the answer to who asks for one.
type ticket struct {
	Ticket  string `json:"ticket"`
	Expires int    `json:"expires"` // in seconds
}

// serveTicket answers with a ticket, which stands for the token in one URL.
func (c *Control) serveTicket(w http.ResponseWriter, r *http.Request) {
	answer(w, ticket{Ticket: c.logins.Ticket(operator, ""), Expires: int(gate.TicketTime.Seconds())})
}
