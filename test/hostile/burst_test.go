package hostile

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"websocketd/test/harness"
)

// burstServer has as little memory as there may be, and a file to ask for.
func burstServer(t *testing.T, args ...string) *harness.Server {
	dir := harness.Scripts(t, map[string]string{"file": "here\n"})
	return harness.Start(t, harness.PlainBinary(t), append(args, "--maxmemory=64K", "--staticdir="+dir, "--loglevel=error")...)
}

func dialAll(t *testing.T, s *harness.Server, n int) []*harness.Conn {
	conns := make([]*harness.Conn, n)
	for i := range conns {
		conns[i] = s.Dial(t)
	}
	return conns
}

// askAll asks on all connections, and then reads what is answered.
func askAll(t *testing.T, conns []*harness.Conn) {
	t.Helper()
	for _, c := range conns {
		c.Send(t, harness.Get("/file").String())
	}
	for i, c := range conns {
		if err := c.ReadResponse(); err != nil || c.Status() != 200 {
			t.Fatalf("connection %d of %d: %v", i, len(conns), err)
		}
	}
}

// TestBurst: clients that connect all at once are answered, however little memory there
// is, and so are those that come back on their connections.
func TestBurst(t *testing.T) {
	t.Parallel()
	conns := dialAll(t, burstServer(t), 600)
	askAll(t, conns)
	askAll(t, conns)
}

// handshakeWait is how long a server waits for the first message of a client.
const handshakeWait = 10 * time.Second

// TestBurstTLS is TestBurst with handshakes that begin when all are connected, and
// requests when all are made.
func TestBurstTLS(t *testing.T) {
	t.Parallel()
	pair := harness.NewCertificate(t, t.TempDir(), "localhost", "localhost")
	s := burstServer(t, "--ssl", "--sslcert="+pair.Cert, "--sslkey="+pair.Key)
	var conns []*tls.Conn
	dialed := time.Now()
	for _, c := range dialAll(t, s, 300) {
		conns = append(conns, tls.Client(c, &tls.Config{RootCAs: pair.Roots, ServerName: "localhost"}))
	}
	for i, c := range conns {
		err := c.Handshake()
		if err != nil && time.Since(dialed) > handshakeWait { // this client is late, not the server
			c = tls.Client(s.Dial(t), &tls.Config{RootCAs: pair.Roots, ServerName: "localhost"})
			conns[i], err = c, c.Handshake()
		}
		if err != nil {
			t.Fatalf("handshake %d of %d: %v", i, len(conns), err)
		}
	}
	for _, c := range conns {
		io.WriteString(c, harness.Get("/file").String())
	}
	for i, c := range conns {
		if answer, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || answer.StatusCode != 200 {
			t.Fatalf("connection %d of %d: %v", i, len(conns), err)
		}
	}
}

// TestHalfHeaders: unfinished headers take no more than they may, also where many short
// lines make much of a few bytes; those that were there first are told why they end, and
// others are served meanwhile.
func TestHalfHeaders(t *testing.T) {
	t.Parallel()
	const n = 300
	var lines strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&lines, "%x:\n", i)
	}
	for name, begun := range map[string]struct {
		text string
		fit  int // into 8 MiB
	}{
		"long lines":  {"X: " + strings.Repeat("x", 30<<10), 280},
		"short lines": {lines.String(), 80},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := burstServer(t)
			conns := dialAll(t, s, n)
			var refused atomic.Int64
			var readers sync.WaitGroup
			for _, c := range conns {
				io.WriteString(c, "GET / HTTP/1.1\nHost: localhost\n"+begun.text) // it may be refused already
				readers.Go(func() {
					if c.ReadResponse() == nil && c.Status() == 503 && c.Response.Close && strings.Contains(c.Body, "--maxmemory") {
						refused.Add(1)
					}
				})
			}
			harness.Reaches(t, "refused", n-begun.fit, func() int { return int(refused.Load()) })
			askAll(t, dialAll(t, s, 1))
			s.Out.Await(t, "--maxmemory")
			for _, c := range conns {
				c.Close()
			}
			readers.Wait()
		})
	}
}

// TestFrameSize: of HTTP/2 the largest frame is the smallest that may be, because what has
// come of it is held also where no header is waited for.
func TestFrameSize(t *testing.T) {
	t.Parallel()
	pair := harness.NewCertificate(t, t.TempDir(), "localhost", "localhost")
	s := burstServer(t, "--ssl", "--sslcert="+pair.Cert, "--sslkey="+pair.Key)
	c := tls.Client(s.Dial(t), &tls.Config{RootCAs: pair.Roots, ServerName: "localhost", NextProtos: []string{"h2"}})
	io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	header := make([]byte, 9)
	if _, err := io.ReadFull(c, header); err != nil || header[3] != 4 {
		t.Fatalf("no settings: %x, %v", header, err)
	}
	settings := make([]byte, binary.BigEndian.Uint16(header[1:]))
	if _, err := io.ReadFull(c, settings); err != nil {
		t.Fatal(err)
	}
	for ; len(settings) > 0; settings = settings[6:] {
		if binary.BigEndian.Uint16(settings) == 5 && binary.BigEndian.Uint32(settings[2:]) != 16<<10 {
			t.Errorf("the largest frame is %d", binary.BigEndian.Uint32(settings[2:]))
		}
	}
}
