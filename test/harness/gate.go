package harness

import (
	"net/http"
	"sync/atomic"
)

// Gate is a [Wall] that stops WebSockets while it is closed, and counts them.
type Gate struct {
	*Wall

	closed          atomic.Bool
	refused, passed atomic.Int64
}

// NewGate starts a closed gate before a server. It ends with the test.
func NewGate(t T, target string) *Gate {
	t.Helper()
	g := &Gate{}
	g.Close()
	g.Wall = NewWall(t, target, g.stop)
	return g
}

// stop returns the status for a request that is stopped, else 0.
func (g *Gate) stop(r *http.Request) int {
	switch {
	case r.Header.Get("Upgrade") == "":
		return 0
	case g.closed.Load():
		g.refused.Add(1)
		return Upgrades(r)
	}
	g.passed.Add(1)
	return 0
}

// Close has the gate refuse handshakes from now on.
func (g *Gate) Close() { g.closed.Store(true) }

// Open has the gate pass everything on.
func (g *Gate) Open() { g.closed.Store(false) }

// Refused returns how many handshakes were refused.
func (g *Gate) Refused() int { return int(g.refused.Load()) }

// Passed returns how many handshakes were passed on.
func (g *Gate) Passed() int { return int(g.passed.Load()) }
