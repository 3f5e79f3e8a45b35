package session

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"

	"websocketd/test/harness"
)

// state returns what GET ?state tells a client.
func (c *client) state(t *testing.T) (now struct {
	Lifetime, ID string
	Pid, Viewers int
	Last         uint64
	Epoch        *string
	Ended        *ending
}) {
	t.Helper()
	resp, err := c.do(harness.Context(t), "GET", url.Values{"state": {""}}, "", http.StatusOK, "application/json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if err := json.Unmarshal(text, &now); err != nil || now.Lifetime != "session" {
		t.Fatalf("%s, %v", text, err)
	}
	return now
}

// The state is that of the client's session, and of no other; it starts none.
func TestState(t *testing.T) {
	t.Parallel()
	s := start(t, append([]string{"--maxsessions=1"}, counting(t)...)...)
	nobody := newClient(t, s.Addr)
	if now := nobody.state(t); now.Epoch != nil {
		t.Errorf("without a session: %+v", now)
	}
	c := open(t, s)
	if now := c.state(t); now.Epoch == nil || now.ID != c.id || now.Pid == 0 || now.Viewers != 0 || now.Ended != nil {
		t.Errorf("%+v", now)
	}
	if now := nobody.state(t); now.Epoch != nil {
		t.Errorf("of another's session: %+v", now)
	}
	if err := c.say(harness.Context(t), "end"); err != nil {
		t.Fatal(err)
	}
	harness.Until(t, "it has ended", func() bool { now := c.state(t); return now.Ended != nil && *now.Ended == exit3 && now.Pid == 0 })
}
