package libwebsocketd

import (
	"context"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	lookupTimeout = 2 * time.Second
	maxNames      = 4096 // remembered
	maxAsking     = 64   // looked up at once
)

// reverseLookup knows the names of peers. A name is looked up off the path of a
// connection: the first one of a peer still sees its address. A nil
// reverseLookup knows addresses only.
type reverseLookup struct {
	ctx     context.Context
	running *sync.WaitGroup

	mu     sync.Mutex
	names  map[string]string // by address; the address itself until the name is known
	asking int
}

// newReverseLookup remembers names until ctx is done; running counts what is being
// looked up.
func newReverseLookup(ctx context.Context, running *sync.WaitGroup) *reverseLookup {
	return &reverseLookup{ctx: ctx, running: running, names: make(map[string]string)}
}

// host is the name of addr if it is known, else addr.
func (l *reverseLookup) host(addr string) string {
	if l == nil {
		return addr
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if name, ok := l.names[addr]; ok {
		return name
	}
	return addr
}

// learn looks addr up, unless that was done or too much is being looked up. Only
// admitted requests are worth it, and only they hold Shutdown up.
func (l *reverseLookup) learn(addr string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.names[addr]; ok || l.asking >= maxAsking {
		return
	}
	if len(l.names) >= maxNames {
		clear(l.names)
	}
	l.names[addr] = addr
	l.asking++
	l.running.Go(func() { l.ask(addr) })
}

func (l *reverseLookup) ask(addr string) {
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.asking--
	}()
	ctx, cancel := context.WithTimeout(l.ctx, lookupTimeout)
	defer cancel()
	names, err := net.DefaultResolver.LookupAddr(ctx, addr)
	if err != nil || len(names) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names[addr] = strings.TrimSuffix(names[0], ".")
}
