package session

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// nothing is the state where a client would get a new session.
const nothing = `{"lifetime":"session","epoch":null}` + "\n"

// TestStateOf: the state is that of the session a WebSocket would get, of the cookie or of the
// URL. To ask starts nothing.
func TestStateOf(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{}, withPage(t))
	b := s.browser()
	b.do("GET", "/", "", "") // which promises a session
	promised := b.passes()[0].id
	for path, want := range map[string]string{"/?state": nothing, "/?state&session=new": nothing, "/?state&session=" + promised: nothing, "/?state=of%20Ohio": "a page"} {
		if status, text := b.do("GET", path, asJSON, ""); status != 200 || text != want {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if status, _ := s.stranger().do("GET", "/?state&session="+promised, asJSON, ""); status != 404 {
		t.Errorf("promised to another: %d", status)
	}
	if n := s.Registry.Len(); n != 0 {
		t.Errorf("%d sessions were made", n)
	}
	pid := pidOf(t, read(b.dial("/")))
	for _, path := range []string{"/?state", "/?state=&session=" + promised, "/?session=" + promised} {
		status, text := b.do("GET", path, asJSON, "")
		var now State
		if err := json.Unmarshal([]byte(text), &now); err != nil || status != 200 || !strings.HasPrefix(text, `{"lifetime":"session","id":"`+promised) {
			t.Fatalf("%s: %d %s", path, status, text)
		}
		if now.Pid != pid || now.Viewers != 1 || now.First != 1 || now.Last != 1 || now.Epoch == "" || now.Ended != nil {
			t.Errorf("%s: %s", path, text)
		}
	}
}

// TestStateRight: the state of a session that the URL names is told to those who may open
// it. A ticket is not used up by that.
func TestStateRight(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{})
	doc, holder := s.make()
	other, _ := s.make()
	at, nobody := "/?session="+doc.ID, s.stranger()
	_, text := holder.do("POST", at+"&ticket=new", "", "")
	var ticket ticketDocument
	json.Unmarshal([]byte(text), &ticket)
	for _, test := range []struct {
		who  *client
		path string
		want int
	}{
		{holder, at, 200}, {nobody, at, 403}, {holder, "/?session=" + other.ID, 403}, {holder, "/?session=nonsense", 404},
		{nobody, at + "&token=x", 403}, {nobody, at + "&token=" + ticket.Ticket, 200}, {nobody, at + "&token=" + ticket.Ticket, 200},
	} {
		if status, text := test.who.do("GET", test.path+"&state", asJSON, ""); status != test.want || status == 200 && !strings.Contains(text, doc.ID) {
			t.Errorf("%s: %d %s", test.path, status, text)
		}
	}
	if _, text := holder.do("GET", "/?state", asJSON, ""); text != nothing {
		t.Errorf("a secret without the session it is of: %s", text)
	}
	nobody.dial(at + "&token=" + ticket.Ticket)
	if status, _ := nobody.do("GET", at+"&state&token="+ticket.Ticket, asJSON, ""); status != http.StatusForbidden {
		t.Errorf("a ticket that was used: %d", status)
	}
}
