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
	maxLookups    = 4096 // names remembered, and so the most that are looked up at once
)

// reverseLookup knows the names of peers. A name is looked up off the path of a
// connection: the first one of a peer still sees its address. A nil
// reverseLookup knows addresses only.
type reverseLookup struct {
	ctx     context.Context
	running *sync.WaitGroup

	mu    sync.Mutex
	names map[string]string // by address; the address itself until the name is known
}

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
	if len(l.names) >= maxLookups {
		clear(l.names)
	}
	l.names[addr] = addr
	l.running.Go(func() { l.ask(addr) })
	return addr
}

func (l *reverseLookup) ask(addr string) {
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
