//go:build !linux

package ws

// writeLast writes b, after which our half is closed.
func (c *conn) writeLast(b []byte) (int, error) { return c.Conn.Write(b) }
