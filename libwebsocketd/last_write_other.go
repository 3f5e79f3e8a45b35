//go:build !linux

package libwebsocketd

// writeLast writes b, after which our half is closed.
func (c *conn) writeLast(b []byte) (int, error) { return c.Conn.Write(b) }
