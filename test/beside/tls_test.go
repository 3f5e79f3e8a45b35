package beside

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// dialer connects to s whatever address is asked for.
func dialer(t *testing.T, s *harness.Server) func(context.Context, string, string) (net.Conn, error) {
	network := "tcp"
	if strings.HasPrefix(s.Addr, "/") {
		network = "unix"
	}
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return harness.DialContext(t)(ctx, network, s.Addr)
	}
}

// handshake makes a TLS connection, which is closed when the test ends.
func handshake(t *testing.T, s *harness.Server, config *tls.Config) (*tls.Conn, error) {
	t.Helper()
	c := tls.Client(s.Dial(t).Conn, config)
	return c, c.HandshakeContext(t.Context())
}

// A browser asks for files over HTTP/2, and for WebSockets over HTTP/1.1.
func TestTLSLikeABrowser(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	dir := t.TempDir()
	write(t, dir, "page.html", "<p>page")
	s := start(t, append(ca.serve(t, "localhost"), "--staticdir="+dir, "cat")...)
	page := do(t, ca.client(t, s, "h2"), "GET", "https://localhost/page.html", "")
	page.is(t, 200, "<p>page")
	if page.ProtoMajor != 2 || page.TLS.NegotiatedProtocol != "h2" {
		t.Errorf("%s, %q", page.Proto, page.TLS.NegotiatedProtocol)
	}
	old := do(t, ca.client(t, s, "http/1.1"), "GET", "https://localhost/page.html", "", "Range: bytes=0-2")
	old.is(t, 206, "<p>")
	if old.ProtoMajor != 1 {
		t.Errorf("%s", old.Proto)
	}
	for _, protocols := range [][]string{{"http/1.1"}, nil} {
		c, err := handshake(t, s, ca.config(protocols...))
		if err != nil {
			t.Fatal(err)
		}
		secure := &wire{Conn: c, t: t, r: newReader(c)}
		secure.send(harness.Handshake("/page.html").String())
		if resp := secure.head("GET"); resp.StatusCode != 101 || resp.Header.Get("Sec-Websocket-Accept") != harness.AcceptKey {
			t.Errorf("%q: %d", protocols, resp.StatusCode)
		}
		secure.send(string(harness.Frame{Fin: true, Op: harness.TextOp, Payload: []byte("hi")}.Bytes()))
		if got := secure.bytes(4); got != "\x81\x02hi" {
			t.Errorf("%q: %q", protocols, got)
		}
	}
}

func TestTLSVersions(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := start(t, append(ca.serve(t, "localhost"), "cat")...)
	for version, ok := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		config := ca.config("http/1.1")
		config.MinVersion, config.MaxVersion = version, version
		c, err := handshake(t, s, config)
		if (err == nil) != ok {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if !ok && err != nil && !strings.Contains(err.Error(), "protocol version") {
			t.Errorf("%s is refused with %v", tls.VersionName(version), err)
		}
		if ok && c.ConnectionState().Version != version {
			t.Errorf("%s became %s", tls.VersionName(version), tls.VersionName(c.ConnectionState().Version))
		}
	}
	stranger := newAuthority(t)
	if _, err := handshake(t, s, stranger.config("http/1.1")); err == nil {
		t.Error("a client of another authority is content")
	}
	if _, err := handshake(t, s, ca.config("smtp")); err == nil {
		t.Error("a client of another protocol is content")
	}
	echo(t, ca, s, nil)
}

// Plain HTTP on the TLS port is told so.
func TestPlainOnTLSPort(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := start(t, append(ca.serve(t, "localhost"), "cat")...)
	for _, text := range []string{request("GET", "/", ""), harness.Handshake("/").String()} {
		w := dial(t, s)
		w.send(text)
		if resp, body := w.answer("GET"); resp.StatusCode != 400 || !strings.Contains(body, "HTTPS server") {
			t.Errorf("%d %q", resp.StatusCode, body)
		}
		w.closed()
	}
	w := dial(t, s)
	w.send("\x00\x01\x02 something else\r\n\r\n")
	w.closed()
	if len(s.Children()) > 0 {
		t.Error("a program was started")
	}
}

// A unix socket speaks TLS too.
func TestTLSOnUnixSocket(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	dir := t.TempDir()
	write(t, dir, "a.txt", "text")
	socket := t.TempDir() + "/s"
	s := harness.Options{Bin: harness.Binary(t), Unix: socket, Args: append(ca.serve(t, "localhost"), "--staticdir="+dir, "cat")}.Start(t)
	do(t, ca.client(t, s, "h2"), "GET", "https://localhost/a.txt", "").is(t, 200, "text")
	echo(t, ca, s, nil)
	w := &wire{Conn: s.Dial(t).Conn, t: t}
	w.r = newReader(w.Conn)
	w.send(request("GET", "/a.txt", ""))
	if resp, _ := w.answer("GET"); resp.StatusCode != 400 {
		t.Errorf("plain HTTP: %d", resp.StatusCode)
	}
}

// A client that opens a connection and never finishes the handshake does not
// hold anybody up.
func TestTLSHalfHandshake(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := start(t, append(ca.serve(t, "localhost"), "cat")...)
	for range 20 {
		dial(t, s).send("\x16\x03\x01")
	}
	echo(t, ca, s, nil)
}

func (w *wire) bytes(n int) string {
	w.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(w.r, b); err != nil {
		w.t.Fatalf("%q, %v", b, err)
	}
	return string(b)
}

// What net/http says of a stranger is a line of the log: one that does not speak TLS,
// here. Nothing is on standard error, and with --loglevel=none nothing is said at all.
func TestPlainOnTheSecurePort(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	ask := func(flag string) *harness.Server {
		s := start(t, append(ca.serve(t, "localhost"), flag, "cat")...)
		w := dial(t, s)
		w.send(request("GET", "/", ""))
		w.answer("GET")
		w.closed()
		return s
	}
	s := ask("--logformat=json")
	line := s.Out.Await(t, `"level":"ERROR","category":"http","message":"http: TLS handshake error`)
	if !strings.HasPrefix(line, "{") || s.Err.String() != "" {
		t.Errorf("%s\nstandard error: %s", line, s.Err)
	}
	s = ask("--loglevel=none")
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 0 || s.Out.String() != "" || s.Err.String() != "" {
		t.Errorf("status %d, standard output %q, standard error %q", status, s.Out, s.Err)
	}
}
