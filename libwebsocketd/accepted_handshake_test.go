package libwebsocketd

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// greet returns the server's end of a connection whose TLS handshake begins, and the
// client's.
func greet(t *testing.T) (*accepted, net.Conn) {
	theirs, ours := net.Pipe()
	t.Cleanup(func() { theirs.Close(); ours.Close() })
	a := &accepted{Conn: ours, secure: true}
	a.SetReadDeadline(time.Now().Add(headerWait))
	a.SetWriteDeadline(time.Now().Add(headerWait))
	return a, theirs
}

// TestHandshakePatience: a handshake may take as long as it likes on the server's side; the
// client has ten seconds in all, for its messages and to take ours.
func TestHandshakePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, client := greet(t)
		go func() {
			time.Sleep(4 * time.Second)
			client.Write([]byte("hello"))
			time.Sleep(time.Minute + 4*time.Second)
			client.Read(make([]byte, 10))
		}()
		if n, err := a.Read(make([]byte, 10)); n != 5 || err != nil {
			t.Fatalf("its first message: %d, %v", n, err)
		}
		time.Sleep(time.Minute) // the server is busy
		if _, err := a.Write([]byte("hello")); err != nil {
			t.Fatalf("our answer: %v", err)
		}
		start := time.Now()
		if _, err := a.Read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("a silent client: %v after %v", err, time.Since(start))
		}
		if _, err := a.Write([]byte("late")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after its time: %v", err)
		}
	})
}

// TestHandshakeEnds: what net/http sets after the handshake holds as it is.
func TestHandshakeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := greet(t)
		a.SetReadDeadline(time.Time{})
		a.SetWriteDeadline(time.Time{})
		start := time.Now()
		a.SetReadDeadline(start.Add(time.Second))
		a.SetWriteDeadline(start.Add(3 * time.Second))
		a.Read(make([]byte, 1))
		a.Write([]byte("x"))
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("both took %v", took)
		}
	})
}
