package readbuf

import (
	"io"
	"net"
	"os"
	"syscall"
)

// NewSource returns a Source that reads from a file, a socket, or anything else.
func NewSource(r io.Reader) Source {
	switch c := r.(type) { // not a type that embeds one of them: it may have its own Read
	case *os.File, *net.TCPConn, *net.UnixConn:
		if raw, err := c.(syscall.Conn).SyscallConn(); err == nil && canReadRaw {
			return newDescriptor(raw, c)
		}
	}
	return &plainSource{r: r}
}

// plainSource reads from what cannot be waited for without a buffer, such as a TLS
// connection. It waits with a small buffer, and reads into the block as long as the
// small one would be filled.
type plainSource struct {
	r     io.Reader
	small []byte
	busy  bool
}

func (p *plainSource) ReadInto(in *Buffer) (n int, err error) {
	if p.busy {
		space := in.Space()
		n, err = p.r.Read(space)
		p.busy = n == len(space)
		return n, err
	}
	if p.small == nil {
		p.small = make([]byte, KeptSize)
	}
	in.Release()
	if n, err = p.r.Read(p.small); n > 0 {
		copy(in.Space(), p.small[:n])
	}
	p.busy = n == len(p.small)
	return n, err
}
