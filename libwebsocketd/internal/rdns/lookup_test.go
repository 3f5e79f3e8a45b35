package rdns

import (
	"context"
	"net"
	"sync"
	"testing"
)

// TestReverseLookup: the first connection of a peer does not wait for its name,
// no address is looked up twice, and the names remembered are bounded.
func TestReverseLookup(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // so no server is asked
	var running sync.WaitGroup
	l := New(ctx, &running)
	for range 3 {
		if got := l.Host("192.0.2.1"); got != "192.0.2.1" {
			t.Errorf("an unknown peer is %q", got)
		}
		l.Learn("192.0.2.1")
	}
	running.Wait()
	l.names["192.0.2.1"] = "host.example"
	if got := l.Host("192.0.2.1"); got != "host.example" {
		t.Errorf("a known peer is %q", got)
	}
	if got := (*Names)(nil).Host("192.0.2.1"); got != "192.0.2.1" {
		t.Errorf("without a lookup a peer is %q", got)
	}
	for i := range maxNames {
		l.names[net.IPv4(10, 0, byte(i>>8), byte(i)).String()] = "full.example"
	}
	l.Learn("192.0.2.2")
	if n := len(l.names); n > maxNames {
		t.Errorf("%d names are remembered", n)
	}
	running.Wait()
}
