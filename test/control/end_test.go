package control

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// TestLastWords: at the end of the server the operator's client hears what each process writes
// last, and how it has ended, before it is closed with 1001; then the listener is gone.
func TestLastWords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "last.sh"), "#!/bin/sh\ncat >/dev/null\necho last words\nexit 3\n", 0o755)
	s := atLoopback(t, harness.Options{Dir: dir, Args: []string{"--shared", "--start=eager", "./last.sh"}})
	c := s.watch(t, s.withToken, "/ws")
	c.Text(`{"type":"subscribe","data":"process:last.sh"}`)
	await(t, c, `"running"`)
	packets, err := net.Dial("unix", s.runtime)
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	packets.Write(packet(`{"type":"subscribe","data":"process:last.sh"}`))
	if text := readPacket(t, packets); !strings.Contains(text, `"running"`) {
		t.Errorf("got %s", text)
	}
	s.Signal(t, syscall.SIGTERM)
	messages, end := c.Rest(t)
	if len(messages) != 2 || !strings.Contains(messages[0], `"last words"`) || !strings.Contains(messages[1], `"exited"`) || !strings.Contains(messages[1], `"exitCode":3`) {
		t.Errorf("heard %q", messages)
	}
	if end.Code != 1001 {
		t.Errorf("closed with %v", end)
	}
	for _, want := range []string{`"last words"`, `"exited"`} {
		if text := readPacket(t, packets); !strings.Contains(text, want) {
			t.Errorf("got %s, want %s", text, want)
		}
	}
	if rest, err := io.ReadAll(packets); err != nil || len(rest) > 0 {
		t.Errorf("then %q, %v", rest, err)
	}
	if status := s.Wait(t); status != 0 {
		t.Errorf("status %d", status)
	}
	if _, err := net.Dial("tcp", s.address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the end: %v", err)
	}
}

// await reads until a message has a text.
func await(t *testing.T, c *harness.Conn, text string) {
	t.Helper()
	for {
		m, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(m.Data), text) {
			return
		}
	}
}

// TestSecondSignal: a second signal ends the server at once, and leaves no socket.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	s := atLoopback(t, harness.Options{Args: []string{"--closems=60000", "--shared", "--start=eager", "sh", "-c", "trap '' INT TERM; while :; do sleep 1; done"}})
	s.Signal(t, syscall.SIGTERM)
	s.Out.Await(t, "a second signal stops at once")
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 128+int(syscall.SIGTERM) {
		t.Errorf("status %d", status)
	}
	if isThere(s.runtime) {
		t.Errorf("%s is left", s.runtime)
	}
}

// TestUnfinishedRequests: whoever opens connections by the hundred and sends half a request
// keeps few of them, does not keep the operator out, and loses them all.
func TestUnfinishedRequests(t *testing.T) {
	t.Parallel()
	s := atLoopback(t, catOptions())
	const opened, kept = 600, 256
	before := harness.Descriptors(t, s.PID)
	var all []net.Conn
	for range opened {
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "GET /api/hub HTTP/1.1\r\nX-Slow: ")
		all = append(all, c)
	}
	s.Out.Await(t, "have shown nothing: the oldest of these are closed")
	if status, _ := s.ask(t, "GET", "/api/hub", "X-API-Key: "+s.token); status != 200 {
		t.Errorf("the operator is answered %d", status)
	}
	harness.Until(t, "few of them are left", func() bool { return harness.Descriptors(t, s.PID) <= before+kept+8 })
	s.Connect(t).Echo(t, "the clients of programs do not notice")
	for _, c := range all { // after ten seconds
		if _, err := io.ReadAll(c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Fatal(err)
		}
	}
	harness.Until(t, "none of them is left", func() bool { return harness.Descriptors(t, s.PID) <= before+8 })
}

// TestLongHeaders: 32 KiB of a request's headers are enough.
func TestLongHeaders(t *testing.T) {
	t.Parallel()
	s := atLoopback(t, catOptions())
	for size, want := range map[int]int{30 << 10: 200, 40 << 10: 431} {
		c := harness.DialTo(t, s.address)
		c.Send(t, s.withToken(harness.Get("/api/hub")).Add("X-Long", strings.Repeat("x", size)).String())
		if err := c.ReadResponse(); err != nil || c.Status() != want {
			t.Errorf("%d bytes: %v, want %d", size, err, want)
		}
	}
}

// TestPings: the operator's WebSocket is pinged as --pingms says, and one that does not answer
// is gone.
func TestPings(t *testing.T) {
	t.Parallel()
	s := atLoopback(t, catOptions("--pingms=300"))
	c := s.watch(t, s.withToken, "/ws")
	c.Deaf = true
	if _, end := c.Rest(t); c.Pings == 0 {
		t.Errorf("no ping, and the end %v", end)
	}
	harness.Until(t, "it is gone", func() bool {
		_, body := s.ask(t, "GET", "/api/hub", "X-API-Key: "+s.token)
		return strings.Contains(body, `"clients":0`)
	})
}

// TestWhatIsTaken: an address that cannot be listened on ends the start, with the way out.
func TestWhatIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	for address, says := range map[string]string{
		fmt.Sprintf("127.0.0.1:%d", port): fmt.Sprintf("port %d is taken, take another: --admin=", port),
		fmt.Sprintf("%d", port):           fmt.Sprintf("port %d is taken, take another: --admin=", port),
		"192.0.2.1:9615":                  "--admin=192.0.2.1:9615 is no address of this machine",
		"nosuch.invalid:9615":             "--admin=HOST:PORT is where the operator's listener is",
	} {
		s := harness.Options{Bin: harness.Binary(t), Args: []string{"--admin=" + address, "cat"}, Env: []string{"XDG_RUNTIME_DIR=" + shortDir(t)}}.Launch(t)
		if status := s.Wait(t); status != 3 || !strings.Contains(s.Out.String(), says) {
			t.Errorf("%s: status %d, want %q\n%s", address, status, says, s.Out)
		}
	}
}

// TestLoopbackIsMeant: without a host, both addresses of this machine are listened on, with
// one port that the log says.
func TestLoopbackIsMeant(t *testing.T) {
	t.Parallel()
	for _, address := range []string{":0", "localhost:0"} {
		s := manage(t, catOptions("--admin="+address, "--admintoken=none"))
		if host, port, _ := net.SplitHostPort(s.address); host != "127.0.0.1" || port == "0" {
			t.Errorf("--admin=%s is at %s", address, s.address)
		}
		_, port, _ := net.SplitHostPort(s.address)
		hosts := []string{"127.0.0.1", "localhost"}
		if c, err := net.Listen("tcp", "[::1]:0"); err == nil {
			c.Close()
			hosts = append(hosts, "[::1]")
		}
		for _, host := range hosts {
			answer, err := http.Get("http://" + host + ":" + port + "/api/hub")
			if err != nil {
				t.Errorf("--admin=%s: %v", address, err)
				continue
			}
			if answer.Body.Close(); answer.StatusCode != 200 {
				t.Errorf("%s: %d", host, answer.StatusCode)
			}
		}
	}
}

// TestHangup: what the operator's flags say stays until the next start, and the log says so.
func TestHangup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "x.toml")
	const program = "[program.a]\ncommand = [\"cat\"]\n"
	harness.WriteFile(t, file, "admin = \"127.0.0.1:0\"\nadmintoken = \"none\"\n"+program, 0o600)
	s := manage(t, harness.Options{Args: []string{"--config=" + file}})
	harness.WriteFile(t, file, "admin = true\nadmintokenfile = \""+tokenFile(t, "a-token-that-is-not-taken")+"\"\nadminpprof = true\n"+program, 0o600)
	s.Signal(t, syscall.SIGHUP)
	s.Out.Await(t, "Needs a restart             : admin, admintoken, admintokenfile, adminpprof")
	if status, _ := s.ask(t, "GET", "/api/hub"); status != 200 {
		t.Errorf("after SIGHUP: %d", status)
	}
}
