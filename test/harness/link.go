package harness

import (
	"errors"
	"io"
	"net"
	"time"
)

// Directions of a link, named after the side that receives.
const (
	up   = iota // to the server
	down        // to the client
)

// link is one connection through a [Proxy]. The proxy's mutex guards what may change.
type link struct {
	proxy *Proxy
	to    [2]*net.TCPConn

	swallows [2]bool   // what goes that way is taken, and not passed on
	until    time.Time // nothing is passed on before
	left     bool      // the client has ended it, and the server does not know
}

// reset ends both sides with RST.
func (l *link) reset() {
	for _, c := range l.to {
		c.SetLinger(0)
		c.Close()
	}
}

// end sends FIN in one direction.
func (l *link) end(way int) {
	l.swallows[way] = true
	l.to[way].CloseWrite()
}

// pass passes on what goes one way, and its end.
func (l *link) pass(way int) {
	b := make([]byte, 16<<10)
	for {
		n, err := l.to[1-way].Read(b)
		if n > 0 {
			err = errors.Join(l.write(way, b[:n]), err)
		}
		if err != nil {
			l.send(way, nil) // which waits while the link is held
			l.finish(way, errors.Is(err, io.EOF))
			return
		}
	}
}

// write passes on b, and lets a fault strike at its byte.
func (l *link) write(way int, b []byte) error {
	for len(b) > 0 {
		n, fault := len(b), (*Fault)(nil)
		if way == down {
			n, fault = l.proxy.advance(l, n)
		}
		err := l.send(way, b[:n])
		if fault != nil {
			l.proxy.strike(l, fault, err == nil)
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// send passes on b once nothing holds it, unless it is swallowed.
func (l *link) send(way int, b []byte) error {
	for {
		swallows, wait := l.state(way)
		switch {
		case swallows:
			return nil
		case wait <= 0:
			n, err := l.to[way].Write(b)
			if way == down && n > 0 {
				l.proxy.arrived()
			}
			return err
		}
		select {
		case <-time.After(wait): // this is the fault itself
		case <-l.proxy.done:
			return net.ErrClosed
		}
	}
}

// state returns whether what goes one way is swallowed, and else how long it is held.
func (l *link) state(way int) (swallows bool, wait time.Duration) {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	return l.swallows[way], time.Until(l.until)
}

// finish passes on that nothing more goes one way: FIN, or else RST.
func (l *link) finish(way int, fin bool) {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	switch {
	case !l.swallows[way] && fin:
		l.to[way].CloseWrite()
	case !l.swallows[way]:
		l.reset()
	}
	l.left = l.left || way == up && l.swallows[down]
}
