package soak

import (
	"context"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// crowds returns all kinds of clients.
func crowds(long bool) []*face {
	all := []*face{
		{name: "WebSocket, talks", at: 2, converse: talk},
		{name: "WebSocket, listens", at: 2, converse: tell},
		{name: "events", at: 2, converse: events},
		{name: "POST", at: 2, converse: post},
		{name: "shared, WebSocket", at: 2, converse: follow("/shared")},
		{name: "shared, events", at: 1, converse: blocked("/shared")},
		{name: "shared, long polls", at: 1, converse: polls("/shared")},
		{name: "session", at: 3, converse: attend},
		{name: "supervised, WebSocket", at: 2, converse: follow("/super")},
		{name: "supervised, long polls", at: 1, converse: polls("/super")},
		{name: "call, WebSocket", at: 2, converse: call},
		{name: "hub", at: 2, converse: subscribe},
		{name: "MCP, stateless", at: 2, converse: stateless},
		{name: "MCP, session", at: 2, converse: mcpSession},
		{name: "files, CGI, state", at: 1, converse: beside},
	}
	if long {
		all = append(all, &face{name: "call, HTTP", at: 2, converse: callByHTTP})
	}
	return all
}

// minutes returns how long make soak runs, and whether it is make soak.
func minutes(t *testing.T) (d time.Duration, long bool) {
	t.Helper()
	text := os.Getenv("MINUTES")
	if text == "" {
		return 3 * time.Second, false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n <= 0 || n > mostMinutes {
		t.Fatalf("MINUTES=%s is no number of minutes up to %d", text, mostMinutes)
	}
	return time.Duration(n * float64(time.Minute)), true
}

const mostMinutes = 24 * 60

// warm is how long what is kept for reuse is filled before it is measured.
const warm = 10 * time.Second

// Whatever comes and goes, no line is lost that a client has a right to, and nothing stays behind.
func TestSoak(t *testing.T) {
	d, long := minutes(t)
	h := newHouse(t, long)
	faces, all := crowds(long), troubles(long)
	h.run(t, min(d/2, warm), faces, all)
	start := h.settle(t, 2*forgotten)
	if long {
		h.expire()
		start = h.settle(t, forgotten)
		h.profile(t, "heap")
	}
	h.run(t, d, faces, all)
	end := h.settle(t, 2*forgotten)
	for deadline := time.Now().Add(forgets); end.over(start) != "" && time.Now().Before(deadline); {
		wait(t.Context(), h.random, 10*time.Second)
		end = h.settle(t, forgotten)
	}
	h.table(t, faces, all, start, end)
	if more := end.over(start); more != "" {
		t.Errorf("not all is back, see the profiles in %s: %s", h.artifacts, more)
		h.profile(t, "heap?gc=1")
		h.profile(t, "goroutine?debug=1")
	}
	for _, f := range faces {
		f.tally.check(t, f.name)
	}
}

// run has everyone come, and everything happen, for some time.
func (h *house) run(t *testing.T, d time.Duration, faces []*face, all []*trouble) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var both sync.WaitGroup
	both.Go(func() { h.crowd(ctx, faces) })
	both.Go(func() { h.trouble(ctx, all) })
	both.Wait()
}

// expire waits until the server has forgotten the calls over HTTP.
func (h *house) expire() {
	timer := time.NewTimer(forgotten)
	defer timer.Stop()
	<-timer.C
}
