package harness

import (
	"io"
	"net"
	"testing"
	"time"
)

// What is sent to a proxy that has vanished is never acknowledged.
func TestVanish(t *testing.T) {
	p := NewProxy(t, echoes(t))
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "x")
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	Until(t, "the byte is acknowledged", func() bool { return unacknowledged(t, c) == 0 })
	p.Vanish(t)
	io.WriteString(c, "y")
	if Within(200*time.Millisecond, func() bool { return unacknowledged(t, c) == 0 }) {
		t.Error("it is acknowledged")
	}
}
