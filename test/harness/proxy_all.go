package harness

import (
	"net"

	"golang.org/x/sys/unix"
)

// Vanish makes every connection through the proxy one whose other machine is gone: nothing
// is passed on any more, and nothing acknowledged, so that neither side is told.
func (p *Proxy) Vanish(t T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.swallows = [2]bool{true, true}
		for _, c := range l.to {
			if err := deafen(c); err != nil {
				t.Fatalf("a filter for a connection: %v", err)
			}
		}
	}
}

// deafen has the system drop every segment that comes for c, before it acknowledges one.
func deafen(c *net.TCPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	nothing := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing[0]})
	})
	if err != nil {
		return err
	}
	return failed
}

// Reset ends every connection through the proxy with RST.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.reset()
	}
}
