package session

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	goclient "websocketd/client"
	"websocketd/test/harness"
)

// goModes are the ways in which the Go client goes on; the gate is told of every line.
var goModes = map[string]func(*harness.Gate, *rand.Rand){
	"websocket": func(g *harness.Gate, _ *rand.Rand) { g.Open() },
	"blocked":   func(g *harness.Gate, _ *rand.Rand) {},
	"hopping": func(g *harness.Gate, random *rand.Rand) {
		switch random.IntN(100) {
		case 0:
			g.Open()
		case 1:
			g.Close()
		}
	},
}

// A client that uses package client, and nothing more than Dial and Read, has what a client
// has that counts: every line once and in order, whatever happens to its connections.
func TestCutGoClient(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []string{"--resume=10m", "--shared"} {
		for mode, move := range goModes {
			t.Run(lifetime[2:5]+" "+mode, func(t *testing.T) {
				t.Parallel()
				flags := []string{lifetime, "--pingms=200", "--history=64M"}
				if lifetime == "--shared" {
					flags = append(flags, "--linger=10m")
				}
				s := harness.Start(t, harness.Binary(t), append(flags, counting(t)...)...)
				outlive(t, s.Addr, move)
			})
		}
	}
}

// outlive reads the output of a process to its end through a proxy that cuts and a gate that
// may refuse WebSockets.
func outlive(t *testing.T, address string, move func(*harness.Gate, *rand.Rand)) {
	t.Helper()
	random := random(t)
	n, gap := cuts(t)
	gate := harness.NewGate(t, address)
	move(gate, random)
	proxy := harness.NewProxy(t, gate.Addr)
	ctx := harness.Context(t)
	var ways, losses = map[string]int{}, 0
	c, err := goclient.Dial(ctx, "ws://"+proxy.Addr+"/", &goclient.Options{
		PingInterval: giveUp / 2,
		FirstDelay:   10 * time.Millisecond,
		MostDelay:    giveUp,
		Opened:       func(o goclient.Opened) { ways[o.Via]++ },
		Missed:       func(m goclient.Missed) { t.Errorf("%+v", m) },
		Lost:         func(error, time.Duration) { losses++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	k := &cutter{random: random, proxy: proxy, gap: gap, left: n, counts: map[string]int{}, lossy: true}
	k.done = func() error {
		if err := c.Write(ctx, goclient.Message{Kind: goclient.Text, Data: []byte("stop")}); err != nil {
			k.over = false // it is said again after the next line
		}
		return nil
	}
	read := &follower{}
	for m, err := range c.Messages(ctx) {
		if ending := new(goclient.Ending); errors.As(err, &ending) {
			if ending.Code != exit3.Code || ending.Reason != exit3.Reason || proxy.Struck() != n {
				t.Errorf("%v after %d of %d faults", ending, proxy.Struck(), n)
			}
			break
		}
		if err == nil {
			err = read.take(m)
		}
		if err == nil {
			err = k.passed(m.Number)
		}
		if err != nil {
			t.Fatalf("after message %d: %v", read.last, err)
		}
		move(gate, random)
	}
	t.Logf("%d lines; %d losses, opened by %v, %d handshakes refused; %v", read.last, losses, ways, gate.Refused(), k.counts)
}

// follower demands that nothing is lost, comes twice, in another order or of another process.
type follower struct {
	last uint64
	pid  int
}

func (c *follower) take(m goclient.Message) error {
	var number uint64
	var pid int
	if _, err := fmt.Sscan(string(m.Data), &number, &pid); err != nil {
		return fmt.Errorf("not a numbered line: %.80q", m.Data)
	}
	if number != c.last+1 || number != m.Number || c.pid != 0 && pid != c.pid {
		return fmt.Errorf("line %d of process %d is told to be number %d, after %d of process %d", number, pid, m.Number, c.last, c.pid)
	}
	c.last, c.pid = number, pid
	return nil
}
