package libwebsocketd

import (
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestMostWaiting: when too many connections wait for a request, the one that has waited
// longest is closed, and none that has a request.
func TestMostWaiting(t *testing.T) {
	t.Parallel()
	c := newConns(0, 2, slog.New(slog.DiscardHandler))
	conns := map[string]net.Conn{}
	isOpen := func(name string) bool {
		return conns[name].SetDeadline(time.Time{}) == nil
	}
	enter := func(name string) {
		theirs, ours := net.Pipe()
		t.Cleanup(func() { theirs.Close(); ours.Close() })
		conns[name] = ours
		c.note(ours, http.StateNew)
	}
	enter("busy")
	c.note(conns["busy"], http.StateActive)
	enter("first")
	enter("upgraded")
	c.note(conns["upgraded"], http.StateHijacked)
	enter("second")
	c.note(conns["busy"], http.StateIdle) // the third that waits
	enter("last")
	for name, open := range map[string]bool{"busy": true, "first": false, "upgraded": true, "second": false, "last": true} {
		if isOpen(name) != open {
			t.Errorf("%s: open is %v", name, isOpen(name))
		}
	}
	c.note(conns["first"], http.StateClosed)
	c.note(conns["last"], http.StateClosed)
	if n := c.waiting.Len(); n != 1 {
		t.Errorf("%d wait", n)
	}
	enter("unused")
	c.close()
	if isOpen("unused") || !isOpen("busy") {
		t.Error("at the end those that never had a request are closed, and no others")
	}
}
