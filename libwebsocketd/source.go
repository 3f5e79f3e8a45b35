package libwebsocketd

import (
	"io"
	"syscall"
)

// newSource reads from a file, a socket, or anything else.
func newSource(r io.Reader) source {
	if c, ok := r.(syscall.Conn); ok && canReadRaw {
		if raw, err := c.SyscallConn(); err == nil {
			return newDescriptor(raw)
		}
	}
	return &plainSource{r: r}
}

// plainSource reads from what cannot be waited for without a buffer, such as a
// TLS connection. It waits with a small one, and uses the room as long as that
// would be too small.
type plainSource struct {
	r     io.Reader
	small []byte
	busy  bool
}

func (p *plainSource) readInto(in *inbox) (n int, err error) {
	if p.busy {
		n, err = p.r.Read(in.room())
	} else {
		if p.small == nil {
			p.small = make([]byte, keptSize)
		}
		if n, err = p.r.Read(p.small); n > 0 {
			copy(in.room(), p.small[:n])
		}
	}
	p.busy = n >= len(p.small)
	return n, err
}
