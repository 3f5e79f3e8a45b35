package libwebsocketd

import (
	"cmp"
	"net"
	"net/http"
	"time"

	"websocketd/libwebsocketd/internal/socket"
)

// breakOff ends an answer so that nobody takes it for a whole one, and does not return:
// net/http closes a connection of HTTP/1.1 inside of the answer, and resets a stream of
// HTTP/2. Before HTTP/1.1 an answer of a length that is not told ends with its
// connection (RFC 1945 section 7.2.2), so that only a reset tells. A unix socket has none.
func (s *Server) breakOff(r *http.Request, interval time.Duration) {
	if c := connOf(r.Context()); c != nil && !r.ProtoAtLeast(1, 1) {
		s.awaitTaken(c, 2*cmp.Or(max(interval, 0), DefaultPingInterval))
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetLinger(0)
			tcp.Close() // beneath TLS, which would have a last word
		}
	}
	panic(http.ErrAbortHandler)
}

// BreakOff ends an answer that was cut, so that nobody takes it for a whole one. It does
// not return: it panics with http.ErrAbortHandler.
func (req *Request) BreakOff() { req.server.breakOff(req.HTTP, req.Program().PingInterval) }

// awaitTaken waits until the client's system has taken what was sent, for a reset would
// destroy the rest: at most limit, and a second when the server is going away. It works on Linux;
// on other systems what is sent is not known, and the reset comes at once.
func (s *Server) awaitTaken(c net.Conn, limit time.Duration) {
	end, going := time.NewTimer(limit), s.ctx.Done()
	defer end.Stop()
	for pause := soonLook; socket.Unsent(c) > 0 && !socket.Gone(c); pause = min(2*pause, lateLook) {
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
			continue
		case <-going:
			going = nil
			end.Reset(time.Second)
		case <-end.C:
			limit = 0
		}
		if wait.Stop(); limit == 0 {
			return
		}
	}
}
