package cli

import (
	"crypto/tls"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// What the flags of the HTTP neighbours do, as seen from outside.

func redirectLine(t *testing.T, o harness.Options) string {
	const line = "Starting redirect server    : http://"
	s := with(o, "cat").Start(t)
	if !isSet(o) {
		s.Connect(t)
		s.Out.Await(t, "| CONNECT") // what is said at the start has been said
		return map[bool]string{false: "none", true: "one"}[s.Out.Has(line)]
	}
	said := s.Out.Await(t, line)
	return strings.TrimSuffix(said[strings.LastIndexByte(said, ':')+1:], "/")
}

func plainOrRefused(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Launch(t)
	harness.Until(t, "the server listens or ends", func() bool { return s.Exited() || len(s.Out.With("ws://")) > 0 })
	if !s.Exited() {
		return "plain"
	}
	s.Wait(t)
	if strings.Contains(s.Err.String(), "please specify both") {
		return "wants a certificate"
	}
	return s.Err.String()
}

// twoCertificates are a.pem with a.key and b.pem with b.key in a new directory,
// where the server runs.
func twoCertificates(t *testing.T, o *harness.Options) (a, b harness.Certificate) {
	o.Dir = t.TempDir()
	return harness.NewCertificate(t, o.Dir, "a", "localhost"), harness.NewCertificate(t, o.Dir, "b", "localhost")
}

func whichCertificate(t *testing.T, o harness.Options) string {
	return whichPair(t, o, "--ssl", "--sslkey=a.key")
}

func whichKey(t *testing.T, o harness.Options) string {
	return whichPair(t, o, "--ssl", "--sslcert=a.pem")
}

// whichPair is the name in the certificate the server shows.
func whichPair(t *testing.T, o harness.Options, flags ...string) string {
	a, _ := twoCertificates(t, &o)
	o.Args = append(flags, o.Args...)
	s := with(o, "cat").Launch(t)
	harness.Until(t, "the server listens or ends", func() bool { return s.Exited() || len(s.Out.With("wss://")) > 0 })
	if !s.Exited() {
		c, err := tls.Dial("tcp", s.Addr, &tls.Config{RootCAs: a.Roots, ServerName: "localhost"})
		if err != nil {
			return err.Error()
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	s.Wait(t)
	if strings.Contains(s.Out.String(), "Can't start server") {
		return "no match"
	}
	return "refused"
}

// whoComesIn tries without a certificate, with a's and with b's.
func whoComesIn(t *testing.T, o harness.Options) string {
	a, b := twoCertificates(t, &o)
	o.Args = append([]string{"--ssl", "--sslcert=a.pem", "--sslkey=a.key"}, o.Args...)
	s := with(o, "cat").Launch(t)
	s.Out.Await(t, "wss://")
	if handshakes(s, a, nil) {
		return "all"
	}
	var in []string
	for name, c := range map[string]harness.Certificate{"a": a, "b": b} {
		if handshakes(s, a, &c) {
			in = append(in, name)
		}
	}
	return strings.Join(in, " ")
}

// handshakes reports whether the server takes a client with this certificate.
// With TLS 1.3 a client learns of its refusal when it reads.
func handshakes(s *harness.Server, server harness.Certificate, client *harness.Certificate) bool {
	config := &tls.Config{RootCAs: server.Roots, ServerName: "localhost"}
	if client != nil {
		pair, err := tls.LoadX509KeyPair(client.Cert, client.Key)
		if err != nil {
			return false
		}
		config.Certificates = []tls.Certificate{pair}
	}
	c, err := tls.Dial("tcp", s.Addr, config)
	if err != nil {
		return false
	}
	defer c.Close()
	c.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
	n, _ := c.Read(make([]byte, 1))
	return n == 1
}

func fileServed(t *testing.T, o harness.Options) string {
	o.Dir = harness.Scripts(t, map[string]string{"one/name": "one", "two/name": "two"})
	return lastWord(t, o, "/name")
}

func cgiServed(t *testing.T, o harness.Options) string {
	const header = "echo Content-Type: text/plain; echo; echo "
	o.Dir = harness.Scripts(t, map[string]string{"one/name": header + "one", "two/name": header + "two"})
	return lastWord(t, o, "/name")
}

// cgiPlace is where a script is found.
func cgiPlace(t *testing.T, o harness.Options) string {
	o.Dir = harness.Scripts(t, map[string]string{"cgi/name": "echo Content-Type: text/plain; echo; echo $SCRIPT_NAME"})
	o.Args = append(o.Args, "--cgidir=cgi")
	s := with(o, "cat").Start(t)
	var found []string
	for _, path := range []string{"/name", "/one/name", "/two/name"} {
		if answer := s.Ask(t, harness.Get(path)); answer.Status() == 200 {
			found = append(found, strings.TrimSpace(answer.Body))
		}
	}
	return strings.Join(found, " ")
}

// lastWord is the last word of an answer, or its status.
func lastWord(t *testing.T, o harness.Options, path string) string {
	answer := with(o, "cat").Start(t).Ask(t, harness.Get(path))
	words := strings.Fields(answer.Body)
	if answer.Status() != 200 || len(words) == 0 {
		return "404"
	}
	return words[len(words)-1]
}

func page(t *testing.T, o harness.Options) string {
	kind, _, _ := strings.Cut(with(o, "cat").Start(t).Ask(t, harness.Get("/")).Header("Content-Type"), ";")
	return kind
}
