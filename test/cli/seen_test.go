package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// The functions of this file start a server with the flags or variables of one
// row and say what they saw.

// rowPorts are for the rows of --port and --redirport, which name them before a
// test runs.
var rowPorts = [4]int{harness.MustFreePort(), harness.MustFreePort(), harness.MustFreePort(), harness.MustFreePort()}

func port(i int) string { return strconv.Itoa(rowPorts[i-1]) }

// with is o with a command behind its flags.
func with(o harness.Options, command ...string) harness.Options {
	o.Args = append(append([]string{}, o.Args...), command...)
	return o
}

// bare is o without the harness's own flags but the address; the port is in
// front, so that a port of o wins.
func bare(t *testing.T, o harness.Options, flags ...string) harness.Options {
	o.Bare = true
	o.Args = append(flags, o.Args...)
	return with(o, "cat")
}

func startLine(t *testing.T, o harness.Options) string {
	s := bare(t, o, "--address=127.0.0.1").Launch(t)
	line := s.Out.Await(t, "Starting WebSocket server   : ws://")
	_, url, _ := strings.Cut(line, "ws://")
	return strings.TrimSuffix(url, "/")
}

func addresses(t *testing.T, o harness.Options) string {
	set := isSet(o)
	o.Port = harness.FreePort(t)
	s := bare(t, o, "--port="+strconv.Itoa(o.Port)).Launch(t)
	s.Out.Await(t, "Starting WebSocket server")
	if !set { // 127.0.0.1, and ::1 where there is IPv6
		s.Out.Await(t, "ws://localhost:")
		return "loopback"
	}
	var hosts []string
	for _, host := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"} {
		if c, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(o.Port))); err == nil {
			c.Close()
			hosts = append(hosts, host)
		}
	}
	return strings.Join(hosts, " ")
}

func socketLine(t *testing.T, o harness.Options) string {
	o.Dir, o.Port = t.TempDir(), harness.FreePort(t)
	s := bare(t, o, "--address=127.0.0.1", "--port="+strconv.Itoa(o.Port)).Start(t)
	s.Out.Await(t, "ws://")
	lines := s.Out.With("unix socket at ")
	if len(lines) == 0 {
		return "none"
	}
	_, path, _ := strings.Cut(lines[0], "unix socket at ")
	return filepath.Base(path)
}

// socketFile is the file of the socket of a server.
func socketFile(t *testing.T, o harness.Options) os.FileInfo {
	socket := filepath.Join(t.TempDir(), "s.sock")
	o.Port = harness.FreePort(t) // where the harness sees that it serves
	s := bare(t, o, "--unixsocket="+socket, "--address=127.0.0.1", "--port="+strconv.Itoa(o.Port)).Start(t)
	s.Out.Await(t, "unix socket at ")
	info, err := os.Stat(socket)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func socketMode(t *testing.T, o harness.Options) string {
	return fmt.Sprintf("%04o", socketFile(t, o).Mode().Perm())
}

func socketGroup(t *testing.T, o harness.Options) string {
	info := socketFile(t, o)
	return fmt.Sprintf("%d %04o", info.Sys().(*syscall.Stat_t).Gid, info.Mode().Perm())
}

// Two groups a socket may get: root may give it any, others one they are in.
var ownGroup, otherGroup = twoGroups()

func twoGroups() (own, other string) {
	own, other = strconv.Itoa(os.Getegid()), strconv.Itoa(os.Getegid())
	if os.Geteuid() == 0 {
		return own, "1"
	}
	groups, _ := os.Getgroups()
	for _, gid := range groups {
		other = strconv.Itoa(gid)
	}
	return own, other
}

func hosts(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	return fmt.Sprint(s.Ask(t, harness.Get("/").Host("a.example")).Status(), " ", s.Ask(t, harness.Get("/").Host("b.example")).Status())
}

func origins(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	a, b := harness.Handshake("/").Origin("http://a.example"), harness.Handshake("/").Origin("http://b.example")
	return fmt.Sprint(s.Ask(t, a).Status(), " ", s.Ask(t, b).Status())
}

// remoteAddr is where a request seems to come from whose headers tell three places.
func remoteAddr(t *testing.T, o harness.Options) string {
	return with(o, "env").Start(t).Environment(t, harness.Handshake("/").
		Add("X-Forwarded-For", "192.0.2.1").Add("Forwarded", "for=192.0.2.2").Add("X-Real-IP", "192.0.2.3"))["REMOTE_ADDR"]
}

func trustedAddr(t *testing.T, o harness.Options) string {
	o.Args = append([]string{"--trustproxy=127.0.0.1"}, o.Args...)
	return remoteAddr(t, o)
}

func otherPort(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	return fmt.Sprint(s.Ask(t, harness.Handshake("/").Origin("http://localhost:1")).Status())
}

func admitted(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	n := 0
	for range 4 {
		if s.Ask(t, harness.Handshake("/")).Status() == 101 {
			n++
		}
	}
	return strconv.Itoa(n)
}

func script(t *testing.T, o harness.Options) string {
	o.Dir = harness.Scripts(t, map[string]string{"one/name": "echo one", "two/name": "echo two"})
	got, _ := o.Start(t).ConnectTo(t, "/name").Rest(t)
	return strings.Join(got, " ")
}

// startedAhead is how many processes there are before any client.
func startedAhead(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	n := 0
	harness.Within(time.Second, func() bool { n = len(s.Children()); return n == 2 })
	return strconv.Itoa(n)
}

// firstLine is whose line a process reads first.
func firstLine(t *testing.T, o harness.Options) string {
	o.Args = append([]string{"--prefork=1"}, o.Args...)
	c := with(o, "cat").Start(t).Connect(t)
	c.Text("hello")
	m, err := c.Receive()
	switch {
	case err != nil:
		t.Fatal(err)
	case json.Valid(m.Data):
		return "an object"
	}
	return "the client's"
}

func passed(t *testing.T, o harness.Options) string {
	o.Port = harness.FreePort(t)
	o.Env = append(o.Env, "AAA=1", "BBB=1", "CCC=1", "DDD=1")
	o.Bare = true
	o.Args = append([]string{"--address=127.0.0.1", "--port=" + strconv.Itoa(o.Port)}, o.Args...)
	env := with(o, "/usr/bin/env").Start(t).Environment(t, harness.Handshake("/"))
	var names []string
	for _, name := range []string{"PATH", "AAA", "BBB", "CCC", "DDD"} {
		if _, set := env[name]; set {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// remoteHost asks several times where a name is hoped for: it may become known
// only after the first request.
func remoteHost(t *testing.T, o harness.Options) string {
	set := isSet(o)
	s := with(o, "env").Start(t)
	host := ""
	harness.Within(time.Second, func() bool {
		host = s.Environment(t, harness.Handshake("/"))["REMOTE_HOST"]
		return host != "127.0.0.1"
	})
	if host != "127.0.0.1" && set {
		return "localhost" // under whatever name this machine knows itself
	}
	return host
}

// configured is what the program at /x says, which each file has another of.
func configured(t *testing.T, o harness.Options) string {
	o.Dir = t.TempDir()
	for _, name := range []string{"one", "two"} {
		harness.WriteFile(t, filepath.Join(o.Dir, name+".toml"), "[program.x]\ncommand = [\"echo\", \""+name+"\"]\n", 0o644)
	}
	got, _ := with(o, "echo", "no file").Start(t).ConnectTo(t, "/x").Rest(t)
	return strings.Join(got, " ")
}

// ladder: a process that ignores the end of its input is asked to end by a
// signal after 100 ms and --closems.
func ladder(t *testing.T, o harness.Options) string {
	s := with(o, "sleep", "10000").Start(t)
	c := s.Connect(t)
	harness.Until(t, "the process runs", func() bool { return len(s.Children()) == 1 })
	c.Leave(t)
	if harness.Within(time.Second, func() bool { return len(s.Children()) == 0 }) {
		return "ended"
	}
	for _, pid := range s.Children() {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	return "still there"
}

func kindOfMessage(t *testing.T, o harness.Options) string {
	m, err := with(o, "echo", "x").Start(t).Connect(t).Receive()
	if err != nil {
		t.Fatal(err)
	}
	return map[byte]string{harness.TextOp: "text", harness.BinaryOp: "binary"}[m.Op]
}

func stderrMode(t *testing.T, o harness.Options) string {
	s := with(o, "sh", "-c", "echo problem >&2").Start(t)
	got, _ := s.Connect(t).Rest(t)
	s.Out.Await(t, "DISCONNECT")
	logged := len(s.Out.With("| stderr ", "problem")) == 1
	switch {
	case len(got) == 0 && logged:
		return "log"
	case len(got) == 0:
		return "discard"
	case got[0] == "problem" && !logged:
		return "merge"
	case got[0] == `{"stream":"stderr","data":"problem"}` && logged:
		return "tag"
	}
	return fmt.Sprintf("%q, logged %v", got, logged)
}

func longestLine(t *testing.T, o harness.Options) string {
	longest := 0
	with(o, "sh", "-c", "yes | tr -d '\\n' | head -c 2000000").Start(t).Connect(t).Each(t, func(m harness.Message) {
		longest = max(longest, len(m.Data))
	})
	return strconv.Itoa(longest)
}

func largestMessage(t *testing.T, o harness.Options) string {
	s := with(o, "sh", "-c", "cat >/dev/null; :").Start(t)
	for _, size := range []int{10, 1 << 20} {
		c := s.Connect(t)
		c.Text(strings.Repeat("x", size))
		c.Text(strings.Repeat("x", size+1))
		c.SendClose(1000, "")
		if _, end := c.Rest(t); end.Code == 1009 {
			return strconv.Itoa(size)
		}
	}
	return "unlimited"
}

func pinged(t *testing.T, o harness.Options) string {
	o.Env = append([]string{"WEBSOCKETD_PINGMS="}, o.Env...) // not that of the harness
	c := with(o, "cat").Start(t).Connect(t)
	begun := time.Now()
	c.ReceiveWithin(time.Second)
	// On a busy machine that second is long, and a ping of the default may come.
	if c.Pings > int(time.Since(begun)/(30*time.Second)) {
		return "pinged"
	}
	return "silent for a second"
}

func protocol(t *testing.T, o harness.Options) string {
	c := with(o, "cat").Start(t).Open(t, harness.Handshake("/").Add("Sec-WebSocket-Protocol", "chat"))
	if c.Header("Sec-WebSocket-Protocol") != "" {
		return c.Header("Sec-WebSocket-Protocol")
	}
	c = with(o, "cat").Start(t).Open(t, harness.Handshake("/").Add("Sec-WebSocket-Protocol", "mcp"))
	if c.Header("Sec-WebSocket-Protocol") != "" {
		return c.Header("Sec-WebSocket-Protocol")
	}
	return "none"
}

func headers(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	ws, http := s.Connect(t), s.Ask(t, harness.Get("/"))
	return fmt.Sprintf("ws[%s %s] http[%s %s]", ws.Header("X-A"), ws.Header("X-B"), http.Header("X-A"), http.Header("X-B"))
}

// codingOfAnswer asks for events with the header of a browser.
func codingOfAnswer(t *testing.T, o harness.Options) string {
	s := with(o, "echo", "hello").Start(t)
	return cmp.Or(s.Ask(t, harness.Get("/").With("Accept", "text/event-stream").With("Accept-Encoding", "gzip, deflate, br")).Header("Content-Encoding"), "as it is")
}

func logged(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	s.Connect(t).Leave(t)
	s.Signal(t, syscall.SIGTERM)
	s.Wait(t)
	var levels []string
	for _, level := range []string{"INFO", "ACCESS"} {
		if len(s.Out.With("| "+level)) > 0 {
			levels = append(levels, strings.ToLower(level))
		}
	}
	if len(levels) == 0 {
		return "nothing"
	}
	return strings.Join(levels, " ")
}

func logFormat(t *testing.T, o harness.Options) string {
	s := with(o, "cat").Start(t)
	switch line := s.Out.Await(t, "Starting"); line[0] {
	case '{':
		return "json"
	case '<':
		return "journal"
	}
	return "text"
}

// loggedTo says where the log is.
func loggedTo(t *testing.T, o harness.Options) string {
	o.Dir = t.TempDir()
	s := with(o, "cat").Start(t)
	s.Connect(t).Leave(t)
	files, _ := filepath.Glob(filepath.Join(o.Dir, "*.log"))
	if len(files) == 0 {
		s.Out.Await(t, "DISCONNECT")
		return "stdout"
	}
	harness.Until(t, "the end is logged", func() bool {
		log, err := os.ReadFile(files[0])
		return err == nil && strings.Contains(string(log), "DISCONNECT")
	})
	if text := s.Out.String(); text != "" {
		t.Errorf("standard output has %q as well", text)
	}
	return filepath.Base(files[0])
}
