package rdns

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

// Names holds the host names of peers. A connection does not wait for the lookup: the
// first one of a peer still gets its address. A nil *Names holds no names.
type Names struct {
	ctx     context.Context
	running *sync.WaitGroup

	mu     sync.Mutex
	names  map[string]string // by address; the address itself until the name is known
	asking int
}

// New returns a Names whose lookups end when ctx is done; running counts those in
// progress.
func New(ctx context.Context, running *sync.WaitGroup) *Names {
	return &Names{ctx: ctx, running: running, names: make(map[string]string)}
}

// Host returns the name of addr if it is known, else addr.
func (l *Names) Host(addr string) string {
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

// Learn starts a lookup of addr, unless it was looked up before or too many lookups are
// in progress. It is called for admitted requests only, so only these delay Shutdown.
func (l *Names) Learn(addr string) {
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

func (l *Names) ask(addr string) {
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
