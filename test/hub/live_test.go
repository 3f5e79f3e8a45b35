package hub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	goclient "websocketd/client"
	"websocketd/test/harness"
)

// TestPings (2.7, point 6): pings come at the interval that was set, and a peer that never answers
// one is dropped, while one that does stays.
func TestPings(t *testing.T) {
	t.Parallel()
	const interval = time.Second // in two of which this process has to run, and to answer
	o := operate(t, "--pingms=1000", "cat")
	answers, mute := connect(t, o.admin), connect(t, o.admin)
	mute.settled() // and is never read again
	pings, began := 0, time.Now()
	answers.SetPingHandler(func(data string) error {
		if pings++; pings == 3 {
			answers.say(`{"type":"ping"}`)
		}
		return answers.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(harness.Patience(t)))
	})
	answers.expect("[pong]")
	if took := time.Since(began); took < 3*interval*9/10 {
		t.Errorf("three pings in %s", took)
	}
	stays := make(chan error)
	go func() {
		_, _, err := answers.ReadMessage()
		stays <- err
	}()
	harness.Until(t, "one client is left", func() bool {
		var all struct{ Clients int }
		_, body := ask(t, "GET", "http://"+o.admin+"/api/hub")
		return json.Unmarshal([]byte(body), &all) == nil && all.Clients == 1
	})
	answers.say(`{"type":"ping"}`)
	if err := <-stays; err != nil {
		t.Errorf("the one that answers is gone, too: %v", err)
	}
}

// TestReconnectingClient (2.7, point 14): our client comes back to a server that was started again.
// It tells of each attempt, and waits longer and longer between them, up to a limit.
func TestReconnectingClient(t *testing.T) {
	t.Parallel()
	const first, most = 20 * time.Millisecond, 200 * time.Millisecond
	s := startExample(t, "echo", "one")
	var pauses []time.Duration // before each attempt since the connection was lost
	lost, opened := make(chan int, 1000), make(chan bool, 1000)
	ctx := harness.Context(t)
	c, err := goclient.Dial(ctx, "ws://"+s.Addr+"/ws", &goclient.Options{
		NoResume: true, NoFallback: true, FirstDelay: first, MostDelay: most,
		Opened: func(goclient.Opened) { opened <- true },
		Lost: func(_ error, again time.Duration) {
			pauses = append(pauses, again)
			lost <- len(pauses)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	received := make(chan string, 1000)
	go func() {
		defer close(received)
		for m, err := range c.Messages(ctx) {
			if err != nil {
				return
			}
			received <- string(m.Data)
		}
	}()
	defer func() {
		c.Close()
		for range received {
		}
	}()
	// subscribes subscribes, as is to be done for each connection, and has the process run.
	subscribes := func(s *harness.Server) {
		t.Helper()
		<-opened
		for _, text := range []string{`{"type":"subscribe","data":"process:x"}`, `{"type":"ping"}`} {
			if err := c.Write(ctx, goclient.Message{Kind: goclient.Text, Data: []byte(text)}); err != nil {
				t.Fatal(err)
			}
		}
		for _, part := range []string{`"pong"`, `"running"`, `"one"`, `"exited"`} {
			if part == `"running"` {
				runAs(t, s, "x")
			}
			if text := <-received; !strings.Contains(text, part) {
				t.Fatalf("%s, not %s", text, part)
			}
		}
	}
	subscribes(s)
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	for <-lost < 8 {
	}
	subscribes(startExampleAt(t, s.Port, "echo", "one"))
	for i, pause := range pauses[:8] {
		longest := min(most, first<<i)
		if pause < longest/2 || pause > longest {
			t.Errorf("the pause before attempt %d is %s, and not from %s to %s", i+1, pause, longest/2, longest)
		}
	}
	t.Log(pauses)
}

// TestAdmission (2.7, point 11): the operator's /ws refuses whoever has no token, or a wrong one,
// and pages of other sites, before the upgrade. The token goes in the header, and a ticket for it
// in the query.
func TestAdmission(t *testing.T) {
	t.Parallel()
	admin := fmt.Sprint("127.0.0.1:", harness.MustFreePort())
	file := filepath.Join(t.TempDir(), "token")
	harness.WriteFile(t, file, "a-token-of-our-own-0123456789", 0o600)
	harness.Start(t, harness.Binary(t), "--admin="+admin, "--admintokenfile="+file, "cat")
	awaitListener(t, admin)
	right := http.Header{"Authorization": {"bearer a-token-of-our-own-0123456789"}}
	for _, test := range []struct {
		header http.Header
		status string
	}{
		{nil, "401"},
		{http.Header{"Authorization": {"Bearer wrong"}}, "401"},
		{http.Header{"Authorization": right["Authorization"], "Origin": {"http://example.com"}}, "403"},
	} {
		if _, err := tryConnect(t, admin, test.header); err == nil || !strings.Contains(err.Error(), test.status) {
			t.Errorf("%v: %v", test.header, err)
		}
	}
	connect(t, admin, right).settled()

	status, body := ask(t, "POST", "http://"+admin+"/api/ticket", "Authorization: "+right.Get("Authorization"))
	var ticket struct{ Ticket string }
	if err := json.Unmarshal([]byte(body), &ticket); status != 200 || err != nil {
		t.Fatalf("%d %s", status, body)
	}
	dialer := websocket.Dialer{NetDialContext: harness.DialContext(t)}
	for i, want := range []int{101, 403} { // once
		c, answer, err := dialer.Dial("ws://"+admin+"/ws?token="+ticket.Ticket, nil)
		if answer == nil || answer.StatusCode != want {
			t.Errorf("use %d of a ticket: %v", i+1, err)
		}
		if err == nil {
			c.Close()
		}
	}
}
