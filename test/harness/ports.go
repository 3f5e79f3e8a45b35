package harness

import (
	"fmt"
	"net"
	"sync"
	"syscall"
)

// Ports are taken from below the range the kernel uses for outgoing connections, so
// that a client of one test never occupies the port of another test's server. Each
// test process owns a block of them, which it claims by listening on the block's
// first port.
const (
	firstBlock = 12000
	blockSize  = 250
	blocks     = 70
)

var ports struct {
	sync.Mutex
	owner    net.Listener
	base     int
	next     int
	reserved map[int]bool // by MustFreePort
}

// FreePort returns a TCP port of 127.0.0.1 that is not in use.
func FreePort(t T) int {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return port
}

// MustFreePort is FreePort where there is no test yet. The port is not handed out
// again, however long it takes until it is used.
func MustFreePort() int {
	port, err := freePort()
	if err != nil {
		panic(err)
	}
	ports.Lock()
	defer ports.Unlock()
	if ports.reserved == nil {
		ports.reserved = map[int]bool{}
	}
	ports.reserved[port] = true
	return port
}

func freePort() (int, error) {
	ports.Lock()
	defer ports.Unlock()
	if ports.owner == nil && !claimBlock() {
		return 0, fmt.Errorf("no free block of ports between %d and %d", firstBlock, firstBlock+blocks*blockSize)
	}
	// A server that is forked now would inherit the socket and keep it until exec. Until
	// then it would seem that this server, or the next one on that port, were listening
	// already.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for range blockSize {
		ports.next = ports.next%(blockSize-1) + 1
		port := ports.base + ports.next
		if ports.reserved[port] {
			continue
		}
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port, nil
		}
	}
	return 0, fmt.Errorf("all ports from %d on are busy", ports.base)
}

func claimBlock() bool {
	for i := range blocks {
		base := firstBlock + i*blockSize
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", base))
		if err == nil {
			ports.owner, ports.base = l, base
			return true
		}
	}
	return false
}
