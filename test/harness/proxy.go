package harness

import (
	"net"
	"sync"
	"time"
)

// Proxy passes TCP connections on to a server. A [Fault] strikes one of them at an
// exact byte of what goes to the client, so that progress decides when, and not how
// fast the machine is.
type Proxy struct {
	Addr string // host:port

	target string
	done   chan struct{} // closed when the test ends
	all    sync.WaitGroup

	mu     sync.Mutex
	links  map[*link]bool
	fault  *Fault // waits for its byte; nil: none does
	bytes  int    // to pass on before
	armed  bool   // a fault was armed and has not struck
	struck int    // how many have struck
	quiet  bool   // nothing has gone to a client since the last one struck
}

// Fault is what happens to a connection.
type Fault struct {
	Name   string
	strike func(*link) // the proxy's mutex is held
}

// What may happen to a connection.
var (
	// Reset ends both sides with RST.
	Reset = Fault{"reset", (*link).reset}
	// Blackhole takes what either side sends, its end too, and passes nothing on. After
	// the client has given up, the server's side is reset at the next fault.
	Blackhole = Fault{"blackhole", func(l *link) { l.swallows = [2]bool{true, true} }}
	// EndToClient sends FIN to the client, and takes what the server sends.
	EndToClient = Fault{"FIN to the client", func(l *link) { l.end(down) }}
	// EndToServer sends FIN to the server, and takes what the client sends.
	EndToServer = Fault{"FIN to the server", func(l *link) { l.end(up) }}
)

// Stall holds what either side sends for some time, and then passes it on.
func Stall(d time.Duration) Fault {
	return Fault{"stall", func(l *link) { l.until = time.Now().Add(d) }}
}

// NewProxy starts a proxy before a server. It ends with the test.
func NewProxy(t T, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	p := &Proxy{Addr: listener.Addr().String(), target: target, done: make(chan struct{}), links: map[*link]bool{}}
	p.all.Go(func() { p.accept(listener) })
	t.Cleanup(func() {
		listener.Close()
		p.close()
		p.all.Wait()
	})
	return p
}

// After arms a fault. It strikes the connection over which so many more bytes have
// gone to the client, before the next byte.
func (p *Proxy) After(bytes int, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes, p.fault, p.armed = bytes, &f, true
}

// Recovered reports whether no fault is armed, and something has gone to a client
// since the last one struck.
func (p *Proxy) Recovered() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.armed && !p.quiet
}

// Struck returns how many faults have struck.
func (p *Proxy) Struck() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.struck
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		p.all.Go(func() { p.serve(client) })
	}
}

// serve passes on what both sides of a connection send.
func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	l := &link{proxy: p, to: [2]*net.TCPConn{down: client.(*net.TCPConn), up: server.(*net.TCPConn)}}
	if !p.add(l) {
		return
	}
	defer p.remove(l)
	var both sync.WaitGroup
	both.Go(func() { l.pass(up) })
	both.Go(func() { l.pass(down) })
	both.Wait()
}

// add adds a link, unless the test has ended.
func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links[l] = true
	return !p.closed()
}

func (p *Proxy) remove(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// close ends every link.
func (p *Proxy) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.done)
	for l := range p.links {
		l.reset()
	}
}

func (p *Proxy) closed() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// advance counts n bytes that are to go to the client of l. It returns how many of them
// go before a fault, and the fault.
func (p *Proxy) advance(l *link, n int) (int, *Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch f := p.fault; {
	case l.swallows[down]:
		return n, nil
	case f != nil && p.bytes < n:
		p.fault = nil
		return p.bytes, f
	}
	p.bytes -= n
	return n, nil
}

// arrived notes that something has gone to a client.
func (p *Proxy) arrived() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = false
}

// strike lets a fault happen to l, or to the next that has bytes for its client if l
// does not live. Links that the client has given up are reset.
func (p *Proxy) strike(l *link, f *Fault, lives bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !lives {
		p.bytes, p.fault = 0, f
		return
	}
	for other := range p.links {
		if other.left {
			other.reset()
		}
	}
	f.strike(l)
	p.struck++
	p.armed, p.quiet = false, true
}
