package rows

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"websocketd/test/harness"
)

// 10
func httpoxy(t harness.T, bin string) {
	env := harness.Start(t, bin, "env").Environment(t, harness.Handshake("/").Add("Proxy", "http://evil/"))
	if v, ok := env["HTTP_PROXY"]; ok {
		t.Fatalf("HTTP_PROXY=%s", v)
	}
}

// 11
func underscoreHeader(t harness.T, bin string) {
	s := harness.Start(t, bin, "env")
	r := harness.Handshake("/").Add("X_Forwarded_For", "evil").Add("X-Forwarded-For", "good")
	for range 60 {
		if v := s.Environment(t, r)["HTTP_X_FORWARDED_FOR"]; v != "good" {
			t.Fatalf("HTTP_X_FORWARDED_FOR=%s", v)
		}
	}
}

// 20
func launchFailures(t harness.T, bin string) {
	dir := harness.Scripts(t, map[string]string{
		"cat": "exec cat", "badinterpreter": "#!/no/such/interpreter\n", "text": "echo hello",
	})
	if err := os.Chmod(filepath.Join(dir, "text"), 0o644); err != nil {
		t.Fatalf("%v", err)
	}
	// The older tool has no such limit of its own, and does not know the variable.
	s := harness.Options{Bin: bin, Env: []string{"WEBSOCKETD_MAXHEADER=2MiB"}, Args: []string{"--dir=" + dir}}.Start(t)
	long := strings.Repeat("x", 131<<10)
	many := harness.Handshake("/cat")
	for i := range 45 {
		many = many.Add("X-Many-"+string(rune('A'+i%26))+string(rune('A'+i/26)), long[:20<<10])
	}
	for _, c := range []struct {
		what string
		r    harness.Request
		want int
	}{
		{"a script that is not executable", harness.Handshake("/text"), http.StatusForbidden},
		{"a bad interpreter", harness.Handshake("/badinterpreter"), http.StatusInternalServerError},
		{"a header of 131 KB", harness.Handshake("/cat").Add("X-Long", long), http.StatusRequestHeaderFieldsTooLarge},
		{"a URL of 131 KB", harness.Handshake("/cat?" + long), http.StatusRequestURITooLong},
		{"NUL in the URL", harness.Handshake("/cat/%00"), http.StatusBadRequest},
	} {
		if got := s.Ask(t, c.r).Status(); got != c.want {
			t.Fatalf("%s: status %d, expected %d", c.what, got, c.want)
		}
	}
	// 900 KB of headers fit the kernel's limit or they do not: both are fine, a
	// 101 that is then dropped is not.
	c := s.Ask(t, many)
	if c.Status() == http.StatusSwitchingProtocols {
		c.Echo(t, "works")
	} else if c.Status() != http.StatusRequestHeaderFieldsTooLarge {
		t.Fatalf("900 KB of headers: status %d", c.Status())
	}
}

// 21
func descriptorLimit(t harness.T, bin string) {
	s := harness.Options{Bin: bin, Shell: "ulimit -n 64", Args: []string{"cat"}}.Start(t)
	working, refused := 0, 0
	var open []*harness.Conn
	for range 30 {
		c := s.Dial(t)
		open = append(open, c)
		c.Send(t, harness.Handshake("/").String())
		if err := c.ReadResponse(); err != nil {
			t.Fatalf("no answer at all after %d connections: %v", working, err)
		}
		switch {
		case c.Status() == http.StatusSwitchingProtocols:
			c.Echo(t, "works")
			working++
		case c.Status() == http.StatusServiceUnavailable && c.Header("Retry-After") != "":
			refused++
		default:
			t.Fatalf("status %d, Retry-After %q", c.Status(), c.Header("Retry-After"))
		}
	}
	if working == 0 || refused == 0 {
		t.Fatalf("%d connections work, %d were refused: the limit was not met", working, refused)
	}
	for _, c := range open {
		c.Conn.Close()
	}
	harness.NoSurvivors(t, s)
	s.Connect(t).Echo(t, "recovered")
	if n := len(s.Err.With("accept")); n > 20 {
		t.Fatalf("%d accept errors on stderr", n)
	}
}

// 22
func oneCleanAnswer(t harness.T, bin string) {
	s := harness.Start(t, bin, "--origin=http://friend.example", "cat")
	c := s.Ask(t, harness.Handshake("/").Origin("http://enemy.example"))
	if c.Status() != http.StatusForbidden {
		t.Fatalf("status %d", c.Status())
	}
	if lines := strings.Split(strings.TrimSpace(c.Body), "\n"); len(lines) != 1 || strings.Contains(c.Body, "500") {
		t.Fatalf("the body is not one sentence: %q", c.Body)
	}
	if s.Err.Has("superfluous") {
		t.Fatalf("stderr: %s", s.Err)
	}
}

// 23
func listHeaders(t harness.T, bin string) {
	s := harness.Start(t, bin, "cat")
	two := harness.Handshake("/").Without("Connection").Add("Connection", "keep-alive").Add("Connection", "Upgrade")
	s.Open(t, two).Echo(t, "two Connection lines")
	s.Open(t, harness.Handshake("/").With("Upgrade", "websocket, h2c")).Echo(t, "two protocols")
	s.Open(t, harness.Handshake("/").With("Upgrade", "h2c").Add("Upgrade", "WebSocket")).Echo(t, "two Upgrade lines")
}

// 24
func http10(t harness.T, bin string) {
	s := harness.Start(t, bin, "cat")
	c := s.Ask(t, harness.Handshake("/").As("GET", "HTTP/1.0"))
	if c.Status() != http.StatusBadRequest && c.Status() != http.StatusUpgradeRequired {
		t.Fatalf("status %d", c.Status())
	}
}

// 25
func onePacket(t harness.T, bin string) {
	s := harness.Start(t, bin, "cat")
	c := s.Dial(t)
	frame := harness.Frame{Fin: true, Op: harness.TextOp, Payload: []byte("early")}
	c.Send(t, harness.Handshake("/").String()+string(frame.Bytes()))
	if err := c.ReadResponse(); err != nil || c.Status() != http.StatusSwitchingProtocols {
		t.Fatalf("no 101: %v", err)
	}
	c.Expect(t, "early")
	c.Echo(t, "late")
}

// 27
func twoCookies(t harness.T, bin string) {
	s := harness.Start(t, bin, "env")
	env := s.Environment(t, harness.Handshake("/").Add("Cookie", "a=1").Add("Cookie", "b=2"))
	if env["HTTP_COOKIE"] != "a=1; b=2" {
		t.Fatalf("HTTP_COOKIE=%s", env["HTTP_COOKIE"])
	}
}

// 28
func httpHost(t harness.T, bin string) {
	s := harness.Start(t, bin, "env")
	env := s.Environment(t, harness.Handshake("/").Host("localhost:8080"))
	if env["HTTP_HOST"] != "localhost:8080" {
		t.Fatalf("HTTP_HOST=%q", env["HTTP_HOST"])
	}
}

// 30
func originForms(t harness.T, bin string) {
	for _, c := range []struct{ flag, host, origin string }{
		{"--origin=A.com", "localhost", "http://a.com"},
		{"--origin=b.com, a.com", "localhost", "http://a.com"},
		{"--origin=null", "localhost", "null"},
		{"--origin=[::1]", "localhost", "http://[::1]:3000"},
		{"--sameorigin", "LOCALHOST:8080", "http://localhost:8080"},
	} {
		s := harness.Start(t, bin, c.flag, "cat")
		s.Open(t, harness.Handshake("/").Host(c.host).Origin(c.origin)).Echo(t, c.origin)
	}
}

// 31: the older tool is unrestricted without a flag, ours by --origin=*.
func strangeOrigin(t harness.T, bin string) {
	var flags []string
	if !harness.IsPeer(bin) {
		flags = []string{"--origin=*"}
	}
	s := harness.Start(t, bin, append(flags, "cat")...)
	s.Open(t, harness.Handshake("/").Origin("a.com")).Echo(t, "welcome")
}
