package control

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestToken: on TCP nobody gets anything without the token, which the server makes, says once
// and never again; it is shown in a header, of three kinds, and nowhere else.
func TestToken(t *testing.T) {
	t.Parallel()
	s := atLoopback(t, catOptions(), "--loglevel=debug")
	if len(s.token) != 43 {
		t.Fatalf("the token is %q", s.token)
	}
	for _, test := range []struct {
		path, header string
		status       int
	}{
		{"/api/hub", "Authorization: Bearer " + s.token, 200},
		{"/api/hub", "Authorization: ApiKey " + s.token, 200},
		{"/api/hub", "X-API-Key: " + s.token, 200},
		{"/api/hub", "Accept: */*", 401},
		{"/api/hub", "Authorization: Bearer " + s.token[1:], 401},
		{"/api/hub", "Cookie: token=" + s.token, 401},
		{"/api/hub?token=" + s.token, "Accept: */*", 401},
		{"/ws?token=" + s.token, "Accept: */*", 403},
		{"/metrics", "Accept: */*", 401},
		{"/nothing", "Accept: */*", 401},
		{"/nothing", "X-API-Key: " + s.token, 404},
		{"/healthz", "Accept: */*", 200},
		{"/healthz", "Host: evil.example", 421},
		{"/api/hub", "Host: evil.example", 421},
	} {
		if status, body := s.ask(t, "GET", test.path, test.header); status != test.status {
			t.Errorf("%s with %s: %d %s, want %d", test.path, test.header, status, body, test.status)
		}
	}
	if c := s.watch(t, same, "/ws"); c.Status() != 401 || c.Header("WWW-Authenticate") == "" {
		t.Errorf("a WebSocket without a token: %d, %q", c.Status(), c.Header("WWW-Authenticate"))
	}
	c := s.watch(t, s.withToken, "/ws")
	c.Text(`{"type":"ping"}`)
	if m, err := c.Receive(); err != nil || !strings.Contains(string(m.Data), `"pong"`) {
		t.Errorf("%q, %v", m.Data, err)
	}
	if n := strings.Count(s.Out.String()+s.Err.String(), s.token); n != 1 {
		t.Errorf("the token stands in the log %d times", n)
	}
}

// TestTicketOfEvents: a ticket takes the place of the token for one EventSource, which can set
// no header, and for nothing that is asked for with one.
func TestTicketOfEvents(t *testing.T) {
	t.Parallel()
	s := atLoopback(t, harness.Options{Args: []string{"--shared", "--start=eager", "cat"}})
	ticket := func() string {
		_, body := s.ask(t, "POST", "/api/ticket", "Authorization: Bearer "+s.token)
		var told struct{ Ticket string }
		if err := json.Unmarshal([]byte(body), &told); err != nil || told.Ticket == "" {
			t.Fatal(body, err)
		}
		return told.Ticket
	}
	good := ticket()
	for _, test := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/api/connections?token=" + good, 401},
		{"DELETE", "/api/connections/x?token=" + good, 401},
		{"POST", "/api/channels/process:cat?token=" + good, 401},
		{"GET", "/api/channels/process:cat?wait=0s&token=" + good, 200},
		{"GET", "/api/channels/process:cat?wait=0s&token=" + good, 403},
	} {
		if status, body := s.ask(t, test.method, test.path); status != test.status {
			t.Errorf("%s %s: %d %s, want %d", test.method, test.path, status, body, test.status)
		}
	}
	c := harness.DialTo(t, s.address)
	c.Send(t, harness.Get("/api/channels/process:cat?token="+ticket()).Add("Accept", "text/event-stream").String())
	first := make([]byte, 12)
	if _, err := io.ReadFull(c.Conn, first); err != nil || string(first) != "HTTP/1.1 200" {
		t.Errorf("events: %q, %v", first, err)
	}
}

// TestOperatorIsNoClient: who watches is not among the connections, and no client of the
// programs.
func TestOperatorIsNoClient(t *testing.T) {
	t.Parallel()
	s := atLoopback(t, catOptions())
	if c := s.watch(t, s.withToken, "/ws"); c.Status() != 101 {
		t.Fatal(c.Status())
	}
	if _, body := s.ask(t, "GET", "/api/connections", "X-API-Key: "+s.token); strings.TrimSpace(body) != "[]" {
		t.Errorf("there are the connections %s", body)
	}
	s.Connect(t).Echo(t, "hello")
	if _, body := s.ask(t, "GET", "/api/connections", "X-API-Key: "+s.token); strings.Count(body, `"id"`) != 1 {
		t.Errorf("there are the connections %s", body)
	}
}

// TestTicketOfAPage: a ticket takes the place of the token in the URL of one WebSocket.
func TestTicketOfAPage(t *testing.T) {
	t.Parallel()
	s := atLoopback(t, catOptions(), "--loglevel=debug")
	if status, _ := s.ask(t, "POST", "/api/ticket"); status != 401 {
		t.Errorf("a ticket without a token: %d", status)
	}
	_, body := s.ask(t, "POST", "/api/ticket", "Authorization: Bearer "+s.token)
	var told struct {
		Ticket  string
		Expires int
	}
	if err := json.Unmarshal([]byte(body), &told); err != nil || told.Expires != 30 {
		t.Fatalf("%s, %v", body, err)
	}
	if c := s.watch(t, same, "/ws?token="+told.Ticket); c.Status() != 101 {
		t.Errorf("with a ticket: %d", c.Status())
	}
	if c := s.watch(t, same, "/ws?token="+told.Ticket); c.Status() != 403 {
		t.Errorf("with a ticket that was used: %d", c.Status())
	}
	if strings.Contains(s.Out.String(), told.Ticket) {
		t.Error("the ticket stands in the log")
	}
}

// TestTokenFile: the token of a file is taken in either form, and never logged; a changed file
// is taken up, and the old token is not right any more.
func TestTokenFile(t *testing.T) {
	t.Parallel()
	const first, second = "the-first-token-of-all", "another-token-of-all"
	file := tokenFile(t, first)
	s := atLoopback(t, catOptions(), "--admintokenfile="+file, "--loglevel=debug")
	if s.token != "" {
		t.Errorf("the log has a token: %s", s.token)
	}
	takes := func(token string) bool {
		status, _ := s.ask(t, "GET", "/api/hub", "X-API-Key: "+token)
		return status == 200
	}
	if !takes(first) || takes(second) {
		t.Error("the token of the file is not the one that is right")
	}
	harness.WriteFile(t, file, fmt.Sprintf("sha256:%x\n", sha256.Sum256([]byte(second))), 0o600)
	harness.Until(t, "the old token is right no more", func() bool { return !takes(first) })
	if !takes(second) {
		t.Error("the new token is not right")
	}
	harness.WriteFile(t, file, "short\n", 0o600)
	harness.Until(t, "the file is looked at", func() bool { takes(second); return s.Out.Has("the changed file cannot be used") })
	s.Out.Await(t, file, "can be guessed")
	if !takes(second) {
		t.Error("a file that cannot be used has taken the token away")
	}
	for _, secret := range []string{first, second, "short"} {
		if strings.Contains(s.Out.String(), secret) {
			t.Errorf("the log has %s", secret)
		}
	}
}

// TestNoToken: with none the pages and programs of this machine need nothing.
func TestNoToken(t *testing.T) {
	t.Parallel()
	s := atLoopback(t, catOptions(), "--admintoken=none")
	for header, want := range map[string]int{
		"Accept: */*":                      200,
		"Origin: http://localhost:5173":    200,
		"Origin: http://127.0.0.1:5173":    200,
		"Origin: http://evil.example":      403,
		"Origin: http://localhost.evil:80": 403,
		"Host: evil.example":               421,
		"Sec-Fetch-Site: cross-site":       403,
	} {
		if status, body := s.ask(t, "GET", "/api/hub", header); status != want {
			t.Errorf("%s: %d %s, want %d", header, status, body, want)
		}
	}
	if c := s.watch(t, func(r harness.Request) harness.Request { return r.Origin("http://localhost:5173") }, "/ws"); c.Status() != 101 {
		t.Errorf("a page of this machine: %d", c.Status())
	}
	if c := s.watch(t, func(r harness.Request) harness.Request { return r.Origin("http://evil.example") }, "/ws"); c.Status() != 403 {
		t.Errorf("another page: %d", c.Status())
	}
}

// TestGuesses: guesses do not keep out an operator of the same address, who shows the token that
// the server has made for the first time.
func TestGuesses(t *testing.T) {
	t.Parallel()
	s := atLoopback(t, catOptions())
	for range 15 {
		if status, _ := s.ask(t, "GET", "/api/hub", "X-API-Key: guess"); status != 401 {
			t.Fatalf("a guess: %d", status)
		}
	}
	if status, _ := s.ask(t, "GET", "/api/hub", "X-API-Key: "+s.token); status != 200 {
		t.Errorf("the operator is kept out: %d", status)
	}
}
