package session

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/shared"
)

// TestState: the document says what is, before and after the end, and never the secret.
func TestState(t *testing.T) {
	t.Parallel()
	s := serve(t, `echo $$; read x; echo bye; exit 3`, Lifetime{})
	doc, c := s.make()
	if doc.URL != "/?session="+doc.ID || doc.Number != 1 || len(doc.ID) != 32 {
		t.Errorf("the document of a new one is %+v", doc)
	}
	a := c.dial("/?session=" + doc.ID)
	pid := pidOf(t, read(a))
	b := c.dial("/?session=" + doc.ID + "&after=1")
	testkit.Eventually(t, "both are there", func() bool { return c.state(doc.ID).Viewers == 2 })
	now := c.state(doc.ID)
	if now.ID != doc.ID || now.Number != 1 || now.Program != "/" || now.Pid != pid || now.First != 1 || now.Last != 1 || now.Epoch == "" || now.Ended != nil || time.Since(now.Began) < 0 {
		t.Errorf("it says %+v", now)
	}
	for i, conn := range now.Connections {
		if conn.Number != uint64(i+1) || conn.Remote != "127.0.0.1" || conn.Since.Before(now.Began) {
			t.Errorf("a connection is %+v", conn)
		}
	}
	x := s.one()
	b.UnderlyingConn().Close()
	testkit.Eventually(t, "one has left", func() bool { return c.state(doc.ID).Viewers == 1 })
	a.UnderlyingConn().Close() // nobody is told the end
	testkit.Eventually(t, "the other one has left", func() bool { return c.state(doc.ID).Viewers == 0 })
	c.do("POST", "/?session="+doc.ID, "", "go")
	<-x.Done()
	status, text := c.do("GET", "/?session="+doc.ID, asJSON, "")
	var then State
	json.Unmarshal([]byte(text), &then)
	if status != 200 || then.Pid != 0 || then.Last != 2 || then.Viewers != 0 || then.Ended == nil || *then.Ended != (Ended{Code: 4003, Reason: "exit status 3"}) {
		t.Errorf("%d %+v", status, then)
	}
	for _, key := range []string{`"connections":[]`, `"confirmed":`, `"ended":{"code":4003,"reason":"exit status 3"}`} {
		if !strings.Contains(text, key) {
			t.Errorf("no %s in %s", key, text)
		}
	}
	if strings.Contains(text, doc.Secret) {
		t.Error("it has the secret")
	}
	if status, text := c.do("POST", "/?session="+doc.ID, "", "more"); status != http.StatusGone || !strings.Contains(text, "exit status 3") {
		t.Errorf("a message after the end: %d %s", status, text)
	}
}

// TestEndingIsToldOnce: what has ended is kept until some client is known to have been told
// how. The next one gets 404, and its number is free.
func TestEndingIsToldOnce(t *testing.T) {
	t.Parallel()
	for _, told := range []string{"a rude WebSocket", "poll", "events"} {
		s := serve(t, `read x; echo bye; exit 3`, Lifetime{})
		doc, c := s.make()
		at := "/?session=" + doc.ID
		x := s.one()
		c.do("POST", at, "", "go")
		<-x.Done()
		switch told {
		case "a rude WebSocket":
			rude := c.dial(at) // does not answer the close frame
			rude.SetCloseHandler(func(int, string) error { return nil })
			reads(t, rude, "bye")
			closes(t, rude, 4003, "exit status 3")
			rude.UnderlyingConn().Close()
			testkit.Eventually(t, "it has left", func() bool { return !x.isAttached() })
		case "poll":
			if words, ended, _ := c.poll(at + "&wait=1m"); words != "1:bye" || ended != nil {
				t.Errorf("poll: %q %v", words, ended)
			}
			if words, ended, _ := c.poll(at + "&after=1&wait=1m"); words != "" || ended == nil || ended.Code != 4003 {
				t.Errorf("poll: %q %v", words, ended)
			}
		case "events":
			if _, text := c.do("GET", at, asEvents, ""); !strings.Contains(text, "data: bye\n") || !strings.Contains(text, `event: end`) {
				t.Errorf("events: %q", text)
			}
		}
		polite := c.dial(at) // plain HTTP does not say that its client was told
		reads(t, polite, "bye")
		closes(t, polite, 4003, "exit status 3")
		testkit.Eventually(t, told+": it is gone", func() bool { return s.Registry.Len() == 0 })
		if status := c.refused(at); status != 404 {
			t.Errorf("%s: %d", told, status)
		}
	}
}

// TestDelete: it ends the process with everything that belongs to it, and whoever is
// attached is sent how, and what was said last. It is answered when that has happened.
func TestDelete(t *testing.T) {
	t.Parallel()
	s := serve(t, `echo $$; sleep 1000 & while read x; do :; done; echo last; exit 7`, Lifetime{})
	doc, c := s.make()
	at := "/?session=" + doc.ID
	a, b := c.dial(at), c.dial(at)
	pid := pidOf(t, read(a))
	read(b)
	status, text := c.do("DELETE", at, asJSON, "")
	var state State
	json.Unmarshal([]byte(text), &state)
	if status != 200 || state.Ended == nil || state.Ended.Code != 4007 || state.Pid != 0 || isAlive(pid) {
		t.Errorf("%d %s", status, text)
	}
	reads(t, a, "last")
	closes(t, a, 4007, "exit status 7")
	reads(t, b, "last")
	closes(t, b, 4007, "exit status 7")
	for _, method := range []string{"DELETE", "GET", "POST"} {
		if status, _ := c.do(method, at, asJSON, ""); status != 404 {
			t.Errorf("%s: %d", method, status)
		}
	}
	if status, _ := c.do("DELETE", "/", "", ""); status != 400 {
		t.Errorf("DELETE without session= and cookie: %d", status)
	}
}

// TestOfCookie: a ticket and DELETE without session= are about the session of the cookie.
func TestOfCookie(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{})
	b := s.browser()
	hello := read(b.dial("/"))
	x := s.one()
	status, text := b.do("POST", "/?ticket=new", asJSON, "")
	var got ticketDocument
	if err := json.Unmarshal([]byte(text), &got); err != nil || status != 200 {
		t.Fatalf("a ticket: %d %s", status, text)
	}
	reads(t, s.stranger().dial("/?session="+x.ID+"&token="+got.Ticket), hello)
	if status, _ := s.stranger().do("POST", "/?ticket=new", "", ""); status != 400 {
		t.Errorf("a ticket of no session: %d", status)
	}
	if status, text := b.do("DELETE", "/", "", ""); status != 200 || !strings.Contains(text, x.ID) {
		t.Errorf("DELETE: %d %s", status, text)
	}
	if status, text := b.do("DELETE", "/", "", ""); status != 404 || !strings.Contains(text, "no such session") {
		t.Errorf("DELETE of what has gone: %d %s", status, text)
	}
}

// TestWaysOut: a request that misses something is told what.
func TestWaysOut(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{})
	b := s.browser()
	read(b.dial("/"))
	x := s.one()
	x.End()
	<-x.gone
	for _, test := range []struct {
		from                *client
		path, accept, words string
	}{
		{s.stranger(), "/?session=" + x.ID, "", "with the header Accept: application/json"},
		{s.stranger(), "/?wait=5s", "text/html", "with the header Accept: application/json"},
		{s.stranger(), "/", "", "--devconsole"},
		{s.stranger(), "/?after=5&wait=0s", asJSON, "none was named"},
		{b, "/?after=5&wait=0s&session=new", asJSON, "none was named"},
		{b, "/?after=5&wait=0s", asJSON, "the process that after= refers to has ended"},
	} {
		if status, text := test.from.do("GET", test.path, test.accept, ""); status != 404 || !strings.Contains(text, test.words) {
			t.Errorf("%s: %d %s", test.path, status, text)
		}
	}
}

// endsAtOnce is for a program that does not end by itself.
func endsAtOnce(c *libwebsocketd.Config) { c.CloseDelay = time.Millisecond }

// TestDeleteDuringMessage: a message that the end of the session overtakes is answered with how
// the process ended, wherever the message was.
func TestDeleteDuringMessage(t *testing.T) {
	t.Parallel()
	s := serve(t, `exec sleep 1000`, Lifetime{}, endsAtOnce)
	s.make()
	x := s.one()
	call := libwebsocketd.Attach{Request: httptest.NewRequest("POST", "/", nil), Log: slog.New(s.LogBook), SendOnly: true, Admitted: &libwebsocketd.Request{}}
	errs := make(chan error)
	var senders []*Attachment
	for range 3 { // one fills the pipe, the others wait for it
		c := call
		a, refusal := x.attach(&c, shared.From{})
		if refusal != nil {
			t.Fatal(refusal)
		}
		senders = append(senders, a)
		go func() { errs <- a.Send([]libwebsocketd.Message{{Kind: libwebsocketd.Text, Data: make([]byte, 1<<20)}}) }()
	}
	x.End()
	for range senders {
		if err := <-errs; !libwebsocketd.IsEnd(err) {
			t.Errorf("a message got %v", err)
		}
	}
	for _, a := range senders {
		a.Close()
	}
	<-x.gone
	if a, refusal := x.attach(&call, shared.From{}); a != nil || refusal == nil || refusal.Status != http.StatusGone || !strings.Contains(refusal.Reason, "the program has ended: ") {
		t.Errorf("after the end: %v, %v", a, refusal)
	}
}

// TestClosedInput: that a process has closed its input is told in words for clients.
func TestClosedInput(t *testing.T) {
	t.Parallel()
	s := serve(t, `exec <&-; echo closed; exec sleep 1000`, Lifetime{}, endsAtOnce)
	doc, c := s.make()
	reads(t, c.dial("/?session="+doc.ID), "closed")
	if status, text := c.do("POST", "/?session="+doc.ID, "", "x"); status != http.StatusServiceUnavailable || !strings.Contains(text, "takes no input any more") {
		t.Errorf("%d %s", status, text)
	}
}

// TestExpires: a session ends when no client was attached for Resume, and not while one is,
// however long. Without Resume it does not end.
func TestExpires(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{Resume: 300 * time.Millisecond})
	b := s.browser()
	c := b.dial("/")
	first := read(c)
	<-time.After(time.Second)
	write(c, "still there")
	reads(t, c, "still there")
	x := s.one()
	c.Close()
	<-x.Done()
	testkit.Eventually(t, "it is gone", func() bool { return s.Registry.Len() == 0 && !isAlive(pidOf(t, first)) })
	if status := b.refused("/?session=" + x.ID); status != 404 {
		t.Errorf("%d", status)
	}
	if got := read(b.dial("/")); got == first {
		t.Error("it is the old one")
	}
}
