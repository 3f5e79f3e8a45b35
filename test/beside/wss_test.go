package beside

import (
	"crypto/tls"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"websocketd/test/harness"
)

// wss connects with somebody else's client.
func wss(t *testing.T, ca *authority, s *harness.Server, more func(*tls.Config), options websocket.DialOptions) (*websocket.Conn, error) {
	t.Helper()
	c := ca.client(t, s, "http/1.1")
	if more != nil {
		more(c.Transport.(*http.Transport).TLSClientConfig)
	}
	options.HTTPClient = c
	ws, _, err := websocket.Dial(t.Context(), "wss://localhost/", &options)
	if err == nil {
		t.Cleanup(func() { ws.CloseNow() })
	}
	return ws, err
}

// echo talks to cat.
func echo(t *testing.T, ca *authority, s *harness.Server, more func(*tls.Config)) *websocket.Conn {
	t.Helper()
	ws, err := wss(t, ca, s, more, websocket.DialOptions{})
	if err != nil {
		t.Fatalf("wss: %v", err)
	}
	echoes(t, ws, "hello")
	return ws
}

func echoes(t *testing.T, ws *websocket.Conn, text string) {
	t.Helper()
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatalf("send: %v", err)
	}
	if _, got, err := ws.Read(t.Context()); err != nil || string(got) != text {
		t.Fatalf("%q came back as %q, %v", text, got, err)
	}
}

func TestWSSCoder(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := start(t, append(ca.serve(t, "localhost"), "cat")...)
	ws := echo(t, ca, s, nil)
	ws.SetReadLimit(-1)
	echoes(t, ws, strings.Repeat("x", 900<<10))
	if err := ws.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("close: %v", err)
	}
	harness.NoSurvivors(t, s)
}

const nodeEcho = `
const WebSocket = require('ws');
const ws = new WebSocket(process.argv[1], { ca: require('fs').readFileSync(process.argv[2]), servername: 'localhost' });
ws.on('open', () => ws.send('hello'));
ws.on('message', data => { console.log('got ' + data); ws.close(1000); });
ws.on('close', code => console.log('closed ' + code));
ws.on('error', error => console.log('error ' + error));
`

func TestWSSNode(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node:ws")
	ca := newAuthority(t)
	s := start(t, append(ca.serve(t, "localhost"), "cat")...)
	file := write(t, t.TempDir(), "ca.pem", string(ca.pem))
	cmd := exec.CommandContext(t.Context(), "node", "-e", nodeEcho, "wss://"+s.Addr+"/", file)
	cmd.Dir = harness.ClientsDir()
	out, err := cmd.CombinedOutput()
	if string(out) != "got hello\nclosed 1000\n" || err != nil {
		t.Errorf("%s%v", out, err)
	}
}

// variables asks the program env for its environment.
func variables(t *testing.T, ca *authority, s *harness.Server, host string, more func(*tls.Config)) map[string]string {
	t.Helper()
	ws, err := wss(t, ca, s, more, websocket.DialOptions{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for {
		_, line, err := ws.Read(t.Context())
		if err != nil {
			if websocket.CloseStatus(err) != websocket.StatusNormalClosure {
				t.Errorf("env ended with %v", err)
			}
			return env
		}
		name, value, _ := strings.Cut(string(line), "=")
		env[name] = value
	}
}

func TestTLSEnvironment(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := start(t, append(ca.serve(t, "localhost"), "env")...)
	for host, want := range map[string]string{"localhost": "localhost 443", "localhost:8443": "localhost 8443", "[::1]": "[::1] 443", "[::1]:8443": "::1 8443"} {
		env := variables(t, ca, s, host, nil)
		if got := env["SERVER_NAME"] + " " + env["SERVER_PORT"]; got != want || env["HTTPS"] != "on" || env["HTTP_HOST"] != host {
			t.Errorf("%s: %s, HTTPS=%q, HTTP_HOST=%q", host, got, env["HTTPS"], env["HTTP_HOST"])
		}
	}
	line := s.Out.Await(t, "| CONNECT")
	if link := harness.Fields(line)["url"]; !strings.HasPrefix(link, "https://") {
		t.Errorf("the log names %s", link)
	}
	plain := start(t, "--passenv=HTTPS,WSD_MARK", "env").Environment(t, harness.Handshake("/"))
	if value, ok := plain["HTTPS"]; ok || plain["SERVER_PORT"] != "80" {
		t.Errorf("without --ssl: HTTPS=%q, SERVER_PORT=%q", value, plain["SERVER_PORT"])
	}
}

// An origin without a scheme admits insecure pages too; that is said at the start.
func TestTLSOrigins(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := start(t, append(ca.serve(t, "localhost"), "--origin=a.com,https://b.com,c.com:8080", "cat")...)
	for _, origin := range []string{"a.com", "c.com:8080"} {
		s.Out.Await(t, "| ERROR", "| server", `--origin="`+origin+`"`, `use "https://`+origin+`" to require TLS`)
	}
	if lines := s.Out.With("has no scheme"); len(lines) != 2 {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
	for origin, ok := range map[string]bool{"http://a.com": true, "https://a.com": true, "https://b.com": true, "http://b.com": false, "https://c.com": false, "https://evil.example": false} {
		_, err := wss(t, ca, s, nil, websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
		if (err == nil) != ok {
			t.Errorf("%s: %v", origin, err)
		}
	}
	quiet := start(t, append(ca.serve(t, "localhost"), "--origin=*", "cat")...)
	plain := start(t, "--origin=a.com", "cat")
	if quiet.Out.Has("has no scheme") || plain.Out.Has("has no scheme") {
		t.Error("a warning where none is due")
	}
	echo(t, ca, quiet, nil)
}

// --sslca: who shows no certificate of the right authority does not come in.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	ca, clients, strangers := newAuthority(t), newAuthority(t), newAuthority(t)
	file := write(t, t.TempDir(), "ca.pem", string(clients.pem))
	dir := t.TempDir()
	write(t, dir, "a.txt", "text")
	s := start(t, append(ca.serve(t, "localhost"), "--sslca="+file, "--staticdir="+dir, "env")...)
	s.Out.Await(t, "| INFO", "| server", "Mutual TLS enabled (client certs verified against "+file+")")
	friend, stranger := clients.issue(t, "friend").pair(t), strangers.issue(t, "friend").pair(t)
	show := func(pair tls.Certificate) func(*tls.Config) {
		return func(c *tls.Config) {
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
	}
	env := variables(t, ca, s, "localhost", show(friend))
	for name := range env {
		if strings.HasPrefix(name, "SSL_") {
			t.Errorf("the program sees %s", name)
		}
	}
	if env["HTTPS"] != "on" {
		t.Errorf("HTTPS=%q", env["HTTPS"])
	}
	for _, protocol := range []string{"h2", "http/1.1"} {
		c := ca.client(t, s, protocol)
		show(friend)(c.Transport.(*http.Transport).TLSClientConfig)
		do(t, c, "GET", "https://localhost/a.txt", "").is(t, 200, "text")
		for what, more := range map[string]func(*tls.Config){"no certificate": func(*tls.Config) {}, "a stranger's": show(stranger)} {
			c := ca.client(t, s, protocol)
			more(c.Transport.(*http.Transport).TLSClientConfig)
			if resp, err := c.Get("https://localhost/a.txt"); err == nil {
				resp.Body.Close()
				t.Errorf("%s over %s: %s", what, protocol, resp.Status)
			}
		}
	}
	for what, more := range map[string]func(*tls.Config){"no certificate": nil, "a stranger's": show(stranger)} {
		if _, err := wss(t, ca, s, more, websocket.DialOptions{}); err == nil {
			t.Errorf("a WebSocket with %s", what)
		}
	}
	if lines := s.Out.With("| CONNECT"); len(lines) != 1 {
		t.Errorf("%d sessions, expected 1", len(lines))
	}
	if _, err := os.Stat(filepath.Join(dir, "a.txt")); err != nil {
		t.Error(err)
	}
}
