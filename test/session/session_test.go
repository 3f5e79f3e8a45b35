package session

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"

	"websocketd/test/harness"
)

// start runs our binary with lifetime session, more flags and a command.
func start(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Binary(t), append([]string{"--resume=1m"}, args...)...)
}

// open makes a session, and returns its client.
func open(t *testing.T, s *harness.Server) *client {
	t.Helper()
	c := newClient(t, s.Addr)
	resp, err := c.do(harness.Context(t), "POST", url.Values{"session": {"new"}}, "", http.StatusCreated, "application/json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var made struct{ ID, Secret string }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || made.ID == "" || made.Secret == "" {
		t.Fatalf("%+v, %v", made, err)
	}
	c.id, c.secret = made.ID, made.Secret
	return c
}

// What TestCutShared says holds for a session, however little of its output is kept:
// the program waits for its client.
func TestCutSession(t *testing.T) {
	t.Parallel()
	history := map[string]string{
		"websocket": "64K",
		"polls":     "64K",
		"events":    "4M", // what the proxy has taken counts as confirmed, and must be kept
		"hopping":   "4M",
	}
	for mode, readers := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := start(t, append([]string{"--pingms=200", "--history=" + history[mode]}, counting(t)...)...)
			survive(t, open(t, s), readers)
		})
	}
}

// A client that does not count loses nothing, and only what the server cannot know to
// have come is repeated.
func TestCutUnconfirmed(t *testing.T) {
	t.Parallel()
	s := start(t, append([]string{"--pingms=60000", "--history=16K"}, counting(t)...)...)
	c := open(t, s)
	c.acks = true
	survive(t, c, modes["websocket"])
	if c.confirmed == 0 {
		t.Error("nothing was confirmed")
	}
}

// A client that is cut off while it is told the end is told again. Without a WebSocket
// the server knows only that the next system has taken the end, here the proxy's, and
// keeps it for a while.
func TestCutEnding(t *testing.T) {
	t.Parallel()
	s := start(t, harness.Child(t), "count", "-now", "-total=10", "-stay", "-status=3")
	faults := []harness.Fault{harness.Reset, harness.Stall(giveUp), harness.EndToClient, harness.EndToServer, harness.Blackhole}
	for _, mode := range []string{"websocket", "events", "polls"} {
		for _, fault := range faults {
			for _, bytes := range []int{0, 1, 16} { // of 17
				t.Run(fmt.Sprint(mode, ", ", fault.Name, " at ", bytes), func(t *testing.T) {
					t.Parallel()
					if err := cutAtTheEnd(t, open(t, s), fault, bytes, modes[mode]); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// cutAtTheEnd has c read all ten lines before the fault is armed and the program ended.
func cutAtTheEnd(t *testing.T, c *client, fault harness.Fault, bytes int, readers []reader) error {
	t.Helper()
	direct := *c
	proxy := c.through(t)
	c.received = func(last uint64) error {
		if last < 10 {
			return nil
		}
		proxy.After(bytes, fault)
		return direct.say(harness.Context(t), "stop")
	}
	if err := c.readAll(t, rand.New(rand.NewPCG(1, 1)), readers...); err != nil {
		return err
	}
	if c.last != 10 || *c.ending != exit3 {
		return fmt.Errorf("%+v after message %d", *c.ending, c.last)
	}
	return nil
}
