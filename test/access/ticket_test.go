package access

import (
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
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
		for _, query := range []string{"", "state&"} {
			r := f.request
			if query != "" {
				r = r.Without("Accept").Add("Accept", document)
			}
			ticket := proof{query: query + "token=" + h.ticket(t, k.ann[0])}
			first, second := h.ask(t, r, ticket), h.ask(t, r, ticket)
			if again := second.status != 403; first.status == 403 || again != asksState(ticket.on(r)) {
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

// asksState reports whether a request is for the state of a program.
func asksState(r harness.Request) bool {
	path, query, _ := strings.Cut(r.Target, "?")
	return r.Method == "GET" && strings.Contains(query, "state") && slices.Contains([]string{"/own", "/shared", "/session"}, path) &&
		!slices.Contains(r.Lines, "Upgrade: websocket")
}
