package libwebsocketd

import (
	"context"
	"net"
)

// connKey is where the Context of a request has its connection.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// conn is the connection of the client, nil if it is not one of Serve's.
func (v *Visit) conn() *conn {
	if c, ok := v.Request.Context().Value(connKey{}).(net.Conn); ok {
		return &conn{Conn: c}
	}
	return nil
}

// Left looks whether the client is gone, without reading from its connection. It is
// for while the body of an HTTP/1 request is not read, when nothing else tells. It can
// tell on Linux, of the connections of Serve; of others it says false.
func (v *Visit) Left() bool {
	c := v.conn()
	if c == nil || v.Request.ProtoMajor != 1 {
		return false
	}
	gone, leaving := c.hungUp()
	return gone || leaving
}

// Taken is a count that grows when the client's system takes some of what was sent
// on its connection; ok is false where that cannot be known (see Left).
func (v *Visit) Taken() (count int64, ok bool) {
	c := v.conn()
	if c == nil {
		return 0, false
	}
	count = c.acknowledged()
	return count, count != 0 // on a TCP connection the answer's header was taken long ago
}
