package hub

import (
	"context"
	"net"
	"net/http"

	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/internal/socket"
)

// connKey is the key of the connection in the Context of a request.
type connKey struct{}

// ConnContext is for the field of that name of an [http.Server] that serves a Hub: it lets the
// Hub ask the system whether a client takes what it is sent. Without it a reader of events that
// takes nothing is found by what is written to it alone.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// peer is the client of a request, as far as its connection is known. It is an
// [exchange.Peer].
type peer struct {
	conn  net.Conn // nil without ConnContext
	http1 bool     // the connection is the request's alone
}

var _ exchange.Peer = peer{}

func peerOf(r *http.Request) peer {
	c, _ := r.Context().Value(connKey{}).(net.Conn)
	return peer{c, r.ProtoMajor == 1}
}

// HungUp implements [exchange.Peer].
func (p peer) HungUp() bool { return p.conn != nil && p.http1 && socket.Gone(p.conn) }

// Closing implements [exchange.Peer].
func (p peer) Closing() bool {
	if p.conn == nil || !p.http1 {
		return false
	}
	gone, leaving := socket.HungUp(p.conn)
	return gone || leaving
}

// BytesAcked implements [exchange.Peer].
func (p peer) BytesAcked(written int64) (count int64, rest, known bool) {
	if p.conn == nil {
		return 0, true, false
	}
	rest = !p.http1 || socket.Owed(p.conn) // a stream may be held back though its connection is not
	return socket.Acknowledged(p.conn, written), rest, socket.Known(p.conn)
}
