package control

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// onSocket starts o with the operator's listener at a unix socket.
func onSocket(t *testing.T, o harness.Options) (s *managed, socket string) {
	t.Helper()
	socket = filepath.Join(shortDir(t), "admin.sock")
	o.Args = append([]string{"--admin=unix:" + socket}, o.Args...)
	return manage(t, o), socket
}

// checkMode checks the type and the rights of a file.
func checkMode(t *testing.T, file string, want os.FileMode) {
	t.Helper()
	info, err := os.Lstat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != want {
		t.Errorf("%s is %v, want %v", file, info.Mode(), want)
	}
}

// isThere reports whether there is a file.
func isThere(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

// TestSocket: the operator's socket, and the one for `websocketd ctl`, can be opened by nobody
// else, need no token, and are gone with the server.
func TestSocket(t *testing.T) {
	t.Parallel()
	s, socket := onSocket(t, harness.Options{Shell: "umask 0", Args: []string{"cat"}})
	checkMode(t, socket, os.ModeSocket|0o600)
	checkMode(t, s.runtime, os.ModeSocket|0o600)
	checkMode(t, filepath.Dir(s.runtime), os.ModeDir|0o700)
	for _, at := range []string{socket, s.runtime} {
		if status, body := askSocket(t, at, "GET", "/api/hub"); status != 200 {
			t.Errorf("%s: %d %s", at, status, body)
		}
		if status, _ := askSocket(t, at, "GET", "/api/hub", "Host: evil.example"); status != 421 {
			t.Errorf("another host: %d", status)
		}
		if status, _ := askSocket(t, at, "GET", "/api/hub", "Origin: http://evil.example"); status != 403 {
			t.Errorf("another page: %d", status)
		}
	}
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 0 {
		t.Errorf("status %d", status)
	}
	for _, at := range []string{socket, s.runtime, socket + ".lock", s.runtime + ".lock"} {
		if isThere(at) {
			t.Errorf("%s is left", at)
		}
	}
}

// packet returns a text as it is sent on the socket.
func packet(text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

// readPacket reads one.
func readPacket(t *testing.T, c io.Reader) string {
	t.Helper()
	var head [4]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err := io.ReadFull(c, body); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestPackets: on the path of the socket packets are taken beside HTTP: a client subscribes to
// a process and gets what it writes.
func TestPackets(t *testing.T) {
	t.Parallel()
	s, socket := onSocket(t, harness.Options{Args: []string{"--shared", "cat"}})
	raw, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.Write(packet(`{"type":"subscribe","data":"process:cat"}`))
	raw.Write(packet(`nonsense`))
	if text := readPacket(t, raw); text != `{"error":"Invalid message format"}` {
		t.Errorf("got %s", text)
	}
	c := s.Connect(t)
	if text := readPacket(t, raw); !strings.Contains(text, `"running"`) {
		t.Errorf("got %s", text)
	}
	c.Echo(t, "hello")
	if text := readPacket(t, raw); !strings.Contains(text, `"data":"hello"`) {
		t.Errorf("got %s", text)
	}
	if status, _ := askSocket(t, socket, "GET", "/api/hub"); status != 200 {
		t.Errorf("HTTP beside packets: %d", status)
	}
	raw.Write([]byte{0, 0xa0, 0, 1})
	if rest, err := io.ReadAll(raw); err != nil || len(rest) > 0 {
		t.Errorf("after a length of more than 10 MiB: %q, %v", rest, err)
	}
}

// TestSocketTaken: a socket that a server uses is not taken from it, and neither is a file that
// is none.
func TestSocketTaken(t *testing.T) {
	t.Parallel()
	_, socket := onSocket(t, catOptions())
	file := filepath.Join(shortDir(t), "file")
	harness.WriteFile(t, file, "mine", 0o600)
	for path, says := range map[string]string{
		socket: "already in use by a running server",
		file:   "is no socket: remove it, or give another --admin=unix:PATH",
		filepath.Join(shortDir(t), strings.Repeat("x", 120)): "the path has",
	} {
		second := harness.Options{Bin: harness.Binary(t), Args: []string{"--admin=unix:" + path, "cat"}, Env: []string{"XDG_RUNTIME_DIR=" + shortDir(t)}}.Launch(t)
		if status := second.Wait(t); status != 3 || !strings.Contains(second.Out.String(), says) {
			t.Errorf("%s: status %d\n%s", path, status, second.Out)
		}
	}
	if status, _ := askSocket(t, socket, "GET", "/api/hub"); status != 200 {
		t.Errorf("the first server answers %d", status)
	}
	if text, _ := os.ReadFile(file); string(text) != "mine" {
		t.Errorf("the file has %q", text)
	}
}

// TestSocketOfTheDead: what a server that was killed has left is replaced.
func TestSocketOfTheDead(t *testing.T) {
	t.Parallel()
	s, socket := onSocket(t, catOptions())
	runtime := filepath.Dir(filepath.Dir(s.runtime))
	s.Connect(t).Leave(t) // a process is started when there is a guardian
	var guardian int
	harness.Until(t, "there is a guardian", func() bool { guardian = s.Guardian(); return guardian != 0 })
	for _, pid := range []int{s.PID, guardian} { // which would remove them, and whose stop the server would notice
		syscall.Kill(pid, syscall.SIGSTOP)
		defer syscall.Kill(pid, syscall.SIGCONT)
		harness.Until(t, "it is stopped", func() bool { return harness.Stopped(pid) })
	}
	s.Signal(t, syscall.SIGKILL)
	s.Wait(t)
	if !isThere(socket) || !isThere(s.runtime) {
		t.Fatal("there is nothing to be replaced")
	}
	next := manage(t, harness.Options{Args: []string{"--admin=unix:" + socket, "cat"}, Env: []string{"XDG_RUNTIME_DIR=" + runtime}})
	syscall.Kill(guardian, syscall.SIGCONT)
	if status, _ := askSocket(t, socket, "GET", "/api/hub"); status != 200 {
		t.Errorf("the next server answers %d", status)
	}
	harness.Until(t, "the socket of the dead for websocketd ctl is removed", func() bool { return !isThere(s.runtime) })
	if !isThere(socket) || !isThere(next.runtime) {
		t.Error("a socket of the living was removed")
	}
}

// TestAnotherUser: another user's process gets nothing by the operator's sockets, even where
// the file lets it, or there is none.
func TestAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		harness.Skip(t, "root", "a client that is another user")
	}
	harness.Need(t, "setpriv", "curl")
	s, socket := onSocket(t, catOptions())
	abstract := "wsd-" + s.Mark
	other := manage(t, catOptions("--admin=unix:@"+abstract))
	for path := s.runtime; path != os.TempDir(); path = filepath.Dir(path) {
		os.Chmod(path, 0o777)
	}
	for path := socket; path != os.TempDir(); path = filepath.Dir(path) {
		os.Chmod(path, 0o777)
	}
	for _, test := range []struct {
		about string
		out   *harness.Lines
		flags []string
	}{
		{"the socket", s.Out, []string{"--unix-socket", socket}},
		{"the socket for websocketd ctl", s.Out, []string{"--unix-socket", s.runtime}},
		{"a socket without a file", other.Out, []string{"--abstract-unix-socket", abstract}},
	} {
		ask := append([]string{"-s", "-S", "-m", "60", "-w", "%{http_code}", "http://localhost/api/hub"}, test.flags...)
		if out, err := exec.Command("curl", ask...).CombinedOutput(); err != nil || !bytes.HasSuffix(out, []byte("200")) {
			t.Errorf("%s does not let its own user in: %s, %v", test.about, out, err)
		}
		out, err := exec.Command("setpriv", append([]string{"--reuid=65534", "--regid=65534", "--clear-groups", "curl"}, ask...)...).CombinedOutput()
		if err == nil || bytes.Contains(out, []byte("clients")) || bytes.Contains(out, []byte("ermission")) {
			t.Errorf("%s answers another user: %s, %v", test.about, out, err)
		}
		test.out.Await(t, "refused on the socket", "user 65534")
	}
}

// TestRuntimeDirectory: where there is no place for the socket of `websocketd ctl`, the server
// says so and goes on.
func TestRuntimeDirectory(t *testing.T) {
	t.Parallel()
	open := shortDir(t)
	if err := os.MkdirAll(filepath.Join(open, "websocketd"), 0o777); err != nil {
		t.Fatal(err)
	}
	os.Chmod(filepath.Join(open, "websocketd"), 0o777)
	for about, dir := range map[string]string{"a file": "/dev/null", "not there": "/nosuch/dir", "open to others": open} {
		s := harness.Options{Bin: harness.Binary(t), Args: []string{"--admin=127.0.0.1:0", "--admintoken=none", "cat"}, Env: []string{"XDG_RUNTIME_DIR=" + dir}}.Start(t)
		s.Out.Await(t, "INFO", "No socket for websocketd ctl")
		s.Connect(t).Echo(t, "hello")
		if s.Out.Has("Managed by websocketd ctl") {
			t.Errorf("%s: there is a socket\n%s", about, s.Out)
		}
	}
}
