package access

import (
	"strings"
	"testing"
)

// TestTicketIsGoodOnce: a ticket lets in once, at every face, whatever else the URL says.
// Asking for the state of a program does not use it up, because the client that asks is about
// to connect.
func TestTicketIsGoodOnce(t *testing.T) {
	t.Parallel()
	k := kindOf("token")
	h := newHouse(t)
	h.open(t, k.flags(t, h)...)
	for _, f := range faces {
		if f.open == public || f.open == shown {
			continue
		}
		for _, more := range []string{"", "state"} {
			ticket := proof{query: "token=" + h.ticket(t, k.ann[0])}
			r := f.request
			if more != "" {
				r = r.Without("Accept").Add("Accept", document)
				ticket.query = more + "&" + ticket.query
			}
			first, second := h.ask(t, r, ticket), h.ask(t, r, ticket)
			wants := r.Method == "GET" && strings.Contains(ticket.on(r).Target, "state") && !strings.Contains(r.Target, ".") && !strings.Contains(strings.Join(r.Lines, "\n"), "Upgrade")
			if good := second.status != 403; first.status == 403 || good != wants {
				t.Errorf("%s, %s: %d, then %d", f.name, ticket.on(r).Target, first.status, second.status)
			}
		}
	}
	page := line("Accept: " + document)
	page.query = "state&token=" + h.ticket(t, k.ann[0])
	login := accepting("/.websocketd/login", "text/html")
	if first, second := h.ask(t, login, page), h.ask(t, login, page); first.status != 200 || second.status != 403 {
		t.Errorf("a login: %d, then %d", first.status, second.status)
	}
}
