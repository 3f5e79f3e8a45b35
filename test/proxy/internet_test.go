package proxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"websocketd/test/harness"
)

// chat is the name that doc/internet.md uses.
const chat = "chat.example.com"

// TestInternet runs the program and the file of doc/internet.md behind each of its two proxies: who
// is known comes in, with the address of their own, and nobody else does.
func TestInternet(t *testing.T) {
	for name, start := range map[string]func(t *testing.T, recipe string, p place, insecure int) *exec.Cmd{
		"nginx": nginxOfInternet,
		"caddy": func(t *testing.T, recipe string, p place, _ int) *exec.Cmd { return caddyFor(t, recipe, p, chat) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.Need(t, name, "bash")
			s, token := serveInternet(t)
			p := place{dir: t.TempDir(), port: harness.FreePort(t), server: s.Port}
			certificate := harness.NewCertificate(t, p.dir, "chat", chat)
			p.cert, p.key = certificate.Cert, certificate.Key
			insecure := harness.FreePort(t)
			run(t, start(t, recipe(t, "internet.md", name), p, insecure), p.port)
			visitor := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: certificate.Roots}, DialContext: fromClient}}
			defer visitor.CloseIdleConnections()
			beGreeted(t, visitor, p.port, token)
			s.Out.Await(t, "DISCONNECT", "url:'https://"+chat, "remote:'"+client+"'", "user:'robot'")
			if name == "nginx" {
				isSentOn(t, visitor, insecure)
			}
		})
	}
}

// TestInternetAlone runs the file of doc/internet.md for a server without a proxy, which gets its
// certificate from an authority of the test's.
func TestInternetAlone(t *testing.T) {
	t.Parallel()
	harness.Need(t, "bash")
	a := &harness.Authority{TLSPort: harness.FreePort(t), HTTPPort: harness.FreePort(t), Life: 90 * 24 * time.Hour}
	a.Start(t)
	dir, token := internet(t)
	s := harness.Options{Bin: harness.Binary(t), Dir: dir, Port: a.TLSPort, Args: []string{"--config=alone.toml", "--redirport=" + strconv.Itoa(a.HTTPPort),
		"--acmeurl=" + a.URL, "--acmeca=" + a.CA, "--acmedir=" + t.TempDir()}}.Start(t)
	s.Out.Await(t, "Certificate issued", chat)
	visitor := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Roots}, DialContext: fromClient}}
	defer visitor.CloseIdleConnections()
	beGreeted(t, visitor, s.Port, token)
}

// serveInternet starts the server of the page that has a proxy before it, and returns a token for it.
func serveInternet(t *testing.T) (*harness.Server, string) {
	t.Helper()
	dir, token := internet(t)
	s := harness.Options{Bin: harness.Binary(t), Dir: dir, Args: []string{"--config=websocketd.toml", "--trustproxy=127.0.0.1,::1", "--loglevel=access"}}.Start(t)
	return s, token
}

// internet returns a directory with the files of the page, and a token.
func internet(t *testing.T) (dir, token string) {
	t.Helper()
	dir = t.TempDir()
	for name, language := range map[string]string{"greet.sh": "bash", "websocketd.toml": "toml", "alone.toml": "toml\n# alone.toml"} {
		write(t, filepath.Join(dir, name), recipe(t, "internet.md", language))
	}
	if err := os.Chmod(filepath.Join(dir, "greet.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "users"), "")
	out, err := exec.Command(harness.Binary(t), "passwd", "--token", filepath.Join(dir, "tokens"), "robot").Output()
	if err != nil {
		t.Fatal(err)
	}
	return dir, strings.TrimSpace(string(out))
}

// nginxOfInternet starts nginx with the recipe, and with another port for those without TLS.
func nginxOfInternet(t *testing.T, recipe string, p place, insecure int) *exec.Cmd {
	recipe = replace(t, recipe, "listen 443 ssl;", fmt.Sprintf("listen 127.0.0.1:%d ssl;", p.port))
	recipe = replace(t, recipe, "listen 80;", fmt.Sprintf("listen 127.0.0.1:%d;", insecure))
	recipe = replace(t, recipe, "/etc/letsencrypt/live/"+chat+"/fullchain.pem", p.cert)
	recipe = replace(t, recipe, "/etc/letsencrypt/live/"+chat+"/privkey.pem", p.key)
	return startNginx(t, recipe, p)
}

// fromClient connects to a port of this machine, from the address of the client.
func fromClient(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(client)}}
	return from.DialContext(ctx, network, "127.0.0.1:"+port)
}

// beGreeted talks with the program by WebSocket and by POST, and not without the token.
func beGreeted(t *testing.T, visitor *http.Client, port int, token string) {
	t.Helper()
	ctx, at := harness.Context(t), chat+":"+strconv.Itoa(port)
	c, resp, err := websocket.Dial(ctx, "wss://"+at+"/greet", &websocket.DialOptions{HTTPClient: visitor})
	if err == nil {
		c.CloseNow()
	}
	if err == nil || resp == nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger: %v", err)
	}
	known := http.Header{"Authorization": {"Bearer " + token}, "X-Forwarded-For": {forged}}
	c, _, err = websocket.Dial(ctx, "wss://"+at+"/greet", &websocket.DialOptions{HTTPClient: visitor, HTTPHeader: known})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(ctx, websocket.MessageText, []byte("Zoë")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"What is your name?", "Hello Zoë, known as robot"} {
		if _, got, err := c.Read(ctx); err != nil || string(got) != want {
			t.Fatalf("%q, %v", got, err)
		}
	}
	c.Close(websocket.StatusNormalClosure, "")
}

// isSentOn demands that who comes without TLS is sent to where it is.
func isSentOn(t *testing.T, visitor *http.Client, insecure int) {
	t.Helper()
	visitor.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := visitor.Get(fmt.Sprintf("http://%s:%d/greet", chat, insecure))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if to := resp.Header.Get("Location"); resp.StatusCode != http.StatusMovedPermanently || to != "https://"+chat+"/greet" {
		t.Errorf("%s, to %s", resp.Status, to)
	}
}
