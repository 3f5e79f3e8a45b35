package ws

import (
	"bufio"
	"cmp"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
)

// pair is an upgraded connection and both of its ends.
type pair struct {
	client *websocket.Conn // gorilla's client
	wire   net.Conn        // what the client writes to and reads from
	conn   *conn           // our end, as upgrade makes it
}

// newPair upgrades over a connection, client and server at its two ends.
func newPair(t testing.TB, client, server net.Conn) *pair {
	t.Helper()
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	p := &pair{wire: client}
	upgraded := make(chan error, 1)
	go func() {
		rw := bufio.NewReadWriter(bufio.NewReader(server), bufio.NewWriter(server))
		r, err := http.ReadRequest(rw.Reader)
		if err == nil {
			p.conn, err = takeOver(taken{conn: server, rw: rw}, r, nil)
		}
		upgraded <- err
	}()
	var err error
	d := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return client, nil }}
	p.client, _, err = d.Dial("ws://a.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-upgraded; err != nil {
		t.Fatal(err)
	}
	return p
}

// taken is a ResponseWriter that gives its connection away.
type taken struct {
	http.ResponseWriter
	conn net.Conn
	rw   *bufio.ReadWriter
}

// Hijack implements http.Hijacker.
func (t taken) Hijack() (net.Conn, *bufio.ReadWriter, error) { return t.conn, t.rw, nil }

// pipePair returns a pair in memory, without any buffer: a write waits for its read.
func pipePair(t testing.TB) *pair {
	t.Helper()
	client, server := net.Pipe()
	return newPair(t, client, server)
}

// tcpPair returns a pair over the loopback.
func tcpPair(t testing.TB) *pair {
	t.Helper()
	client, server := tcpConns(t)
	return newPair(t, client, server)
}

func tcpConns(t testing.TB) (client, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled := make(chan net.Conn, 1)
	go func() {
		c, _ := net.Dial("tcp", l.Addr().String())
		dialled <- c
	}()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c, ok := (<-dialled).(*net.TCPConn)
	if !ok {
		t.Fatal("cannot connect to the loopback")
	}
	return c, accepted.(*net.TCPConn)
}

// endpoint makes a client endpoint of our end. Options that are not set are those of a
// program of lines.
func (p *pair) endpoint(t testing.TB, o Options) *Endpoint {
	t.Helper()
	o.MaxMessage = cmp.Or(o.MaxMessage, 1<<20)
	o.PingInterval = cmp.Or(o.PingInterval, 30*time.Second)
	o.Takes = cmp.Or(o.Takes, bridge.Text)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	w := newEndpoint(t.Context(), p.conn, o)
	t.Cleanup(func() { w.Close() })
	return w
}

// wireFrame is one frame as a reader of the bytes sees it (RFC 6455 section 5.2).
type wireFrame struct {
	first   byte
	payload string
}

// readFrame reads an unmasked frame, whose length must be in its shortest form.
func readFrame(t testing.TB, r io.Reader) (wireFrame, error) {
	t.Helper()
	head := make([]byte, 2, 10)
	if _, err := io.ReadFull(r, head); err != nil {
		return wireFrame{}, err
	}
	if head[1]&0x80 != 0 {
		t.Fatal("a frame of the server is masked")
	}
	size, least := uint64(head[1]), uint64(0)
	if more := map[byte]int{126: 2, 127: 8}[head[1]]; more > 0 {
		head = head[:2+more]
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return wireFrame{}, err
		}
		size, least = 0, map[int]uint64{2: 126, 8: 1 << 16}[more]
		for _, b := range head[2:] {
			size = size<<8 | uint64(b)
		}
	}
	if size < least || head[0]&8 != 0 && size > 125 {
		t.Fatalf("a frame % x says %d bytes", head, size)
	}
	payload := make([]byte, size)
	_, err := io.ReadFull(r, payload)
	return wireFrame{head[0], string(payload)}, err
}
