package connect

import (
	"crypto/sha256"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"websocketd/test/harness"
)

// size returns how many bytes go each way: 16 MiB, which is many times what is on its way at
// once, or BYTES, which make cuts sets to a gigabyte.
func size(t *testing.T) int {
	t.Helper()
	if os.Getenv("BYTES") == "" {
		return 16 << 20
	}
	n, err := strconv.Atoi(os.Getenv("BYTES"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestChain: a program may be websocketd connect to another server, and what goes through
// both is what went in, in both directions at once. The exit status goes through as well.
func TestChain(t *testing.T) {
	t.Parallel()
	n := size(t)
	inner := harness.Start(t, harness.Binary(t), "--binary", "sh", "-c", "head -c "+strconv.Itoa(n)+"; exit 9")
	outer := harness.Start(t, harness.Binary(t), "--binary", harness.Binary(t), "connect", "--binary", "ws://"+inner.Addr+"/")
	c := exec.CommandContext(harness.Context(t), harness.Binary(t), "connect", "--binary", "ws://"+outer.Addr+"/")
	sent, came := sha256.New(), sha256.New()
	c.Stdin = io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{9}), int64(n)), sent)
	c.Stdout, c.Stderr = &counting{Hash: came}, os.Stderr
	began := time.Now()
	c.Run()
	harness.Measured(t, "%d bytes each way through two servers in %s", n, time.Since(began).Round(time.Millisecond))
	if status := c.ProcessState.ExitCode(); status != 9 {
		t.Errorf("exit status %d, want 9", status)
	}
	if got := c.Stdout.(*counting).n; got != n || string(sent.Sum(nil)) != string(came.Sum(nil)) {
		t.Errorf("%d of %d bytes came back, the same: %v", got, n, string(sent.Sum(nil)) == string(came.Sum(nil)))
	}
}

// counting counts what is written to a hash.
type counting struct {
	hash.Hash
	n int
}

func (c *counting) Write(p []byte) (int, error) {
	c.n += len(p)
	return c.Hash.Write(p)
}

// TestLines: lines go through a chain as they are.
func TestLines(t *testing.T) {
	t.Parallel()
	const lines = 300000
	inner := harness.Start(t, harness.Binary(t), "seq", strconv.Itoa(lines))
	outer := harness.Start(t, harness.Binary(t), harness.Binary(t), "connect", "ws://"+inner.Addr+"/")
	c := start(t, "ws://"+outer.Addr+"/")
	if status := c.wait(t); status != 0 {
		t.Fatalf("exit status %d: %s", status, &c.err)
	}
	want, err := exec.Command("seq", strconv.Itoa(lines)).Output()
	if err != nil || c.out.String() != string(want) {
		t.Errorf("%d bytes came, want %d: %v", len(c.out.String()), len(want), err)
	}
}
