package upgrade

import (
	"context"
	"testing"

	goclient "websocketd/client"
	"websocketd/test/harness"
)

// framings are the flags of each.
var framings = map[string][]string{
	"line":   nil,
	"raw":    {"--framing=raw"},
	"null":   {"--framing=null"},
	"length": {"--framing=length"},
	"lsp":    {"--framing=lsp"},
	"ndjson": {"--framing=ndjson"},
	"bytes":  {"--binary"},
	"tagged": {"--stderr=tag"},
}

// A client that uses package client does not notice that servers are replaced: whatever the
// framing, and though messages are on their way in halves.
func TestFramings(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []string{"--resume=1m", "--shared"} {
		for framing, flags := range framings {
			t.Run(lifetime[2:5]+" "+framing, func(t *testing.T) {
				t.Parallel()
				said := []string{"-framing=" + framing, "-every=1ms", "-pad=100", "-halves"}
				if framing == "tagged" {
					said = append(said, "-errors")
				}
				flags := append([]string{lifetime, "--history=64M"}, flags...)
				h := start(t, append(flags, talking(t, said...)...)...)
				c := newTalk(t, "ws://"+h.Addr+"/", framing, goclient.Options{})
				converse(t, c, func() {
					for range 3 {
						h.upgrade(t)
					}
				})
				h.end(t, 0)
				t.Logf("%d messages heard, %d sent; %d connections, longest gap %v", c.last, c.sent, c.opened, c.gap)
			})
		}
	}
}

// converse has c talk while something is done.
func converse(t *testing.T, c *talk, do func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(harness.Context(t))
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- c.run(ctx) }()
	defer func() {
		if t.Failed() {
			cancel()
		}
		if err := <-over; err != nil {
			t.Error(err)
		}
	}()
	select {
	case <-c.begun:
	case err := <-over:
		over <- err
		return
	}
	do()
	close(c.asked)
}
