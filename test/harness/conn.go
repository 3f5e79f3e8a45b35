package harness

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Conn is a client that does exactly what a test wants: RFC 6455 by hand, with every
// way to break it. One goroutine may read while another writes.
type Conn struct {
	net.Conn
	Response *http.Response // of the handshake
	Body     string         // of a refusal

	// Deaf leaves pings unanswered.
	Deaf bool
	// Pings counts the pings that were read.
	Pings int

	r     *bufio.Reader
	mu    sync.Mutex // one frame at a time
	w     *bufio.Writer
	rest  []byte // of a frame that FillUp began
	large []byte // a frame that Skim read
}

// Dial connects to the server and sends nothing. The connection is closed when the
// test ends. A read or write fails when patience is over, unless a deadline is set.
func (s *Server) Dial(t T) *Conn {
	t.Helper()
	return dial(t, net.Dialer{}, s.network, s.Addr)
}

// DialFrom does as Dial, from another loopback address.
func (s *Server) DialFrom(t T, address net.IP) *Conn {
	t.Helper()
	return dial(t, net.Dialer{LocalAddr: &net.TCPAddr{IP: address}}, s.network, s.Addr)
}

// Secure returns a connection that speaks TLS over c. The handshake may take as long as
// patience lasts: time-outs within it would end it for good. If it fails, so does the first
// write.
func (c *Conn) Secure(t T, config *tls.Config) *Conn {
	t.Helper()
	raw := tls.Client(c.Conn.(*patientConn).Conn, config)
	ctx, cancel := WithPatience(t, context.Background())
	defer cancel()
	raw.HandshakeContext(ctx)
	return newConn(t, raw)
}

func dial(t T, dialer net.Dialer, network, address string) *Conn {
	t.Helper()
	var nc net.Conn
	var err error
	try := func() bool {
		dialer.Timeout = Patience(t)
		nc, err = dialer.Dial(network, address)
		return !errors.Is(err, syscall.EAGAIN) // a full backlog of a unix socket
	}
	if !Within(Patience(t), try) || err != nil {
		t.Fatalf("dial %s: %v", address, err)
	}
	t.Cleanup(func() { nc.Close() })
	return newConn(t, nc)
}

func newConn(t T, nc net.Conn) *Conn {
	nc = newPatientConn(t, nc)
	return &Conn{Conn: nc, r: bufio.NewReaderSize(nc, 4<<10), w: bufio.NewWriterSize(nc, 4<<10)}
}

// Ask sends r and reads the head of the answer, and the body of a refusal.
func (s *Server) Ask(t T, r Request) *Conn {
	t.Helper()
	return s.Dial(t).ask(t, r)
}

func (c *Conn) ask(t T, r Request) *Conn {
	t.Helper()
	c.Send(t, r.String())
	if err := c.ReadResponse(); err != nil {
		t.Fatalf("%s %s: no answer: %v", r.Method, r.Target, err)
	}
	return c
}

// Open opens a WebSocket connection with r.
func (s *Server) Open(t T, r Request) *Conn {
	t.Helper()
	return s.Dial(t).open(t, r)
}

func (c *Conn) open(t T, r Request) *Conn {
	t.Helper()
	c.ask(t, r)
	if c.Status() != http.StatusSwitchingProtocols {
		t.Fatalf("%s: status %d, not 101: %s", r.Target, c.Status(), c.Body)
	}
	return c
}

// DialTo connects to any server and sends nothing. It is otherwise as Server.Dial.
func DialTo(t T, address string) *Conn {
	t.Helper()
	return dial(t, net.Dialer{}, "tcp", address)
}

// ConnectTo opens a WebSocket connection for "/" to any server.
func ConnectTo(t T, address string) *Conn {
	t.Helper()
	return dial(t, net.Dialer{}, "tcp", address).open(t, Handshake("/"))
}

// Connect opens a WebSocket connection for the path "/".
func (s *Server) Connect(t T) *Conn {
	t.Helper()
	return s.Open(t, Handshake("/"))
}

// ConnectTo opens a WebSocket connection for a path.
func (s *Server) ConnectTo(t T, target string) *Conn {
	t.Helper()
	return s.Open(t, Handshake(target))
}

// ConnectWhenFree does as Connect, for servers with one slot. The slot is free
// shortly after the process is gone; until then a refusal is not a failure.
func (s *Server) ConnectWhenFree(t T) (c *Conn) {
	t.Helper()
	Until(t, "there is a free slot", func() bool {
		c = s.Ask(t, Handshake("/"))
		return c.Status() != http.StatusTooManyRequests
	})
	if c.Status() != http.StatusSwitchingProtocols {
		t.Fatalf("status %d, not 101: %s", c.Status(), c.Body)
	}
	return c
}

// Send writes raw bytes.
func (c *Conn) Send(t T, raw string) {
	t.Helper()
	if _, err := io.WriteString(c.Conn, raw); err != nil {
		t.Fatalf("send %d raw bytes: %v", len(raw), err)
	}
}

// ReadResponse reads the head of an HTTP answer, and its body unless it is 101.
func (c *Conn) ReadResponse() error {
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	c.Response = resp
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return nil
	}
	body, err := io.ReadAll(resp.Body)
	c.Body = string(body)
	return err
}

// Status returns the status of the handshake's answer, 0 without one.
func (c *Conn) Status() int {
	if c.Response == nil {
		return 0
	}
	return c.Response.StatusCode
}

// Header returns a header of the handshake's answer.
func (c *Conn) Header(name string) string { return c.Response.Header.Get(name) }

// HalfClose sends FIN and goes on reading.
func (c *Conn) HalfClose(t T) {
	t.Helper()
	if err := c.Conn.(*patientConn).CloseWrite(); err != nil {
		t.Fatalf("half close: %v", err)
	}
}

// Reset ends the connection with RST.
func (c *Conn) Reset() {
	if tcp, ok := c.Conn.(*patientConn).Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Conn.Close()
}

// FillUp writes messages of size bytes until limit bytes are written or nothing has
// moved for a moment, and returns how many bytes it wrote. The last frame may be
// incomplete; the rest of it is sent before whatever is sent next.
func (c *Conn) FillUp(op byte, size, limit int) (sent int) {
	frame := Frame{Fin: true, Op: op, Payload: []byte(strings.Repeat("x", size))}.Bytes()
	defer c.Conn.(*patientConn).patientAgain()
	for sent < limit {
		c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		n, err := c.Conn.Write(frame)
		sent += n
		if err != nil {
			c.rest = frame[n:]
			return sent
		}
	}
	return sent
}

// Closed tells how a connection ended. Code 1006 means without a close frame.
type Closed struct {
	Code   int
	Reason string
}

func (c Closed) Error() string { return fmt.Sprintf("closed with %d %q", c.Code, c.Reason) }
