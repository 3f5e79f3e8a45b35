package promises

import (
	"sync"
	"sync/atomic"
	"testing"

	"websocketd/test/harness"
)

// --maxforks is exact however many clients come at once, and however often.
func TestMaxForksIsExact(t *testing.T) {
	t.Parallel()
	const limit, clients = 5, 40
	s := start(t, "--maxforks=5", "cat")
	for range 3 {
		var admitted, refused atomic.Int32
		conns := make([]*harness.Conn, clients)
		for i := range conns {
			conns[i] = s.Dial(t)
		}
		var all sync.WaitGroup
		for _, c := range conns {
			all.Go(func() {
				c.Conn.Write([]byte(harness.Handshake("/").String()))
				if c.ReadResponse() != nil {
					return
				}
				switch c.Status() {
				case 101:
					admitted.Add(1)
				case 429:
					refused.Add(1)
				}
			})
		}
		all.Wait()
		if a, r := admitted.Load(), refused.Load(); a != limit || r != clients-limit {
			t.Fatalf("%d admitted and %d refused, expected %d and %d", a, r, limit, clients-limit)
		}
		if n := len(s.Children()); n != limit {
			t.Fatalf("%d processes", n)
		}
		for _, c := range conns {
			c.Conn.Close()
		}
		harness.NoSurvivors(t, s)
		// Slots are free a moment after the processes are gone; take all five.
		for range limit {
			s.ConnectWhenFree(t).Conn.Close()
		}
		harness.Until(t, "all slots are free", func() bool {
			return len(s.Out.With("DISCONNECT")) == len(s.Out.With("| CONNECT"))
		})
	}
}

// 0 is no limit.
func TestMaxForksZero(t *testing.T) {
	t.Parallel()
	s := start(t, "--maxforks=0", "sleep", "100")
	for range 60 {
		s.Connect(t)
	}
}
