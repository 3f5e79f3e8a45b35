package session

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// counting is a program that says what it is told as often as it is told.
const counting = `while read n; do i=0; while [ $i -lt $n ]; do i=$((i+1)); echo "$i"; done; done`

// TestAfter: after=N gives what comes after N, over WebSocket, as events and by poll; a
// number without after=, everything; after=ack, what nobody has confirmed. What is beyond
// the last is waited for.
func TestAfter(t *testing.T) {
	t.Parallel()
	s := serve(t, counting, Lifetime{})
	doc, c := s.make()
	at := "/?session=" + doc.ID
	ws := c.dial(at)
	write(ws, "5")
	reads(t, ws, "1", "2", "3", "4", "5")
	ws.Close()
	epoch := c.state(doc.ID).Epoch
	for after, want := range map[string]string{
		"": "1", "&after=0": "1", "&after=3": "4", "&after=" + epoch + ":3": "4", "&after=4&gap=ok": "5",
	} {
		reads(t, c.dial(at+after), want)
	}
	for after, want := range map[string]string{"": "1:1 2:2 3:3 4:4 5:5", "&after=3": "4:4 5:5", "&after=" + epoch + ":4": "5:5"} {
		if words, ended, status := c.poll(at + after + "&wait=1m"); words == "" || !strings.HasPrefix(want, words) || ended != nil || status != 200 {
			t.Errorf("poll %s: %q %v %d", after, words, ended, status)
		}
	}
	for after, want := range map[string]int{"&after=x": 400, "&after=-1": 400, "&after=": 400, "&after=other:3": 410, "&after=18446744073709551615": 101, "&after=7": 101, "&after=ack": 101} {
		if status := c.refused(at + after); status != want {
			t.Errorf("%s: %d, want %d", after, status, want)
		}
	}
	if words, ended, status := c.poll(at + "&after=5&wait=0s"); words != "" || ended != nil || status != 200 {
		t.Errorf("nothing there: %q %v %d", words, ended, status)
	}
	later := c.dial(at + "&after=7")
	x := s.one()
	x.Send(message("4"))
	reads(t, later, "3", "4")
	before := x.hub.Confirmed()
	words, _, _ := c.poll(at + "&after=ack&wait=0s")
	var begins uint64
	fmt.Sscanf(words, "%d:", &begins)
	if after := x.hub.Confirmed(); (begins <= before || begins > after+1) && after < 9 {
		t.Errorf("after=ack gives %q, when %d to %d is confirmed", words, before, after)
	}
}

// TestEventsResume: Last-Event-ID goes on where the browser was, and one of a session that
// is not there is answered 204, which stops it.
func TestEventsResume(t *testing.T) {
	t.Parallel()
	s := serve(t, counting, Lifetime{})
	doc, c := s.make()
	at := "/?session=" + doc.ID
	c.do("POST", at, "", "3")
	stream := c.begin("GET", at, asEvents, "")
	lines := bufio.NewReader(stream.Body)
	epoch := c.state(doc.ID).Epoch
	for n := 1; n <= 3; n++ {
		if got, want := event(lines), fmt.Sprintf("id: %s:%d|data: %d", epoch, n, n); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	stream.Body.Close()
	c.header.Set("Last-Event-ID", epoch+":2")
	again := c.begin("GET", at+"&after=1", asEvents, "")
	lines = bufio.NewReader(again.Body)
	if got := event(lines); got != "id: "+epoch+":3|data: 3" { // the header wins
		t.Errorf("it goes on with %q", got)
	}
	s.one().End()
	if got := event(lines); got != "id: "+epoch+`:3|event: end|data: {"code":1000,"reason":"exit status 0"}` {
		t.Errorf("it ends with %q", got)
	}
	testkit.Eventually(t, "it is gone", func() bool { return s.Registry.Len() == 0 })
	for _, id := range []string{epoch + ":3", "other:3", "nonsense"} {
		c.header.Set("Last-Event-ID", id)
		for _, path := range []string{at, "/", "/?session=new"} {
			if status, _ := c.do("GET", path, asEvents, ""); status != http.StatusNoContent {
				t.Errorf("%s at %s: %d", id, path, status)
			}
		}
	}
}

// TestGap: what is no longer kept is 410, unless gap=ok; without after= a client begins
// with the first that is kept.
func TestGap(t *testing.T) {
	t.Parallel()
	s := serve(t, counting, Lifetime{History: 4 << 10})
	doc, c := s.make()
	at := "/?session=" + doc.ID
	x := s.one()
	for round := range 10 {
		x.Send(message("200"))
		testkit.Eventually(t, "the process goes on when it is confirmed", func() bool {
			_, last := x.hub.Kept()
			x.hub.Confirm(last)
			return last == uint64(200*round+200)
		})
	}
	first, _ := x.hub.Kept()
	if first < 3 {
		t.Fatalf("everything from %d on is kept", first)
	}
	for after, want := range map[string]int{"&after=0": 410, fmt.Sprint("&after=", first-2): 410, fmt.Sprint("&after=", first-1): 101, "&after=0&gap=ok": 101, "": 101} {
		if status := c.refused(at + after); status != want {
			t.Errorf("%s: %d, want %d", after, status, want)
		}
	}
	_, text := c.do("GET", at+"&after=0&gap=ok&wait=0s", asJSON, "")
	if want := fmt.Sprintf(`"pending":[{"gap":{"from":1,"to":%d}},{"seq":%d,`, first-1, first); !strings.Contains(text, want) {
		t.Errorf("gap=ok gives %s, want %s", text, want)
	}
}

// TestRight: only a secret and an unused ticket of the session open it. What is refused
// harms nothing.
func TestRight(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{})
	doc, c := s.make()
	other, otherClient := s.make()
	at := "/?session=" + doc.ID
	ticketOf := func(c *client, at string) string {
		status, text := c.do("POST", at+"&ticket=new", asJSON, "")
		_, ticket, _ := strings.Cut(text, `"ticket":"`)
		ticket, rest, _ := strings.Cut(ticket, `"`)
		if status != 200 || rest != ",\"expires\":30}\n" {
			t.Fatalf("ticket: %d %s", status, text)
		}
		return ticket
	}
	foreign := ticketOf(otherClient, "/?session="+other.ID)
	good := ticketOf(c, at)
	nobody := s.stranger()
	for path, want := range map[string]int{
		at: 403, at + "&token=": 403, at + "&token=x": 403, at + "&token=" + foreign: 403, at + "&token=" + doc.Secret: 403,
		"/?session=" + strings.Repeat("0", 32): 404, "/?session=1": 404, "/?session=" + strings.ToUpper(doc.ID): 404,
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			if status, text := nobody.do(method, path, asJSON, ""); status != want || strings.Contains(text, doc.Secret) {
				t.Errorf("%s %s: %d %s", method, path, status, text)
			}
		}
		if status := nobody.refused(path); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status := otherClient.refused(at); status != 403 {
		t.Errorf("with the secret of another: %d", status)
	}
	if status, _ := nobody.do("POST", at+"&ticket=new&token="+good, "", ""); status != 403 {
		t.Errorf("a ticket for a ticket: %d", status)
	}
	good = ticketOf(c, at)
	reads(t, nobody.dial(at+"&token="+good), fmt.Sprint(c.state(doc.ID).Pid, " 1"))
	if status := nobody.refused(at + "&token=" + good); status != 403 {
		t.Errorf("a used ticket: %d", status)
	}
	reads(t, nobody.dial("/?session="+other.ID+"&token="+foreign), fmt.Sprint(otherClient.state(other.ID).Pid, " 2"))
	if status, _ := c.do("POST", at+"&ticket=old", "", ""); status != 400 {
		t.Errorf("ticket=old: %d", status)
	}
	c.secret = ""
	if c.header.Set("Authorization", "bearer "+doc.Secret); c.refused(at) != 101 {
		t.Error("schemes have no case (RFC 9110 section 11.1)")
	}
}

// TestCookieGoesOn: a browser comes back to its process by its cookie, and gets a new
// process and a new cookie when that has ended; a session that it names is then 404.
func TestCookieGoesOn(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{})
	b := s.browser()
	first := read(b.dial("/"))
	if got := read(b.dial("/")); got != first {
		t.Errorf("got %q, want %q", got, first)
	}
	if words, _, _ := b.poll("/?wait=1m"); words != "1:"+first {
		t.Errorf("the poll gets %q", words)
	}
	x := s.one()
	before := b.passes()
	if status, _ := b.do("DELETE", "/?session="+x.ID, "", ""); status != 200 {
		t.Errorf("DELETE: %d", status)
	}
	if status := b.refused("/?session=" + x.ID); status != 404 {
		t.Errorf("by its id: %d", status)
	}
	if got := read(b.dial("/")); got == first || !strings.HasSuffix(got, " 1") {
		t.Errorf("it got %q, and now %q", first, got)
	}
	if after := b.passes(); len(after) != 1 || after[0].id == before[0].id {
		t.Errorf("the cookie had %v, and has %v", before, after)
	}
}

// message returns a message of text.
func message(text string) libwebsocketd.Message {
	return libwebsocketd.Message{Kind: libwebsocketd.Text, Data: []byte(text)}
}
