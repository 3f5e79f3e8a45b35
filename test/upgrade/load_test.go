package upgrade

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	goclient "websocketd/client"
	"websocketd/test/harness"
)

// times returns how often a server is replaced.
func times(t *testing.T) int {
	t.Helper()
	text := os.Getenv("UPGRADES")
	if text == "" {
		return 5
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("UPGRADES=%s is no number of upgrades", text)
	}
	return n
}

// houseConfig has a program of every lifetime.
const houseConfig = `
[program.session]
command = ["CHILD", "talk", "-every=2ms", "-pad=200", "-halves"]
resume = "5m"
history = "4M"

[program.shared]
command = ["CHILD", "talk", "-every=2ms", "-pad=200", "-halves"]
lifetime = "shared"
history = "16M"

[program.supervised]
command = ["CHILD", "talk", "-every=2ms", "-pad=200", "-halves"]
lifetime = "supervised"
autorestart = false
history = "16M"

[program.connection]
command = ["CHILD", "talk", "-every=2ms", "-pad=200"]
`

// Servers replace each other under the load of clients of every lifetime: nothing is lost, every
// process goes on, and a client of lifetime connection stays with its process and the server that
// has started it.
func TestUpgrades(t *testing.T) {
	t.Parallel()
	n := times(t)
	o := options(t, "--config=f.toml")
	write(t, o, "f.toml", strings.ReplaceAll(houseConfig, "CHILD", harness.Child(t)))
	h := startWith(t, o)
	ctx, cancel := context.WithCancel(t.Context()) // a hundred upgrades take their time
	defer cancel()
	var all []*talk
	over := make(chan error)
	add := func(path string, o goclient.Options) {
		c := newTalk(t, "ws://"+h.Addr+path, "line", o)
		all = append(all, c)
		go func() { over <- c.run(ctx) }()
		select {
		case <-c.begun:
		case err := <-over:
			t.Fatalf("%s: %v", path, err)
		case <-ctx.Done():
			t.Fatalf("%s: nothing comes", path)
		}
	}
	for range 3 {
		add("/session", goclient.Options{})
	}
	add("/shared", goclient.Options{})
	add("/supervised", goclient.Options{})
	var taken []time.Duration
	for i := range n {
		if i < 3 {
			add("/connection", goclient.Options{NoReconnect: true})
		}
		began := time.Now()
		h.upgrade(t)
		taken = append(taken, time.Since(began))
	}
	for _, c := range all {
		close(c.asked)
	}
	for range all {
		if err := <-over; err != nil {
			t.Error(err)
		}
	}
	h.end(t, 0)
	report(t, all, taken)
}

// report prints the figures.
func report(t *testing.T, all []*talk, taken []time.Duration) {
	t.Helper()
	var lines uint64
	var sent int64
	var gap, longest, sum time.Duration
	for i, c := range all {
		lines, sent, gap = lines+c.last, sent+c.sent, max(gap, c.gap)
		if want := len(taken) + 1; c.opened > want || i > 4 && c.opened != 1 {
			t.Errorf("client %d had %d connections", i, c.opened)
		}
	}
	for _, d := range taken {
		sum, longest = sum+d, max(longest, d)
	}
	t.Logf("%d upgrades: %d clients heard %d lines and sent %d; lost 0, twice 0, processes left 0", len(taken), len(all), lines, sent)
	t.Logf("an upgrade took %v on average, %v at most; the longest gap a client saw was %v", sum/time.Duration(len(taken)), longest, gap)
}
