package pow

import (
	"strconv"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// ways for a client to leave.
var leavings = map[string]func(t *testing.T, c *call){
	"close":       func(_ *testing.T, c *call) { c.Conn.Conn.Close() },
	"reset":       func(_ *testing.T, c *call) { c.Reset() },
	"half close":  func(t *testing.T, c *call) { c.HalfClose(t) },
	"close frame": goodbye,
}

// goodbye says goodbye, waits for the answer a little, and closes the connection.
func goodbye(_ *testing.T, c *call) {
	c.SetDeadline(time.Now().Add(time.Second))
	c.SendClose(1000, "bye")
	c.ReadFrame()
	c.Conn.Conn.Close()
}

// A close frame is answered with its code and an empty reason, and there is no result. The
// process is gone; so it is before the call.
func TestClientCloses(t *testing.T) {
	t.Parallel()
	s := serve(t, deaf)
	for _, called := range []bool{true, false} {
		for sent, want := range map[int]int{0: 1005, 1000: 1000, 1001: 1001, 4321: 4321} {
			c := open(t, s)
			if called {
				c.control(t, message("stubborn"))
				c.says(t, "up\n")
			}
			if err := c.SendClose(sent, "mine"); err != nil {
				t.Fatal(err)
			}
			if o := c.rest(t); o.result != "" || o.end != (harness.Closed{Code: want}) {
				t.Errorf("called %t, closed with %d: %+v", called, sent, o)
			}
		}
	}
	harness.NoSurvivors(t, s)
}

// However a client leaves, nothing of its process is left, and its place is free.
func TestNobodySurvives(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"stubborn", "sleeps", "family", "stopped"} {
		for how, leave := range leavings {
			for _, flood := range []bool{false, true} {
				t.Run(name+", "+how+", flooded "+strconv.FormatBool(flood), func(t *testing.T) {
					t.Parallel()
					s := serve(t, deaf, "--maxforks=1", "--pingms=1000")
					for range 2 { // the second needs the place of the first
						c := beginWhenFree(t, s, name)
						limit := 8 << 20
						if how == "half close" {
							limit = 100 << 10 // a FIN after more than that stays with the client's system
						}
						if flood {
							c.FillUp(harness.TextOp, 1000, limit)
						}
						leave(t, c)
						harness.NoSurvivors(t, s)
					}
				})
			}
		}
	}
}

// beginWhenFree calls a process that says up, again until there is a place for it.
func beginWhenFree(t *testing.T, s *harness.Server, name string) (c *call) {
	t.Helper()
	harness.Until(t, "there is a free place", func() bool {
		c = begin(t, s, name)
		m, err := c.Receive()
		return err == nil && string(m.Data) == "up\n"
	})
	return c
}

// A client whose network is gone is missed by its pings.
func TestVanished(t *testing.T) {
	t.Parallel()
	s := serve(t, deaf, "--pingms=1000")
	proxy := harness.NewProxy(t, s.Addr)
	through := *s
	through.Addr = proxy.Addr
	c := begin(t, &through, "family")
	c.says(t, "up\n")
	proxy.After(0, harness.Blackhole) // at the next ping
	harness.NoSurvivors(t, s)
}

// Whatever is running when the server is killed, nothing is left.
func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	for _, victim := range []string{"server", "guardian"} {
		t.Run(victim, func(t *testing.T) {
			t.Parallel()
			s := serve(t, deaf+cat)
			for _, name := range []string{"stubborn", "sleeps", "family", "stopped"} {
				for range 3 {
					begin(t, s, name).says(t, "up\n")
				}
			}
			open(t, s)
			begin(t, s, "cat")
			if victim == "guardian" {
				old := s.Guardian()
				if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				harness.Until(t, "there is another guardian", func() bool { now := s.Guardian(); return now != 0 && now != old })
				begin(t, s, "family").says(t, "up\n") // it is told of this after all the others
			}
			s.Signal(t, syscall.SIGKILL)
			s.Wait(t)
			harness.NothingLeft(t, s)
		})
	}
}

// A client that comes and goes before, at and after its call leaves nothing, and nothing held.
func TestComingAndGoing(t *testing.T) {
	t.Parallel()
	s := serve(t, cat+deaf)
	begin(t, s, "sleeps").Reset()
	harness.NoSurvivors(t, s)
	before := harness.Settled(t, func() int { return harness.Descriptors(t, s.PID) })
	for i := range 100 {
		c := open(t, s)
		if i%5 > 0 {
			m := message([]string{"sleeps", "cat", "stubborn", "nothing"}[i%5-1])
			if i%7 == 0 {
				m = m[:20]
			}
			c.control(t, m)
		}
		if i%3 == 0 {
			c.input(t, "x")
		}
		switch i % 4 {
		case 0:
			c.Reset()
		case 1:
			c.Conn.Conn.Close()
		case 2:
			c.SendClose(1000, "")
			c.Conn.Conn.Close()
		default:
			c.HalfClose(t)
		}
	}
	harness.NoSurvivors(t, s)
	harness.Until(t, "nothing is held", func() bool { return harness.Descriptors(t, s.PID) <= before })
}
