// Package proxy tries the recipes of doc/http.md for reverse proxies, word by word,
// against the real nginx and Caddy.
package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// site is the name the recipes use.
const site = "ws.example.com"

// client is the address that the page connects from, and forged another that it claims.
const client, forged = "127.0.0.9", "203.0.113.66"

// proxies start a proxy with the recipe's text on a port, in front of a server.
var proxies = map[string]func(t *testing.T, recipe string, p place) *exec.Cmd{
	"nginx": nginx,
	"caddy": caddy,
}

// place is where things are in a test, instead of where the recipe has them.
type place struct {
	dir       string
	cert, key string
	port      int // of the proxy
	server    int // of ours
}

func TestRecipes(t *testing.T) {
	for name, start := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.Need(t, name)
			server := harness.Start(t, harness.Binary(t), "--host="+site, "--trustproxy=127.0.0.1", "--pingms=1000", "sh", "-c",
				`echo "$REMOTE_ADDR:$REMOTE_PORT $HTTPS"; while read -r name; do echo "Hello $name!"; done`)
			p := place{dir: t.TempDir(), port: harness.FreePort(t), server: server.Port}
			certificate := harness.NewCertificate(t, p.dir, "site", site)
			p.cert, p.key = certificate.Cert, certificate.Key
			run(t, start(t, recipe(t, "http.md", name), p), p.port)
			talk(t, p.port, certificate.Roots)
			server.Out.Await(t, "DISCONNECT", "url:'https://"+site, "remote:'"+client+"'")
		})
	}
}

// recipe is the first code block of a language on a page of doc/.
func recipe(t *testing.T, page, language string) string {
	t.Helper()
	manual, err := os.ReadFile(filepath.Join(harness.RootDir(), "doc", page))
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(manual), "```"+language+"\n")
	block, _, closed := strings.Cut(block, "```")
	if !found || !closed {
		t.Fatalf("doc/%s has no recipe for %s", page, language)
	}
	return block
}

// replace is strings.ReplaceAll for what must be there.
func replace(t *testing.T, s, old, with string) string {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("the recipe does not have %q any more:\n%s", old, s)
	}
	return strings.ReplaceAll(s, old, with)
}

func nginx(t *testing.T, recipe string, p place) *exec.Cmd {
	recipe = replace(t, recipe, "listen 443 ssl;", fmt.Sprintf("listen 127.0.0.1:%d ssl;", p.port))
	recipe = replace(t, recipe, "/etc/ssl/"+site+".pem", p.cert)
	recipe = replace(t, recipe, "/etc/ssl/"+site+".key", p.key)
	return startNginx(t, recipe, p)
}

// startNginx starts nginx with a recipe that has the places of the test, but for the server's.
func startNginx(t *testing.T, recipe string, p place) *exec.Cmd {
	t.Helper()
	recipe = replace(t, recipe, "127.0.0.1:8080", "127.0.0.1:"+strconv.Itoa(p.server))
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += fmt.Sprintf("%s_temp_path %s;\n", kind, filepath.Join(p.dir, kind))
	}
	conf := filepath.Join(p.dir, "nginx.conf")
	write(t, conf, fmt.Sprintf("%s pid %s/pid; error_log stderr; events {} http { access_log off;\n%s\n%s}", user, p.dir, temp, recipe))
	return exec.Command("nginx", "-e", "stderr", "-p", p.dir, "-c", conf, "-g", "daemon off;")
}

func caddy(t *testing.T, recipe string, p place) *exec.Cmd {
	return caddyFor(t, recipe, p, site)
}

// caddyFor starts Caddy with the recipe for a site.
func caddyFor(t *testing.T, recipe string, p place, site string) *exec.Cmd {
	t.Helper()
	recipe = replace(t, recipe, site+" {", fmt.Sprintf("https://%s:%d {\n\tbind 127.0.0.1\n\ttls %s %s", site, p.port, p.cert, p.key))
	recipe = replace(t, recipe, "127.0.0.1:8080", "127.0.0.1:"+strconv.Itoa(p.server))
	conf := filepath.Join(p.dir, "Caddyfile")
	write(t, conf, "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"+recipe)
	cmd := exec.Command("caddy", "run", "--config", conf, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+p.dir, "XDG_DATA_HOME="+p.dir, "XDG_CONFIG_HOME="+p.dir)
	return cmd
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run starts a proxy and waits until it listens. It ends with the test.
func run(t *testing.T, cmd *exec.Cmd, port int) {
	t.Helper()
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, said.String())
		}
	})
	harness.Until(t, "the proxy listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// talk is a browser's page of the same site, whose request claims another address: it
// greets, stays silent for two pings, greets again, and leaves.
func talk(t *testing.T, port int, roots *x509.CertPool) {
	ctx := harness.Context(t)
	pinged := make(chan struct{}, 10)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(client)}}
			return from.DialContext(ctx, network, "127.0.0.1:"+strconv.Itoa(port))
		},
	}
	defer transport.CloseIdleConnections()
	c, _, err := websocket.Dial(ctx, fmt.Sprintf("wss://%s:%d/", site, port), &websocket.DialOptions{
		HTTPClient:     &http.Client{Transport: transport},
		HTTPHeader:     http.Header{"Origin": {fmt.Sprintf("https://%s:%d", site, port)}, "X-Forwarded-For": {forged}, "X-Forwarded-Proto": {"http"}},
		OnPingReceived: func(context.Context, []byte) bool { pinged <- struct{}{}; return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if _, b, err := c.Read(ctx); err != nil || string(b) != client+": on" {
		t.Errorf("the program's client is %q, %v", b, err)
	}
	greet(t, ctx, c, "Zoë")
	messages := make(chan string)
	go func() {
		_, b, _ := c.Read(ctx)
		messages <- string(b)
	}()
	for range 2 {
		select {
		case <-pinged:
		case <-ctx.Done():
			t.Fatal("no ping came through")
		}
	}
	if err := c.Write(ctx, websocket.MessageText, []byte("again")); err != nil {
		t.Error(err)
	}
	if got := <-messages; got != "Hello again!" {
		t.Errorf("after two pings: %q", got)
	}
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
}

func greet(t *testing.T, ctx context.Context, c *websocket.Conn, name string) {
	t.Helper()
	if err := c.Write(ctx, websocket.MessageText, []byte(name)); err != nil {
		t.Fatal(err)
	}
	if _, b, err := c.Read(ctx); err != nil || string(b) != "Hello "+name+"!" {
		t.Fatalf("%q, %v", b, err)
	}
}
