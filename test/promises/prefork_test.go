package promises

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"websocketd/test/harness"
)

// startAhead runs our binary and waits until n processes stand ready.
func startAhead(t *testing.T, n int, args ...string) *harness.Server {
	t.Helper()
	s := start(t, append([]string{"--prefork=" + itoa(n)}, args...)...)
	waiting(t, s, n)
	return s
}

// waiting waits until n processes run, and returns them.
func waiting(t *testing.T, s *harness.Server, n int) (pids []int) {
	t.Helper()
	harness.Until(t, itoa(n)+" processes stand ready", func() bool { pids = s.Children(); return len(pids) == n })
	return pids
}

// environOf is the environment pid was started with.
func environOf(t *testing.T, pid int) map[string]string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(text), "\x00"), "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// object reads a message that must be one JSON object of strings.
func object(t *testing.T, c *harness.Conn) map[string]string {
	t.Helper()
	m, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	var vars map[string]string
	if err := json.Unmarshal(m.Data, &vars); err != nil {
		t.Fatalf("%v in %.300q", err, m.Data)
	}
	return vars
}

// The processes run before any client comes, and know of none: exactly these
// variables. The client gets one of them, and it is replaced.
func TestPreforkedEnvironment(t *testing.T) {
	t.Parallel()
	s := startAhead(t, 2, "sh", "-c", `echo $$; read -r x; exec env`)
	ready := waiting(t, s, 2)
	for _, pid := range ready {
		compare(t, "a process without a client", environOf(t, pid), map[string]string{
			"PATH": "*", "WSD_MARK": "*", "SERVER_SOFTWARE": "websocketd/*", "GATEWAY_INTERFACE": "CGI/1.1", "PREFORKED": "1"})
	}
	c := s.ConnectTo(t, "/path?query")
	m, err := c.Receive()
	if err != nil || !slices.Contains(ready, atoi(t, string(m.Data))) {
		t.Fatalf("the client got process %q, %v, and not one of %v", m.Data, err, ready)
	}
	waiting(t, s, 3)
	c.Text("go on")
	env := c.Ends(t, 1000, "")
	for _, entry := range env {
		if strings.HasPrefix(entry, "REMOTE_") || strings.HasPrefix(entry, "QUERY_STRING") || strings.HasPrefix(entry, "HTTP_") {
			t.Errorf("it knows %s", entry)
		}
	}
	if !slices.Contains(env, "PREFORKED=1") {
		t.Errorf("PREFORKED is not set: %q", env)
	}
}

// With --preforkrequest the first line is the environment a child of this
// request has: for those that were started ahead and for those that were not.
func TestPreforkRequest(t *testing.T) {
	t.Parallel()
	request := harness.Handshake("/a%20b?x=1&y=%22").Add("X-Odd", `"a\b<&>`).Add("Cookie", "a=1").Origin("http://localhost:3000")
	want := standard(map[string]string{"PATH_INFO": "/a b", "PATH_TRANSLATED": "/a b", "REQUEST_URI": "/a%20b?x=1&y=%22",
		"QUERY_STRING": "x=1&y=%22", "HTTP_X_ODD": `"a\b<&>`, "HTTP_COOKIE": "a=1", "HTTP_ORIGIN": "http://localhost:3000"})

	t.Run("started ahead", func(t *testing.T) {
		t.Parallel()
		s := startAhead(t, 1, "--preforkrequest", "cat")
		c := s.Open(t, request)
		compare(t, "the first line", object(t, c), want)
		c.Echo(t, "hello")
		c.Leave(t)
		// The line is not one of the client's messages.
		s.Out.Await(t, "DISCONNECT", "messagesin:'1'", "bytesin:'5'")
	})
	t.Run("bytes", func(t *testing.T) {
		t.Parallel()
		s := startAhead(t, 1, "--preforkrequest", "--binary", "sh", "-c", `read -r line; printf '%s\n' "$line"; exec cat`)
		c := s.Open(t, request)
		compare(t, "the first line", object(t, c), want)
		c.Binary([]byte{0, 1, 2})
		c.Expect(t, "\x00\x01\x02")
	})
	t.Run("not ahead", func(t *testing.T) {
		t.Parallel()
		// None that is started ahead lives, so from the fifth pause on there are
		// 1.6 s without any.
		s := start(t, "--prefork=1", "--preforkrequest",
			"sh", "-c", `[ "$PREFORKED" ] && exit 1; echo $$; while read -r line; do printf '%s\n' "$line"; done`)
		s.Out.Await(t, "another is started in 1.6s")
		c := s.Open(t, request)
		m, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		line := object(t, c)
		compare(t, "the first line", line, want)
		compare(t, "the environment", environOf(t, atoi(t, string(m.Data))), line)
		c.Echo(t, "hello")
	})
}

// A program that dies at once is started again and again, but less and less
// often, and what it said of the reason is in the log. Its clients are told how
// it ended.
func TestPreforkBacksOff(t *testing.T) {
	t.Parallel()
	starts := filepath.Join(t.TempDir(), "starts")
	begun := time.Now()
	s := start(t, "--prefork=2", "sh", "-c", `echo x >>`+starts+`; echo no such database >&2; exit 3`)
	s.Out.Await(t, "exit status 3", "another is started in 1.6s")
	text, err := os.ReadFile(starts)
	if err != nil {
		t.Fatal(err)
	}
	rounds, left := 1, time.Since(begun) // of at most two, and between them 0.1 s, 0.2 s, 0.4 s and so on
	for pause := 100 * time.Millisecond; left >= pause; pause *= 2 {
		left -= pause
		rounds++
	}
	if n := strings.Count(string(text), "x"); rounds < 5 || n > 2*rounds {
		t.Errorf("%d starts in %s", n, time.Since(begun))
	}
	s.Out.Await(t, "| stderr ", "no such database")
	for range 5 {
		s.Connect(t).Ends(t, 4003, "exit status 3")
	}
}

// What waits counts against --maxforks, and yet no client is refused for it.
func TestPreforkWithinMaxForks(t *testing.T) {
	t.Parallel()
	s := startAhead(t, 2, "--maxforks=2", "cat")
	first, second := s.Connect(t), s.Connect(t)
	for range 5 {
		first.Echo(t, "hello")
		second.Echo(t, "hello")
		if c := s.Ask(t, harness.Handshake("/")); c.Status() != 429 || !strings.Contains(c.Body, "--maxforks=2") {
			t.Fatalf("the third client: status %d: %s", c.Status(), c.Body)
		}
		if n := len(s.Children()); n != 2 {
			t.Fatalf("%d processes with --maxforks=2", n)
		}
		first.Leave(t)
		first = s.ConnectWhenFree(t)
	}
	first.Conn.Close()
	second.Conn.Close()
	harness.Until(t, "the slots are the pool's again", func() bool {
		return len(s.Out.With("DISCONNECT")) == 7 && len(s.Children()) == 2
	})
	var admitted int
	for _, c := range rush(t, s, 20) {
		if c.Status() == 101 {
			admitted++
		}
	}
	if admitted != 2 {
		t.Errorf("%d of 20 were admitted with --maxforks=2", admitted)
	}
}

// A CGI script cannot have one of those processes, but its place.
func TestPreforkMakesRoomForCGI(t *testing.T) {
	t.Parallel()
	dir := harness.Scripts(t, map[string]string{"hello": "echo Content-Type: text/plain; echo; echo hello"})
	s := startAhead(t, 1, "--maxforks=1", "--cgidir="+dir, "cat")
	for range 3 {
		var answer *harness.Conn
		harness.Until(t, "there is room for the script", func() bool { // none while a client's process ends
			answer = s.Ask(t, harness.Get("/hello"))
			return answer.Status() != 429
		})
		if answer.Status() != 200 || strings.TrimSpace(answer.Body) != "hello" {
			t.Fatalf("status %d: %q", answer.Status(), answer.Body)
		}
		c := s.ConnectWhenFree(t)
		if answer := s.Ask(t, harness.Get("/hello")); answer.Status() != 429 {
			t.Fatalf("status %d while the only slot has a client", answer.Status())
		}
		c.Leave(t)
	}
}

// However the server ends, nothing is left of those that waited.
func TestPreforkedAreNotLeft(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		for what, program := range sticky {
			t.Run(sig.String()+", "+what, func(t *testing.T) {
				t.Parallel()
				dir := harness.Scripts(t, map[string]string{"ok": "echo Content-Type: text/plain; echo; echo ok"})
				s := start(t, append([]string{"--prefork=3", "--cgidir=" + dir}, program...)...)
				s.Connect(t).Expect(t, "up")
				harness.Until(t, "one is with the client and three wait", func() bool { return sessions(s) == 4 })
				// Processes are started one after the other, so when the script runs
				// the guardian knows all of them.
				if answer := s.Ask(t, harness.Get("/ok")); answer.Status() != 200 {
					t.Fatalf("status %d", answer.Status())
				}
				s.Signal(t, sig)
				if status := s.Wait(t); sig == syscall.SIGTERM && status != 0 {
					t.Errorf("exit status %d", status)
				}
				harness.NothingLeft(t, s)
			})
		}
	}
}

// sessions is how many sessions the children of s are.
func sessions(s *harness.Server) int {
	seen := map[int]bool{}
	for _, pid := range s.Children() {
		if session, err := unix.Getsid(pid); err == nil {
			seen[session] = true
		}
	}
	return len(seen)
}

// What a process wrote before it had a client is all there, in order, also what
// did not fit the pipe.
func TestPreforkedOutputIsComplete(t *testing.T) {
	t.Parallel()
	const lines = 30000
	s := startAhead(t, 1, "sh", "-c", `i=0; while [ $i -lt `+itoa(lines)+` ]; do echo "line $i"; i=$((i+1)); done; exec cat`)
	ready := s.Children()[0]
	harness.Until(t, "its pipe is full", func() bool { return harness.Blocked(ready) })
	c := s.Connect(t)
	for i := range lines {
		m, err := c.Receive()
		if err != nil || string(m.Data) != "line "+itoa(i) {
			t.Fatalf("%.80q, %v, where line %d was expected", m.Data, err, i)
		}
	}
	c.Echo(t, "hello")
	s.Out.Await(t, "CONNECT", "pid:'"+itoa(ready)+"'")
}

// One that is killed while it waits is replaced, and no client gets it.
func TestPreforkedKilledWhileWaiting(t *testing.T) {
	t.Parallel()
	s := startAhead(t, 3, "sh", "-c", `echo $$; exec cat`)
	for range 3 {
		dead := s.Children()[1]
		if err := syscall.Kill(dead, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.Out.Await(t, "process "+itoa(dead)+" was started ahead and has ended unused: signal: SIGKILL")
		if ready := waiting(t, s, 3); slices.Contains(ready, dead) {
			t.Fatalf("%d is still among %v", dead, ready)
		}
		var clients []*harness.Conn
		var taken []int
		for range 4 {
			c := s.Connect(t)
			m, err := c.Receive()
			if err != nil || atoi(t, string(m.Data)) == dead {
				t.Fatalf("a client got %q, %v, after %d was killed", m.Data, err, dead)
			}
			clients, taken = append(clients, c), append(taken, atoi(t, string(m.Data)))
		}
		for _, c := range clients {
			c.Leave(t)
		}
		harness.Until(t, "the clients' processes are gone", func() bool {
			return !slices.ContainsFunc(s.Children(), func(pid int) bool { return slices.Contains(taken, pid) })
		})
		waiting(t, s, 3)
	}
}
