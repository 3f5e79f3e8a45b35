package promises

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"math/rand/v2"
	"os"
	"testing"

	"websocketd/test/harness"
)

const mib = 1 << 20

// limitMemory prints the most memory the server ever had, and fails if it was
// more than limit. The limits are many times what is needed and a small part of
// what went through: they tell bounded from unbounded.
func limitMemory(t *testing.T, s *harness.Server, what string, limit int64) {
	t.Helper()
	peak := harness.PeakMemory(t, s.PID)
	harness.Measured(t, "%s: VmHWM %d MiB, limit %d MiB", what, peak/mib, limit/mib)
	if peak > limit {
		t.Errorf("%s: VmHWM %d MiB is over %d MiB", what, peak/mib, limit/mib)
	}
}

// An endless line is delivered in pieces of --maxline and logged once.
func TestMemoryEndlessLine(t *testing.T) {
	t.Parallel()
	const total = 128 * mib
	s := startPlain(t, "sh", "-c", "yes | tr -d '\\n' | head -c 134217728")
	var got, longest int
	end := s.Connect(t).Each(t, func(m harness.Message) {
		got += len(m.Data)
		longest = max(longest, len(m.Data))
	})
	if got != total || longest > mib || end.Code != 1000 {
		t.Errorf("%d of %d bytes, longest message %d, %v", got, total, longest, end)
	}
	limitMemory(t, s, "a line of 128 MiB", 64*mib)
	s.Out.Await(t, "DISCONNECT")
	if lines := s.Out.With("maxline"); len(lines) != 1 {
		t.Errorf("%d log lines about --maxline", len(lines))
	}
}

// An endless line on stderr is logged in pieces, and the process never waits.
func TestMemoryEndlessStderrLine(t *testing.T) {
	t.Parallel()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	s := harness.Options{Bin: harness.PlainBinary(t), Stdout: null,
		Args: []string{"sh", "-c", "yes | tr -d '\\n' | head -c 134217728 >&2; echo done"}}.Start(t)
	s.Connect(t).Expect(t, "done")
	limitMemory(t, s, "a stderr line of 128 MiB", 64*mib)
}

// The same where stderr goes to the client.
func TestMemoryEndlessStderrToTheClient(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"--stderr=tag", "--stderr=merge"} {
		s := startPlain(t, mode, "--loglevel=fatal", "sh", "-c", "yes | tr -d '\\n' | head -c 104857600 >&2")
		got := 0
		s.Connect(t).Each(t, func(m harness.Message) { got += len(m.Data) })
		if got < 100*mib {
			t.Errorf("%s: %d of %d bytes", mode, got, 100*mib)
		}
		limitMemory(t, s, "a stderr line of 100 MiB with "+mode, 64*mib)
	}
}

// One binary message of 300 MB streams into cat and back.
func TestMemoryHugeMessage(t *testing.T) {
	t.Parallel()
	const total = 300 * mib
	s := startPlain(t, "--pingms=0", "--maxframesize=0", "--binary", "cat") // a pong would come into the middle of the frame
	c := s.Connect(t)
	sent := make(chan string)
	go func() { sent <- streamMessage(c, total) }()
	received, n := sha256.New(), 0
	for n < total {
		m, err := c.Receive()
		if err != nil {
			t.Fatalf("after %d bytes: %v", n, err)
		}
		received.Write(m.Data)
		n += len(m.Data)
	}
	if hash := <-sent; hash != hex.EncodeToString(received.Sum(nil)) {
		t.Errorf("what came back is not what was sent: %s", hash)
	}
	limitMemory(t, s, "a message of 300 MiB to cat and back", 64*mib)
}

// streamMessage sends one frame of n random bytes, masked with zeroes.
func streamMessage(c *harness.Conn, n int) (hash string) {
	head := []byte{0x82, 0x80 | 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 0, 0, 0, 0}
	if _, err := c.Conn.Write(head); err != nil {
		return err.Error()
	}
	source, sum := rand.NewChaCha8([32]byte{9}), sha256.New()
	for piece := make([]byte, mib); n > 0; n -= len(piece) {
		source.Read(piece)
		sum.Write(piece)
		if _, err := c.Conn.Write(piece); err != nil {
			return err.Error()
		}
	}
	return hexSum(sum)
}

func hexSum(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }

// A huge message in many fragments, to a process that reads nothing, waits with
// the client and not in the server.
func TestMemoryDeafProcess(t *testing.T) {
	t.Parallel()
	s := startPlain(t, "--maxframesize=0", "--binary", "sleep", "100")
	for range 20 {
		if sent := s.Connect(t).FillUp(harness.BinaryOp, 60000, 16*mib); sent < 64<<10 {
			t.Fatalf("only %d bytes could be sent", sent)
		}
	}
	limitMemory(t, s, "20 clients that flood 20 processes that do not read", 96*mib)
}

// A hundred clients that never read cost a fixed buffer each.
func TestMemoryDeafClients(t *testing.T) {
	t.Parallel()
	s := startPlain(t, "sh", "-c", "exec yes 'a line of some thirty bytes and more'")
	for range 100 {
		s.Connect(t)
	}
	harness.Until(t, "all processes wait for their clients", func() bool {
		waiting := 0
		for _, pid := range s.Children() {
			if harness.Blocked(pid) {
				waiting++
			}
		}
		return waiting == 100
	})
	limitMemory(t, s, "100 clients that never read", 96*mib)
}

// Messages just under the limit from many clients at once.
func TestMemoryManyLargeMessages(t *testing.T) {
	t.Parallel()
	s := startPlain(t, "sleep", "100")
	for range 30 {
		s.Connect(t).FillUp(harness.TextOp, mib-1, 4*mib)
	}
	limitMemory(t, s, "30 clients with messages of 1 MiB to processes that do not read", 160*mib)
}

// Handshakes that never end hold little.
func TestMemorySlowHandshakes(t *testing.T) {
	t.Parallel()
	s := startPlain(t, "cat")
	for range 200 {
		s.Dial(t).Send(t, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
	}
	s.Connect(t).Echo(t, "still served")
	limitMemory(t, s, "200 handshakes that never end", 64*mib)
}
