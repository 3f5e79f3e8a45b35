package libwebsocketd

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/gate"
)

// visitor is a connection of conns, and its other end.
type visitor struct {
	*accepted
	client net.Conn
}

func enter(t *testing.T, c *conns) visitor {
	theirs, ours := net.Pipe()
	t.Cleanup(func() { theirs.Close(); ours.Close() })
	a := &accepted{Conn: ours, conns: c}
	c.note(a, http.StateNew)
	return visitor{a, theirs}
}

// Send makes the server read text.
func (v visitor) Send(t *testing.T, text string) {
	sent := make(chan error, 1)
	go func() { _, err := io.WriteString(v.client, text); sent <- err }()
	if _, err := io.ReadFull(v, make([]byte, len(text))); err != nil {
		t.Errorf("read: %v", err)
	}
	if err := <-sent; err != nil {
		t.Errorf("sent: %v", err)
	}
}

func (v visitor) isOpen() bool { return !v.evicted.Load() && v.SetDeadline(time.Time{}) == nil }

// TestMostHeld: when unfinished headers cost too much, the one goes that has held
// something longest, and none that has a request, holds next to nothing or is alone.
func TestMostHeld(t *testing.T) {
	t.Parallel()
	c := newConns(0, 21_000, slog.New(slog.DiscardHandler))
	header := func(n int) string { return strings.Repeat("x", n) }
	busy, little, asked, upgraded := enter(t, c), enter(t, c), enter(t, c), enter(t, c)
	first, second, third := enter(t, c), enter(t, c), enter(t, c)
	busy.Send(t, header(30_000)) // alone
	c.note(busy.accepted, http.StateActive)
	little.Send(t, header(4000))
	asked.Send(t, header(15_000))
	c.note(asked.accepted, http.StateActive)
	c.note(asked.accepted, http.StateIdle)
	upgraded.Send(t, header(5000))
	c.note(upgraded.accepted, http.StateHijacked)
	first.Send(t, header(5000))
	second.Send(t, header(14_000))
	busy.Send(t, header(30_000)) // the body of its request
	third.Send(t, strings.Repeat("a:\n", 60))
	for name, v := range map[string]struct {
		visitor
		open bool
	}{
		"busy": {busy, true}, "little": {little, true}, "asked": {asked, true}, "upgraded": {upgraded, true},
		"first": {first, false}, "second": {second, true}, "third": {third, true},
	} {
		if v.isOpen() != v.open {
			t.Errorf("%s: open is %v", name, v.isOpen())
		}
	}
	for _, v := range []visitor{first, second, third} {
		c.note(v.accepted, http.StateClosed)
	}
	if c.held != 0 || c.holders.Len() != 0 || c.count != 4 {
		t.Errorf("%d are there, of which %d hold %d", c.count, c.holders.Len(), c.held)
	}
	unused := enter(t, c)
	c.close()
	if unused.isOpen() || !asked.isOpen() {
		t.Error("at the end those that never had a request are closed, and no others")
	}
}

// TestEvicted: an evicted connection is answered, by its Read or, when its request has
// just come whole, by ServeHTTP.
func TestEvicted(t *testing.T) {
	t.Parallel()
	c := newConns(0, 1, slog.New(slog.DiscardHandler))
	reading, asking := enter(t, c), enter(t, c)
	reading.Send(t, strings.Repeat("x", 5000))
	ended := make(chan error, 1)
	go func() {
		_, err := reading.Read(make([]byte, 1))
		ended <- err
	}()
	asking.Send(t, strings.Repeat("x", 5000))
	answer, err := http.ReadResponse(bufio.NewReader(reading.client), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode != 503 || !answer.Close || !strings.Contains(string(body), "--maxmemory") || err != nil {
		t.Errorf("answered %d %q %v", answer.StatusCode, body, err)
	}
	if err := <-ended; err != io.EOF {
		t.Errorf("the read ends with %v", err)
	}
	enter(t, c).Send(t, strings.Repeat("x", 5000))
	c.note(asking.accepted, http.StateActive)
	r, _ := http.NewRequestWithContext(withConn(t.Context(), asking.accepted), "GET", "/", nil)
	if refusal := c.begin(r); refusal == nil || refusal.Status != 503 || !strings.Contains(refusal.Reason, "--maxmemory") {
		t.Errorf("the request is refused with %v", refusal)
	}
}

// TestToldApart: of two reasons to refuse connections each is logged in its own interval.
func TestToldApart(t *testing.T) {
	t.Parallel()
	var told strings.Builder
	c := newConns(1, 1, slog.New(slog.NewTextHandler(&told, nil)))
	c.mu.Lock()
	defer c.mu.Unlock()
	for range 3 {
		for at, why := range map[*time.Time]*gate.Refusal{&c.toldFull: c.full(), &c.toldHeld: c.tooMuchHeld()} {
			c.tellLocked(at, why)
		}
	}
	if n := strings.Count(told.String(), "\n"); n != 2 || !strings.Contains(told.String(), "--maxconns") || !strings.Contains(told.String(), "--maxmemory") {
		t.Errorf("told: %s", &told)
	}
}

// TestGreeted: of a TLS connection only what follows the first message is taken for
// lines that cannot be seen.
func TestGreeted(t *testing.T) {
	t.Parallel()
	c := newConns(0, 100_000, slog.New(slog.DiscardHandler))
	v := enter(t, c)
	v.secure = true
	v.Send(t, strings.Repeat("x", 5000))
	if v.held != 5000 {
		t.Errorf("the first message costs %d", v.held)
	}
	greeted(v.accepted)
	if v.held != 0 || c.held != 0 {
		t.Errorf("then it costs %d of %d", v.held, c.held)
	}
	v.Send(t, strings.Repeat("x", 1000))
	if v.held != 1000*secretCost || c.held != v.held {
		t.Errorf("1000 bytes cost %d of %d", v.held, c.held)
	}
}
