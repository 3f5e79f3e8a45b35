// Package acme has the real binary get its certificates from pebble, the authority that Let's
// Encrypt's developers test with.
package acme

import (
	"crypto/tls"
	"crypto/x509"
	"strconv"
	"testing"
	"time"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const day = 24 * time.Hour

// start runs an authority, and a server that has it issue certificates. Of the proofs only those
// are possible whose ports are the server's.
func start(t *testing.T, a *harness.Authority, dir string, args ...string) *harness.Server {
	t.Helper()
	a.TLSPort, a.HTTPPort = orFree(t, a.TLSPort), orFree(t, a.HTTPPort)
	a.Start(t)
	return serve(t, a, dir, args...)
}

// serve runs another server for the same authority.
func serve(t *testing.T, a *harness.Authority, dir string, args ...string) *harness.Server {
	t.Helper()
	o := harness.Options{Bin: harness.Binary(t), Port: a.TLSPort}
	o.Args = append([]string{"--acme=a.example,b.example", "--acmeurl=" + a.URL, "--acmeca=" + a.CA, "--acmedir=" + dir}, args...)
	return o.Start(t)
}

func orFree(t *testing.T, port int) int {
	if port == 0 {
		port = harness.FreePort(t)
	}
	return port
}

const issued = "Certificate issued          : for "

// awaitIssued waits until the server has both certificates.
func awaitIssued(t *testing.T, s *harness.Server) {
	t.Helper()
	for _, name := range []string{"a.example", "b.example"} {
		s.Out.Await(t, issued+name+", until ")
	}
}

// handshake makes a TLS connection to a name of the server, and returns the certificate.
func handshake(t *testing.T, s *harness.Server, roots *x509.CertPool, name string) (*x509.Certificate, error) {
	t.Helper()
	c, err := tls.Dial("tcp", s.Addr, &tls.Config{RootCAs: roots, ServerName: name})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0], nil
}

// open opens a WebSocket at a name of the server.
func open(t *testing.T, s *harness.Server, roots *x509.CertPool, name string) *harness.Conn {
	t.Helper()
	c := s.Dial(t).Secure(t, &tls.Config{RootCAs: roots, ServerName: name})
	c.Send(t, harness.Handshake("/").Host(name+":"+itoa(s.Port)).Origin("https://"+name+":"+itoa(s.Port)).String())
	if err := c.ReadResponse(); err != nil || c.Status() != 101 {
		t.Fatalf("%s: %v, %v", name, c.Response, err)
	}
	return c
}

func itoa(n int) string { return strconv.Itoa(n) }
