package control

import (
	"io"
	"net"
	"slices"
	"time"
)

// methods are the beginnings of the requests that a unix socket takes as HTTP. Anything else is
// the length of a packet, and none that is allowed begins so.
var methods = []string{"GET ", "POST", "PUT ", "DELE", "HEAD", "PATC", "OPTI", "TRAC", "CONN"}

// isHTTP reports whether a client that begins so speaks HTTP.
func isHTTP(first [4]byte) bool { return slices.Contains(methods, string(first[:])) }

// opening is the first four bytes of a connection, which decide what the client speaks.
type opening struct {
	packets func(c net.Conn, first [4]byte) // holds the conversation of a client that sends packets
	bytes   [4]byte
	read4   bool
	used    int // how many of them net/http has been given
}

// read reads for net/http, whose deadline counts for the four bytes as it does for a header. A
// client that sends packets is served until it is gone; net/http then finds the connection
// closed before any request.
func (o *opening) read(a *conn, b []byte) (int, error) {
	if !o.read4 {
		if _, err := io.ReadFull(a.Conn, o.bytes[:]); err != nil {
			return 0, err
		}
		o.read4 = true
		if !isHTTP(o.bytes) {
			a.leave() // it is a client of the hub, which counts those
			a.Conn.SetDeadline(time.Time{})
			o.packets(a.Conn, o.bytes)
			return 0, io.EOF
		}
	}
	if o.used < len(o.bytes) {
		n := copy(b, o.bytes[o.used:])
		o.used += n
		return n, nil
	}
	return a.Conn.Read(b)
}
