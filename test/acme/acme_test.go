package acme

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// By a TLS handshake: both names have a certificate, one without is refused, and the next server
// finds what was issued.
func TestIssued(t *testing.T) {
	t.Parallel()
	a, dir := &harness.Authority{Life: 90 * day}, filepath.Join(t.TempDir(), "kept")
	s := start(t, a, dir, "--acmeemail=ops@example.com", "cat")
	awaitIssued(t, s)
	for _, name := range []string{"a.example", "b.example"} {
		open(t, s, a.Roots, name).Echo(t, "hello")
	}
	if _, err := handshake(t, s, a.Roots, "c.example"); err == nil {
		t.Error("a name that nobody has asked for has a certificate")
	}
	first, err := handshake(t, s, a.Roots, "a.example")
	if err != nil {
		t.Fatal(err)
	}
	keptSafely(t, dir)
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 0 {
		t.Errorf("status %d", status)
	}
	s = serve(t, a, dir, "cat")
	if again, err := handshake(t, s, a.Roots, "a.example"); err != nil || again.SerialNumber.Cmp(first.SerialNumber) != 0 {
		t.Errorf("the next server has another certificate: %v, %v", again, err)
	}
	if lines := s.Out.With(issued); len(lines) > 0 {
		t.Errorf("the next server asks again: %q", lines)
	}
}

// keptSafely fails the test if anyone else may read what is kept.
func keptSafely(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", path, info.Mode())
		}
		if !entry.IsDir() {
			files++
		}
		return err
	})
	if err != nil || files != 3 {
		t.Errorf("%d files are kept, %v", files, err)
	}
}

// By plain HTTP, where the authority does not come through to the port of TLS; everything else
// that comes there is redirected.
func TestIssuedByHTTP(t *testing.T) {
	t.Parallel()
	a := &harness.Authority{Life: 90 * day, HTTPPort: harness.FreePort(t)}
	a.TLSPort = harness.FreePort(t) // where nobody listens
	a.Start(t)
	o := harness.Options{Bin: harness.Binary(t)}
	o.Args = []string{"--acme=a.example,b.example", "--acmeurl=" + a.URL, "--acmeca=" + a.CA, "--acmedir=" + t.TempDir(), "--redirport=" + itoa(a.HTTPPort), "cat"}
	s := o.Start(t)
	awaitIssued(t, s)
	open(t, s, a.Roots, "b.example").Echo(t, "hello")
	c := harness.DialTo(t, "127.0.0.1:"+itoa(a.HTTPPort))
	c.Send(t, harness.Get("/.well-known/acme-challenge/x").Host("a.example").String())
	if err := c.ReadResponse(); err != nil || c.Status() != 301 || !strings.HasPrefix(c.Header("Location"), "https://a.example:") {
		t.Errorf("%v, %v", c.Response, err)
	}
}

// A certificate is renewed while a WebSocket is open, which goes on.
func TestRenewed(t *testing.T) {
	t.Parallel()
	a := &harness.Authority{Life: 15 * time.Second}
	s := start(t, a, t.TempDir(), "cat")
	awaitIssued(t, s)
	c := open(t, s, a.Roots, "a.example")
	first, err := handshake(t, s, a.Roots, "a.example")
	if err != nil {
		t.Fatal(err)
	}
	harness.Until(t, "there is another certificate", func() bool {
		now, err := handshake(t, s, a.Roots, "a.example")
		return err == nil && now.SerialNumber.Cmp(first.SerialNumber) != 0
	})
	c.Echo(t, "hello")
}

// With --sslca clients need a certificate; the authority, which has none, is let in for its proof
// alone.
func TestIssuedWithClientCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	client := harness.NewCertificate(t, dir, "client", "client")
	a := &harness.Authority{Life: 90 * day}
	s := start(t, a, t.TempDir(), "--sslca="+client.Cert, "cat")
	awaitIssued(t, s)
	pair, err := tls.LoadX509KeyPair(client.Cert, client.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, certificates := range [][]tls.Certificate{nil, {pair}} {
		c, err := tls.Dial("tcp", s.Addr, &tls.Config{RootCAs: a.Roots, ServerName: "a.example", Certificates: certificates})
		if err == nil {
			c.Write([]byte("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"))
			_, err = c.Read(make([]byte, 1)) // with TLS 1.3 a client learns here that it is refused
			c.Close()
		}
		if (err == nil) != (certificates != nil) {
			t.Errorf("with %d certificates: %v", len(certificates), err)
		}
	}
	c, err := tls.Dial("tcp", s.Addr, &tls.Config{ServerName: "a.example", NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true})
	if err == nil {
		c.Close()
		t.Error("anyone may begin a proof when none is asked for")
	}
}

// What cannot be proved is told with its reason and the way out; the server serves on, and stops.
func TestNotIssued(t *testing.T) {
	t.Parallel()
	a := &harness.Authority{Life: 90 * day, TLSPort: harness.FreePort(t), HTTPPort: harness.FreePort(t)}
	a.Start(t)
	o := harness.Options{Bin: harness.Binary(t)}
	o.Args = []string{"--acme=a.example", "--acmeurl=" + a.URL, "--acmeca=" + a.CA, "--acmedir=" + t.TempDir(), "--redirport=" + itoa(harness.FreePort(t)), "cat"}
	s := o.Start(t)
	s.Out.Await(t, "Certificate not issued      : for a.example: tls-alpn-01: ", "; http-01: ", "refused", "port 443 or port 80 of that name must be this server; tried again in 5m0s")
	if _, err := handshake(t, s, a.Roots, "a.example"); err == nil || !strings.Contains(err.Error(), "internal error") {
		t.Errorf("a handshake: %v", err)
	}
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 0 {
		t.Errorf("status %d", status)
	}
}

// The server stops at once while it waits for the authority, which says nothing.
func TestStopsWhileItAsks(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := harness.Start(t, harness.Binary(t), "--acme=a.example", "--acmeurl=https://"+l.Addr().String()+"/dir", "--acmedir="+t.TempDir(), "cat")
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 0 {
		t.Errorf("status %d", status)
	}
}
