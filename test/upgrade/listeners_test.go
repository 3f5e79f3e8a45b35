package upgrade

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	goclient "websocketd/client"
	"websocketd/test/harness"
)

// A socket's file stays where it is, with its mode and its lock, and is removed at the end; so is the
// operator's, by which ctl finds the server.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	dir := harness.ShortDir(t)
	o := options(t, "--socketmode=0640", "--admin=unix:admin.sock", "--shared", "cat")
	o.Unix, o.Dir = filepath.Join(dir, "s"), dir
	h := startWith(t, o)
	before, err := os.Stat(o.Unix)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if out, err := h.ctl(t, o, "upgrade"); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		after, err := os.Stat(o.Unix)
		if err != nil || !os.SameFile(before, after) || after.Mode() != before.Mode() {
			t.Errorf("%v, after %v: %v", after, before, err)
		}
		h.Connect(t).Leave(t)
	}
	second := o
	second.Args = []string{"--unixsocket=" + o.Unix, "cat"}
	second.Unix, second.Bare = "", true
	if s := second.Launch(t); s.Wait(t) != 3 {
		t.Errorf("a second server has taken the socket: %s", s.Err)
	}
	h.end(t, 0)
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A socket without a file goes on as well.
func TestAbstractSocket(t *testing.T) {
	t.Parallel()
	o := options(t, "--shared", "cat")
	o.Unix = "@" + filepath.Base(t.TempDir()) + harness.Key
	h := startWith(t, o)
	h.Connect(t).Echo(t, "before")
	h.upgrade(t)
	h.Connect(t).Expect(t, "before")
	h.end(t, 0)
}

// TLS, the port that redirects, and the operator's by TCP go on. The token is one that the operator
// has chosen: one that the server makes is another one each time.
func TestPorts(t *testing.T) {
	t.Parallel()
	redirect, admin := harness.FreePort(t), harness.FreePort(t)
	cert := harness.NewCertificate(t, t.TempDir(), "localhost", "localhost")
	o := options(t, "--ssl", "--admintokenfile=token", "--sslcert="+cert.Cert, "--sslkey="+cert.Key, fmt.Sprint("--redirport=", redirect), fmt.Sprint("--admin=", admin), "--resume=1m")
	o.Args = append(o.Args, talking(t, "-every=1ms")...)
	token := strings.Repeat("secret", 6)
	write(t, o, "token", token)
	h := startWith(t, o)
	c := newTalk(t, "wss://"+h.Addr+"/", "line", goclient.Options{TLS: &tls.Config{InsecureSkipVerify: true}})
	look := func() {
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		defer client.CloseIdleConnections()
		answer, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/x", redirect))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if to := answer.Header.Get("Location"); to != "https://"+h.Addr+"/x" {
			t.Errorf("redirected to %q", to)
		}
		r, _ := http.NewRequest("GET", fmt.Sprintf("http://127.0.0.1:%d/api/programs", admin), nil)
		r.Header.Set("Authorization", "Bearer "+token)
		if answer, err = client.Do(r); err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 200 {
			t.Errorf("the operator gets %s", answer.Status)
		}
	}
	converse(t, c, func() {
		look()
		h.upgrade(t)
		look()
		h.upgrade(t)
		look()
	})
	h.end(t, 0)
}

// What the file says when the server is replaced is what the new one serves: a new program, one that
// was removed and had no process, and a new port beside.
func TestNewConfig(t *testing.T) {
	t.Parallel()
	o := options(t, "--config=f.toml")
	write(t, o, "f.toml", "[program.a]\ncommand = [\"cat\"]\nlifetime = \"shared\"\n[program.b]\ncommand = [\"cat\"]\nlifetime = \"shared\"\n")
	h := startWith(t, o)
	c := h.ConnectTo(t, "/a")
	c.Echo(t, "before")
	redirect := harness.FreePort(t)
	write(t, o, "f.toml", fmt.Sprintf("redirport = %d\n[program.a]\ncommand = [\"cat\"]\nlifetime = \"shared\"\n[program.c]\ncommand = [\"cat\"]\n", redirect))
	h.upgrade(t)
	c.Ends(t, 1012, "a new server goes on with this program: come back")
	h.ConnectTo(t, "/a").Expect(t, "before")
	h.ConnectTo(t, "/c").Echo(t, "new")
	if gone := h.Ask(t, harness.Handshake("/b")); gone.Status() != 404 {
		t.Errorf("/b: %d", gone.Status())
	}
	beside, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", redirect))
	if err != nil {
		t.Fatal(err)
	}
	beside.Close()
	write(t, o, "f.toml", "[program.a]\ncommand = [\"cat\"]\nlifetime = \"shared\"\n[program.d]\ncommand = [\"cat\"]\n")
	h.upgrade(t)
	h.ConnectTo(t, "/a").Expect(t, "before")
	if beside, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", redirect)); err == nil {
		beside.Close()
		t.Error("the port that was removed is listened on")
	}
	write(t, o, "f.toml", "[program.e]\ncommand = [\"cat\"]\n[program.a]\ncommand = [\"cat\"]\nlifetime = \"shared\"\n")
	h.Signal(t, syscall.SIGHUP) // to the first server
	h.Out.Await(t, "new: e; gone: d")
	h.ConnectTo(t, "/e").Echo(t, "reloaded")
	h.end(t, 0)
}
