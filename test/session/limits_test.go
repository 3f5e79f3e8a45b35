package session

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// many returns how many sessions a test makes: n, or a multiple of it with SESSIONS.
func many(t *testing.T, n int) int {
	t.Helper()
	if times, err := strconv.Atoi(os.Getenv("SESSIONS")); err == nil {
		return n * times
	}
	return n
}

// made is the answer to session=new.
type made struct {
	ID     string
	Number uint64
	Secret string
	URL    string
	cookie string
}

// create makes a session, or returns the status of the refusal.
func create(t *testing.T, s *harness.Server) (m made, status int) {
	t.Helper()
	resp, err := harness.HTTPClient(t).Post("http://"+s.Addr+"/?session=new", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return m, resp.StatusCode
	}
	if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
		t.Fatal(err)
	}
	m.cookie, _, _ = strings.Cut(resp.Header.Get("Set-Cookie"), ";")
	return m, resp.StatusCode
}

// state returns the document about a session, and the status of the answer.
func (m *made) state(t *testing.T, s *harness.Server) (document map[string]any, status int) {
	t.Helper()
	r, _ := http.NewRequest("GET", "http://"+s.Addr+m.URL, nil)
	r.Header = http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + m.Secret}}
	resp, err := harness.HTTPClient(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		if err := json.NewDecoder(resp.Body).Decode(&document); err != nil {
			t.Fatal(err)
		}
	}
	return document, resp.StatusCode
}

// createAll makes n sessions, a few at a time.
func createAll(t *testing.T, s *harness.Server, n int) (all []made) {
	t.Helper()
	var mu sync.Mutex
	var at sync.WaitGroup
	for range 4 {
		at.Go(func() {
			for range n / 4 {
				m, status := create(t, s)
				if status != http.StatusCreated {
					t.Errorf("a session is refused with %d", status)
					return
				}
				mu.Lock()
				all = append(all, m)
				mu.Unlock()
			}
		})
	}
	at.Wait()
	return all
}

// TestIdleSessions: sessions that nobody is attached to cost little, and a server that is
// killed leaves nothing of them.
func TestIdleSessions(t *testing.T) {
	t.Parallel()
	n := many(t, 100)
	s := harness.Start(t, harness.PlainBinary(t), "--resume=never", "--maxforks=2000", "cat")
	before := harness.Memory(t, s.PID)
	all := createAll(t, s, n)
	each := float64(harness.Memory(t, s.PID)-before) / 1024 / float64(len(all))
	harness.Measured(t, "%d sessions, nobody attached: %.1f KB each, %d threads", len(all), each, harness.Threads(t, s.PID))
	if each > 100 {
		t.Errorf("an idle session costs %.1f KB", each)
	}
	if left := len(s.Children()); left != len(all) {
		t.Errorf("%d processes for %d sessions", left, len(all))
	}
	s.Signal(t, syscall.SIGKILL)
	s.Wait(t)
	harness.NothingLeft(t, s)
}

// TestFloodingSessions: a program that floods while nobody is attached waits when half of
// the history is full, and the server stays small. Who comes then has it from its first
// line.
func TestFloodingSessions(t *testing.T) {
	t.Parallel()
	const history = 256 << 10
	n := many(t, 20)
	s := harness.Start(t, harness.PlainBinary(t), "--resume=never", "--history="+strconv.Itoa(history), "--maxforks=2000", "seq", "1", "100000000")
	before := harness.Memory(t, s.PID)
	all := createAll(t, s, n)
	for _, m := range all {
		harness.Until(t, "the output waits", func() bool {
			document, status := m.state(t, s)
			if status != http.StatusOK {
				t.Fatalf("the document: %d", status)
			}
			return harness.Blocked(int(document["pid"].(float64))) && document["last"].(float64) > 1000
		})
	}
	each := float64(harness.PeakMemory(t, s.PID)-before) / 1024 / float64(len(all))
	harness.Measured(t, "%d sessions flooding, nobody attached: at most %.1f KB each, --history=%d KB", len(all), each, history>>10)
	if each > 3*history/1024 {
		t.Errorf("a session that floods costs %.1f KB", each)
	}
	m := all[0]
	c := s.Open(t, harness.Handshake(m.URL).Add("Authorization", "Bearer "+m.Secret))
	line := 0
	for line < 200_000 { // many times the history
		got, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if line++; string(got.Data) != strconv.Itoa(line) {
			t.Fatalf("line %d is %q", line, got.Data)
		}
	}
}

// TestAbandonedSessions: whoever makes sessions and leaves gets so many, then 429, and at
// the end nothing is left of them.
func TestAbandonedSessions(t *testing.T) {
	t.Parallel()
	most, tries := many(t, 20), many(t, 100)
	s := harness.Start(t, harness.PlainBinary(t), "--resume=30s", "--maxsessions="+strconv.Itoa(most), "--maxforks=2000", "cat")
	counts := map[int]int{}
	var last made
	for range tries {
		m, status := create(t, s)
		if counts[status]++; status == http.StatusCreated {
			last = m
		}
	}
	if counts[http.StatusCreated] != most || counts[http.StatusTooManyRequests] != tries-most {
		t.Errorf("%d sessions, and then: %v", most, counts)
	}
	if _, status := last.state(t, s); status != http.StatusOK {
		t.Errorf("the document of the last one: %d", status)
	}
	harness.NoSurvivors(t, s)
	harness.Until(t, "the last session is gone", func() bool {
		_, status := last.state(t, s)
		return status == http.StatusNotFound
	})
	if m, status := create(t, s); status != http.StatusCreated || m.Number != 1 {
		t.Errorf("the next session is number %d, status %d", m.Number, status)
	}
}

// TestSecretsStaySecret: neither the log at its most talkative, nor any environment or
// command line has what opens a session.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "--resume=1m", "--loglevel=debug", "--passenv=PATH,"+harness.MarkName, "sh", "-c", "env >&2; exec cat")
	m, _ := create(t, s)
	client := harness.HTTPClient(t)
	r, _ := http.NewRequest("POST", "http://"+s.Addr+m.URL+"&ticket=new", nil)
	r.Header.Set("Authorization", "Bearer "+m.Secret)
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	var ticket struct {
		Ticket  string
		Expires int
	}
	json.NewDecoder(resp.Body).Decode(&ticket)
	resp.Body.Close()
	if ticket.Ticket == "" || ticket.Expires != 30 {
		t.Fatalf("the ticket: %v", ticket)
	}
	byTicket := s.Open(t, harness.Handshake(m.URL+"&token="+ticket.Ticket))
	byTicket.Echo(t, "by ticket")
	// Another session, made with the cookie and the token of the first at hand.
	other := s.Open(t, harness.Handshake("/?session=new").Add("Cookie", "mine=1; "+m.cookie+"; yours=2").Add("Authorization", "Bearer "+m.Secret))
	other.Echo(t, "by cookie")
	var seen bytes.Buffer
	seen.WriteString(s.Out.String())
	seen.WriteString(s.Err.String())
	for _, pid := range append(s.Everything(), s.PID) {
		for _, name := range []string{"environ", "cmdline"} {
			text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), name))
			seen.Write(text)
		}
	}
	if bytes.Contains(seen.Bytes(), []byte(m.Secret)) {
		t.Error("the secret of a session is in the log, an environment or a command line")
	}
	if !bytes.Contains(seen.Bytes(), []byte("mine=1; yours=2")) {
		t.Error("the other cookies are not passed on")
	}
}

// TestTwoServersOneHost: a browser keeps the sessions of two servers on one host apart,
// though it sends both the cookies of both.
func TestTwoServersOneHost(t *testing.T) {
	t.Parallel()
	a := harness.Start(t, harness.Binary(t), "--resume=1m", "cat")
	b := harness.Start(t, harness.Binary(t), "--resume=1m", "cat")
	ma, _ := create(t, a)
	mb, _ := create(t, b)
	both := ma.cookie + "; " + mb.cookie
	for _, at := range []struct {
		server *harness.Server
		m      made
	}{{a, ma}, {b, mb}} {
		c := at.server.Open(t, harness.Handshake("/").Add("Cookie", both))
		c.Echo(t, "here")
		if document, _ := at.m.state(t, at.server); document["last"] != 1.0 || document["viewers"] != 1.0 {
			t.Errorf("the client is not attached to its session: %v", document)
		}
	}
	if name := func(cookie string) string { n, _, _ := strings.Cut(cookie, "="); return n }; name(ma.cookie) == name(mb.cookie) {
		t.Errorf("both cookies are called %s", name(ma.cookie))
	}
}

// TestExpiry: after its time without a client the whole tree of a session is gone, and not
// while a client is there.
func TestExpiry(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "--resume=2s", "sh", "-c", "sleep 1000 & (set -m; sleep 1000 & ); exec cat")
	m, _ := create(t, s)
	auth := func(q string) harness.Request {
		return harness.Handshake(m.URL+q).Add("Authorization", "Bearer "+m.Secret)
	}
	c := s.Open(t, auth(""))
	for began := time.Now(); time.Since(began) < 3*time.Second; { // longer than it would be kept without this client
		c.Echo(t, "still here")
	}
	if n := len(s.Children()); n < 3 {
		t.Errorf("%d processes", n)
	}
	c.Reset()
	harness.NoSurvivors(t, s)
	again := s.Ask(t, auth("&after=1"))
	if again.ReadResponse(); again.Status() != http.StatusNotFound {
		t.Errorf("coming back: %d", again.Status())
	}
}
