package promises

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// forwarded is what a server with some flags makes of some headers, in a request from
// 127.0.0.1.
type forwarded struct {
	trust   string // --trustproxy; "" is none
	name    string // --forwardedheader; "" is the default
	headers []string
	addr    string // REMOTE_ADDR
	https   bool
}

const peer = "127.0.0.1"

var forwardedTable = []forwarded{
	// Without the flag, and from a stranger, the headers change nothing.
	{"", "", []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "Forwarded: for=192.0.2.1;proto=https"}, peer, false},
	{"10.0.0.0/8,::1,unix", "", []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"}, peer, false},
	{"10.0.0.0/8", "Forwarded", []string{"Forwarded: for=192.0.2.1;proto=https"}, peer, false},

	// The right-most address that is not trusted.
	{peer, "", nil, peer, false},
	{peer, "", []string{"X-Forwarded-Proto: https"}, peer, true},
	{peer, "", []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"}, "192.0.2.1", true},
	{peer, "", []string{"X-Forwarded-For: 203.0.113.66, 192.0.2.1", "X-Forwarded-Proto: https, http"}, "192.0.2.1", false},
	{peer, "", []string{"X-Forwarded-For: 203.0.113.66", "X-Forwarded-For: 192.0.2.1"}, "192.0.2.1", false},
	{"127.0.0.0/8,10.0.0.0/8", "", []string{"X-Forwarded-For: 203.0.113.66, 192.0.2.1, 10.9.9.9,", "X-Forwarded-Proto: https"}, "192.0.2.1", true},
	{"127.0.0.0/8,10.0.0.0/8", "", []string{"X-Forwarded-For: 10.1.1.1, 10.9.9.9"}, "10.1.1.1", false},
	{peer, "", []string{"X-Forwarded-For: 2001:DB8:0::1"}, "2001:db8::1", false},
	{peer, "", []string{"X-Forwarded-For: [2001:db8::1]:443"}, "2001:db8::1", false},
	{peer, "", []string{"X-Forwarded-For: 192.0.2.1:4711"}, "192.0.2.1", false},
	{peer, "", []string{"X-Forwarded-For: ::ffff:192.0.2.1"}, "192.0.2.1", false},

	// What cannot be read ends the way: the last proxy stands.
	{peer, "", []string{"X-Forwarded-For: 192.0.2.1, unknown"}, peer, false},
	{peer, "", []string{"X-Forwarded-For: 192.0.2.1, 192.0.2"}, peer, false},
	{peer, "", []string{"X-Forwarded-For: 192.0.2.1, fe80::1%eth0"}, peer, false},
	{peer + ",10.9.9.9", "", []string{"X-Forwarded-For: 192.0.2.1, localhost, 10.9.9.9"}, "10.9.9.9", false},

	// Only the one header is believed.
	{peer, "", []string{"Forwarded: for=192.0.2.1;proto=https", "X-Real-IP: 192.0.2.2"}, peer, false},
	{peer, "Forwarded", []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"}, peer, false},
	{peer, "x-real-ip", []string{"X-Forwarded-For: 192.0.2.1", "X-Real-IP: 192.0.2.2", "X-Forwarded-Proto: WSS"}, "192.0.2.2", true},

	// RFC 7239, its examples among them.
	{peer, "forwarded", []string{"Forwarded: for=192.0.2.60; proto=https; by=203.0.113.43"}, "192.0.2.60", true},
	{peer, "Forwarded", []string{`Forwarded: For="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17", false},
	{peer, "Forwarded", []string{"Forwarded: for=192.0.2.43, for=198.51.100.17"}, "198.51.100.17", false},
	{peer + ",198.51.100.0/24", "Forwarded", []string{"Forwarded: for=192.0.2.43", "Forwarded: for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com"}, "192.0.2.43", false},
	{peer, "Forwarded", []string{`Forwarded: for="_gazonk"`}, peer, false},
	{peer, "Forwarded", []string{"Forwarded: for=203.0.113.66, for=_hidden;PROTO=https"}, peer, true},
	{peer, "Forwarded", []string{"Forwarded: for=203.0.113.66, for=unknown"}, peer, false},
	{peer, "Forwarded", []string{"Forwarded: for=2001:db8::1"}, peer, false},
	{peer, "Forwarded", []string{"Forwarded: for=192.0.2.1;for=192.0.2.2"}, peer, false},
	{peer, "Forwarded", []string{`Forwarded: for="192.0.2.1`}, peer, false},
	{peer, "Forwarded", []string{`Forwarded: for="203.0.113.66`, "Forwarded: for=192.0.2.1"}, "192.0.2.1", false},
	{peer, "Forwarded", []string{`Forwarded: for="\", for="[2001:db8::1]";proto=https`}, "2001:db8::1", true},
}

// TestForwarded: who a client is behind proxies, in the environment and in the log.
func TestForwarded(t *testing.T) {
	t.Parallel()
	servers := map[string]*harness.Server{}
	for _, row := range forwardedTable {
		flags := []string{"env"}
		if row.name != "" {
			flags = append([]string{"--forwardedheader=" + row.name}, flags...)
		}
		if row.trust != "" {
			flags = append([]string{"--trustproxy=" + row.trust}, flags...)
		}
		s := servers[join(flags)]
		if s == nil {
			s = start(t, flags...)
			servers[join(flags)] = s
		}
		r := withLines(harness.Handshake("/?row="+join(row.headers)), row.headers)
		r.Target = strings.NewReplacer(" ", "", `"`, "", `\`, "", ",", "").Replace(r.Target)
		checkForwarded(t, s, row, s.Environment(t, r))
		line := s.Out.Await(t, "CONNECT", r.Target)
		if fields := harness.Fields(line); fields["remote"] != row.addr || strings.HasPrefix(fields["url"], "https:") != row.https {
			t.Errorf("%+v: the log has %s", row, line)
		}
	}
}

// checkForwarded looks at what a program knows of its client.
func checkForwarded(t *testing.T, s *harness.Server, row forwarded, env map[string]string) {
	t.Helper()
	https, port := "", "80"
	if row.https {
		https, port = "on", "443"
	}
	moved := row.addr != peer
	if env["REMOTE_ADDR"] != row.addr || env["REMOTE_HOST"] != row.addr || (env["REMOTE_PORT"] == "") != moved ||
		env["HTTPS"] != https || env["SERVER_PORT"] != port {
		t.Errorf("%+v: REMOTE_ADDR=%s REMOTE_HOST=%s REMOTE_PORT=%s HTTPS=%s SERVER_PORT=%s", row,
			env["REMOTE_ADDR"], env["REMOTE_HOST"], env["REMOTE_PORT"], env["HTTPS"], env["SERVER_PORT"])
	}
}

func withLines(r harness.Request, lines []string) harness.Request {
	r.Lines = append(slices.Clip(r.Lines), lines...)
	return r
}

// TestForwardedFaces: every way to a program has the same client.
func TestForwardedFaces(t *testing.T) {
	t.Parallel()
	dir := harness.Scripts(t, map[string]string{"cgi": "echo Content-Type: text/plain; echo; env", "program/env": "env"})
	s := start(t, "--trustproxy="+peer, "--cgidir="+dir, "--dir="+filepath.Join(dir, "program"))
	told := []string{"X-Forwarded-For: 203.0.113.66, 192.0.2.1", "X-Forwarded-Proto: https", "Connection: close"}
	for name, r := range map[string]harness.Request{
		"CGI":    harness.Get("/cgi"),
		"POST":   harness.Get("/env").As("POST", "HTTP/1.1").Add("Content-Length", "0"),
		"events": harness.Get("/env").Add("Accept", "text/event-stream"),
	} {
		body := s.Ask(t, withLines(r, told)).Body
		for _, want := range []string{"REMOTE_ADDR=192.0.2.1\n", "REMOTE_PORT=\n", "HTTPS=on\n"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s has no %q: %s", name, want, body)
			}
		}
	}
}

// TestForwardedTLS: to a client that speaks TLS to a trusted proxy cookies are for TLS only,
// and its page has the port of https.
func TestForwardedTLS(t *testing.T) {
	t.Parallel()
	for trust, want := range map[string]bool{peer: true, "10.0.0.1": false} {
		s := start(t, "--resume=1s", "--trustproxy="+trust, "cat")
		c := s.Ask(t, harness.Handshake("/").Add("X-Forwarded-Proto", "https"))
		if cookie := c.Header("Set-Cookie"); cookie == "" || strings.Contains(cookie, "; Secure") != want {
			t.Errorf("trusted %v: the cookie is %q", want, cookie)
		}
		s = start(t, "--sameorigin", "--trustproxy="+trust, "cat")
		c = s.Ask(t, harness.Handshake("/").Add("X-Forwarded-Proto", "https").Origin("https://localhost"))
		if (c.Status() == 101) != want {
			t.Errorf("trusted %v: the page of https has %d %s", want, c.Status(), c.Body)
		}
	}
}

// TestForwardedLimits: behind a trusted proxy limits count by the address that it tells; from
// a stranger all addresses that it tells are its own.
func TestForwardedLimits(t *testing.T) {
	t.Parallel()
	for trust, second := range map[string]int{peer: 101, "10.0.0.1": 429} {
		s := start(t, "--trustproxy="+trust, "--maxperip=1", "cat")
		for _, ask := range []struct {
			from   string
			status int
		}{{"203.0.113.66, 192.0.2.1", 101}, {"203.0.113.77, 192.0.2.1", 429}, {"203.0.113.66, 192.0.2.2", second}} {
			if c := s.Ask(t, harness.Handshake("/").Add("X-Forwarded-For", ask.from)); c.Status() != ask.status {
				t.Errorf("--trustproxy=%s, from %s: %d %s", trust, ask.from, c.Status(), c.Body)
			}
		}
	}
}

// TestForwardedUnix: the proxy at the unix socket is trusted by the word for it, and by no
// network.
func TestForwardedUnix(t *testing.T) {
	t.Parallel()
	for trust, want := range map[string]string{"unix": "192.0.2.1", "0.0.0.0/0,::/0": "unix-socket"} {
		s := harness.Options{Bin: harness.Binary(t), Unix: filepath.Join(t.TempDir(), "s"), Args: []string{"--trustproxy=" + trust, "env"}}.Start(t)
		env := s.Environment(t, harness.Handshake("/").Add("X-Forwarded-For", "203.0.113.66, 192.0.2.1"))
		if env["REMOTE_ADDR"] != want || env["REMOTE_HOST"] != want || env["REMOTE_PORT"] != "" {
			t.Errorf("trusted %s: %s %s %s", trust, env["REMOTE_ADDR"], env["REMOTE_HOST"], env["REMOTE_PORT"])
		}
		s.Out.Await(t, "CONNECT", "remote:'"+want+"'")
	}
}
