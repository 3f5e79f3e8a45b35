package promises

import (
	"testing"
	"time"

	"websocketd/test/harness"
)

// Every test here has --pingms=1000: a client without life is cut after two
// seconds, so what is alive must be alive for longer to prove anything. Less
// would cut the client of a busy machine, rightly.
const pings = "--pingms=1000"

// A client that answers nothing and sends nothing is cut, and its process ends.
func TestHalfOpenClientIsCut(t *testing.T) {
	t.Parallel()
	s := start(t, pings, "cat")
	c := s.Connect(t)
	c.Deaf = true
	if _, end := c.Rest(t); end.Code != 1006 {
		t.Logf("cut with %v", end)
	}
	if c.Pings < 1 {
		t.Errorf("%d pings before the end", c.Pings)
	}
	harness.NoSurvivors(t, s)
	s.Out.Await(t, "DISCONNECT", "silent")
}

// A client that does not even read is cut while its process writes.
func TestClientThatNeverReadsIsCut(t *testing.T) {
	t.Parallel()
	s := start(t, pings, "yes")
	s.Connect(t)
	harness.Until(t, "the process runs", func() bool { return len(s.Children()) == 1 })
	harness.NoSurvivors(t, s)
	s.Out.Await(t, "DISCONNECT")
}

// Any traffic is life: a client that sends data but never a pong lives.
func TestDataIsLife(t *testing.T) {
	t.Parallel()
	s := start(t, pings, "cat")
	c := s.Connect(t)
	c.Deaf = true
	harness.Paced(40, 100*time.Millisecond, func(int) bool {
		c.Echo(t, "alive")
		return true
	})
}

// A part of a message is life too.
func TestPiecesOfAFrameAreLife(t *testing.T) {
	t.Parallel()
	s := start(t, pings, "cat")
	c := s.Connect(t)
	c.Deaf = true
	frame := string(harness.Frame{Fin: true, Op: harness.TextOp, Payload: []byte("a slow message of some bytes")}.Bytes())
	harness.Paced(len(frame), 100*time.Millisecond, func(i int) bool {
		c.Send(t, frame[i:i+1])
		return true
	})
	c.Expect(t, "a slow message of some bytes")
}

// Pongs are life.
func TestPongsAreLife(t *testing.T) {
	t.Parallel()
	s := start(t, pings, "cat")
	c := s.Connect(t)
	read := make(chan error)
	go func() { _, err := c.Receive(); read <- err }()
	harness.Paced(45, 100*time.Millisecond, func(int) bool {
		select {
		case err := <-read:
			t.Errorf("ended: %v", err)
			return false
		default:
			return true
		}
	})
	c.Text("done")
	if err := <-read; err != nil || c.Pings < 3 {
		t.Errorf("%d pings, %v", c.Pings, err)
	}
}

// A client that reads slowly, and so answers pings late or never, is not cut:
// what it takes is life.
func TestSlowReaderLives(t *testing.T) {
	t.Parallel()
	s := start(t, pings, "yes", "a line of some thirty bytes and more")
	c := s.Connect(t)
	c.Deaf = true
	buf := make([]byte, 32<<10)
	harness.Paced(60, 80*time.Millisecond, func(i int) bool {
		if _, err := c.Conn.Read(buf); err != nil {
			t.Errorf("cut after %d reads: %v", i, err)
			return false
		}
		return true
	})
}

// A client whose process does not take its input is not cut while it is there.
func TestHeldBackClientLives(t *testing.T) {
	t.Parallel()
	s := start(t, pings, "sh", "-c", "echo up; sleep 6; cat | wc -c")
	c := s.Connect(t)
	c.Expect(t, "up")
	c.FillUp(harness.TextOp, 1000, 8<<20)
	read := make(chan error, 1)
	go func() {
		for err := error(nil); err == nil; {
			_, err = c.ReadFrame()
			if err != nil {
				read <- err
			}
		}
	}()
	harness.Paced(45, 100*time.Millisecond, func(int) bool {
		select {
		case err := <-read:
			t.Errorf("a client whose input is held back was cut: %v", err)
			return false
		default:
			return true
		}
	})
	c.Conn.Close()
	if err := <-read; err == nil {
		t.Error("no end")
	}
}

// --pingms=0 sends no pings and cuts nobody.
func TestNoPings(t *testing.T) {
	t.Parallel()
	s := start(t, "--pingms=0", "sh", "-c", "sleep 2; echo late")
	c := s.Connect(t)
	c.Deaf = true
	if got := c.Ends(t, 1000, ""); len(got) != 1 || c.Pings != 0 {
		t.Errorf("got %q, %d pings", got, c.Pings)
	}
}

// One stalled client does not touch another.
func TestOthersAreNotHeldUp(t *testing.T) {
	t.Parallel()
	s := start(t, "--dir="+harness.Scripts(t, map[string]string{"yes": "exec yes", "cat": "exec cat", "sleep": "exec sleep 100"}))
	for range 5 {
		s.ConnectTo(t, "/yes")
		s.ConnectTo(t, "/sleep").FillUp(harness.TextOp, 1000, 4<<20)
	}
	c := s.ConnectTo(t, "/cat")
	for range 200 {
		c.Echo(t, "still quick")
	}
}
