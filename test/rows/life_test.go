package rows

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"websocketd/test/harness"
)

// 5
func neverReads(t harness.T, bin string) {
	s := harness.Start(t, bin, "--maxforks=2", "sleep", "700")
	for range 3 {
		c := s.Connect(t)
		if sent := c.FillUp(harness.TextOp, 1000, 3<<20); sent < 64<<10 {
			t.Fatalf("only %d bytes could be sent", sent)
		}
		c.Conn.Close()
		harness.NoSurvivors(t, s)
	}
	s.ConnectWhenFree(t)
}

// 6
func grandchildren(t harness.T, bin string) {
	s := harness.Start(t, bin, "sh", "-c", "sleep 500 & sleep 501 | sleep 502 & echo up; cat")
	c := s.Connect(t)
	c.Expect(t, "up")
	harness.Until(t, "three sleeps run", func() bool { return len(s.Children()) >= 4 })
	c.SendClose(1000, "")
	c.Rest(t)
	harness.NoSurvivors(t, s)
}

// 7
func gracefulStop(t harness.T, bin string) {
	socket := filepath.Join(t.TempDir(), "s.sock")
	s := harness.Options{Bin: bin, Unix: socket,
		Args: []string{"sh", "-c", "trap '' INT TERM; echo up; while :; do sleep 100; done"}}.Start(t)
	c := s.Connect(t)
	c.Expect(t, "up")
	s.Signal(t, syscall.SIGTERM)
	c.Ends(t, 1001, "")
	if status := s.Wait(t); status != 0 {
		t.Fatalf("exit status %d", status)
	}
	harness.NothingLeft(t, s)
	if _, err := os.Stat(socket); err == nil {
		t.Fatalf("the socket file is still there")
	}
}

// 7
func killedServer(t harness.T, bin string) {
	s := harness.Start(t, bin, "sh", "-c", "trap '' INT TERM HUP; sleep 600 & echo up; while :; do sleep 601; done")
	c := s.Connect(t)
	c.Expect(t, "up")
	s.Signal(t, syscall.SIGKILL)
	s.Wait(t)
	harness.NothingLeft(t, s)
}

// twoPings returns the flags of a check of what is cut after two pings, and how
// long to wait for that. Beside the older tool there is none, so the default of 30 s
// counts; alone, a second shows the same (that the default is 30 s, cli's tests do).
func twoPings() (flags []string, limit time.Duration) {
	if harness.Peer() != "" {
		return nil, 100 * time.Second
	}
	return []string{"--pingms=1000"}, 30 * time.Second
}

// 14
func deafClient(t harness.T, bin string) {
	flags, limit := twoPings()
	s := harness.Start(t, bin, append(flags, "yes")...)
	c := s.Connect(t)
	c.SetDeadline(time.Time{})
	harness.Until(t, "the process runs", func() bool { return len(s.Children()) == 1 })
	endsWithin(t, limit, s)
}

// 15: the client reads, so its system answers TCP, but it is dead.
func halfOpenClient(t harness.T, bin string) {
	flags, limit := twoPings()
	s := harness.Start(t, bin, append(flags, "cat")...)
	c := s.Connect(t)
	c.SetDeadline(time.Time{})
	c.Deaf = true
	ended := make(chan struct{})
	go func() { defer close(ended); c.Receive() }()
	harness.Until(t, "the process runs", func() bool { return len(s.Children()) == 1 })
	defer func() { c.Conn.Close(); <-ended }()
	endsWithin(t, limit, s)
}

// endsWithin waits for the end of the process, even where the check is expected to
// fail.
func endsWithin(t harness.T, limit time.Duration, s *harness.Server) {
	if !harness.Within(limit, func() bool { return len(s.Children()) == 0 }) {
		t.Fatalf("after %v the process is still there", limit)
	}
}

// 26: nothing is timed. When the client sees the end of the connection, the
// process must still be there, being asked to end.
func closeAtOnce(t harness.T, bin string) {
	s := harness.Start(t, bin, "--closems=500", "perl", "-e",
		`$SIG{INT} = $SIG{TERM} = "IGNORE"; $| = 1; print "up\n"; sleep 100 while 1`)
	c := s.Connect(t)
	c.Expect(t, "up")
	c.SendClose(1000, "bye")
	if end := c.Each(t, func(harness.Message) {}); end.Code != 1000 {
		t.Fatalf("%v", end)
	}
	harness.NoSurvivors(t, s)
	c = s.Connect(t)
	c.Expect(t, "up")
	c.SendClose(1000, "bye")
	if f, err := c.ReadFrame(); err != nil || f.Op != harness.CloseOp {
		t.Fatalf("no close frame: %v", err)
	}
	c.ReadFrame() // the end of the stream
	if len(s.Children()) == 0 {
		t.Fatalf("the connection ended only when the process had")
	}
	harness.NoSurvivors(t, s)
}

// 32
func dataIsLife(t harness.T, bin string) {
	s := harness.Start(t, bin, "--pingms=1000", "cat")
	c := s.Connect(t)
	c.Deaf = true
	harness.Paced(40, 100*time.Millisecond, func(i int) bool { c.Echo(t, "alive"); return !t.Failed() })
}

// 33
func quietClose(t harness.T, bin string) {
	s := harness.Start(t, bin, "cat")
	for range 50 {
		c := s.Connect(t)
		c.Echo(t, "hello")
		c.SendClose(1000, "")
		c.Rest(t)
	}
	harness.Until(t, "50 DISCONNECT lines", func() bool { return len(s.Out.With("DISCONNECT")) == 50 })
	if bad := s.Out.With("| ERROR"); len(bad) > 0 {
		t.Fatalf("%d ERROR lines for 50 clean closes: %s", len(bad), bad[0])
	}
}

// 42: with no flag, so the server's own idle limit counts.
func idleHTTP(t harness.T, bin string) {
	s := harness.Start(t, bin, "cat")
	c := s.Dial(t)
	c.SetDeadline(time.Time{})
	c.Send(t, harness.Get("/").String())
	if err := c.ReadResponse(); err != nil || c.Status() != 404 {
		t.Fatalf("a plain GET: %v", err)
	}
	c.SetReadDeadline(time.Now().Add(130 * time.Second))
	_, err := c.ReadFrame()
	if _, closed := err.(harness.Closed); !closed {
		t.Fatalf("an idle HTTP connection is open after 130 s: %v", err)
	}
}

// 13
func hugeFrame(t harness.T, bin string) {
	measured := bin
	if !harness.IsPeer(bin) {
		measured = harness.PlainBinary(t)
	}
	s := harness.Start(t, measured, "--maxframesize=0", "--binary", "sh", "-c", "echo up; cat >/dev/null; :")
	c := s.Connect(t)
	c.Expect(t, "up\n")
	piece := make([]byte, 1<<20)
	c.WriteFrames(harness.Frame{Fin: true, Op: harness.BinaryOp, Payload: piece, Announce: 1 << 40})
	for range 200 {
		if _, err := c.Conn.Write(piece); err != nil {
			t.Fatalf("the frame was not taken: %v", err)
		}
	}
	limitMemory(t, s, "200 MB of a 1 TiB frame", 64<<20)
	c.Reset()
	harness.NoSurvivors(t, s)
}

// 8
func endlessLine(t harness.T, bin string) {
	measured := bin
	if !harness.IsPeer(bin) {
		measured = harness.PlainBinary(t)
	}
	s := harness.Start(t, measured, "sh", "-c", "yes | tr -d '\\n' | head -c 200000000")
	total := 0
	s.Connect(t).Each(t, func(m harness.Message) { total += len(m.Data) })
	limitMemory(t, s, "a line of 200 MB", 96<<20)
	if total != 200000000 {
		t.Fatalf("%d of 200,000,000 bytes arrived", total)
	}
}

// 39
func binaryBuffers(t harness.T, bin string) {
	measured := bin
	if !harness.IsPeer(bin) {
		measured = harness.PlainBinary(t)
	}
	s := harness.Start(t, measured, "--binary", "yes", strings.Repeat("y", 60))
	for range 100 {
		s.Connect(t)
	}
	for _, pid := range s.Children() {
		harness.Until(t, "every process waits for its client", func() bool { return harness.Blocked(pid) })
	}
	limitMemory(t, s, "100 binary connections that do not read", 64<<20)
}

func limitMemory(t harness.T, s *harness.Server, what string, limit int64) {
	peak := harness.PeakMemory(t, s.PID)
	harness.Measured(t, "%s: VmHWM %d MiB, limit %d", what, peak>>20, limit>>20)
	if peak > limit {
		t.Fatalf("%s: VmHWM %d MiB is over %d MiB", what, peak>>20, limit>>20)
	}
}
