package promises

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// programs of the admission tests: what can be wrong with a script.
func scripts(t *testing.T) string {
	t.Helper()
	dir := harness.Scripts(t, map[string]string{
		"cat": "exec cat", "sub/cat": "exec cat", ".git/hooks/run": "exec cat", "sub/deep/env": "exec env",
		"badinterpreter": "#!/no/such/interpreter\n",
	})
	harness.WriteFile(t, filepath.Join(dir, "badformat"), "\x00\x01\x02", 0o755)
	harness.WriteFile(t, filepath.Join(dir, "text"), "#!/bin/sh\n", 0o644)
	outside := harness.Scripts(t, map[string]string{"secret": "echo secret"})
	for name, target := range map[string]string{
		"inside": filepath.Join(dir, "cat"), "relative": "sub/cat", "outside": filepath.Join(outside, "secret"),
		"outsidedir": outside, "dangling": "nowhere",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Every refusal is one status, one sentence and one line in the log, and
// nothing is started for it.
func TestStatusTable(t *testing.T) {
	t.Parallel()
	s := start(t, "--dir="+scripts(t), "--origin=http://friend.example", "--maxheader=1MiB")
	ok := harness.Handshake("/cat").Origin("http://friend.example")
	at := func(target string) harness.Request { r := ok; r.Target = target; return r }
	long := strings.Repeat("x", 140<<10)
	for _, c := range []struct {
		what   string
		r      harness.Request
		status []int
		says   string // what the sentence must name
	}{
		{"all is well", ok, []int{101}, ""},
		{"a plain GET", harness.Get("/cat"), []int{404}, "--devconsole"},
		{"a plain GET where no program is", harness.Get("/"), []int{404}, "script not found"},
		{"a hidden script", at("/.git/hooks/run"), []int{404}, ""},
		{"another host", ok.Host("evil.example"), []int{421}, "--host=evil.example"},
		{"no such script", at("/nothing"), []int{404}, ""},
		{"a directory", at("/sub"), []int{404}, ""},
		{"the root", at("/"), []int{404}, ""},
		{"a link to outside", at("/outside"), []int{404}, ""},
		{"through a link to outside", at("/outsidedir/secret"), []int{404}, ""},
		{"a dangling link", at("/dangling"), []int{404}, ""},
		{"dots to outside", at("/../../bin/cat"), []int{404, 301}, ""},
		{"escaped dots", at("/%2e%2e/%2e%2e/bin/cat"), []int{404, 301}, ""},
		{"NUL", at("/cat/%00"), []int{400}, "NUL"},
		{"POST", ok.As("POST", "HTTP/1.1"), []int{405}, "POST"},
		{"HTTP/1.0", ok.As("GET", "HTTP/1.0"), []int{400, 426}, "HTTP/1.1"},
		{"no key", ok.Without("Sec-WebSocket-Key"), []int{400}, "Sec-WebSocket-Key"},
		{"a short key", ok.With("Sec-WebSocket-Key", "c2hvcnQ="), []int{400}, "Sec-WebSocket-Key"},
		{"no version", ok.Without("Sec-WebSocket-Version"), []int{400, 426}, "ersion"},
		{"version 8", ok.With("Sec-WebSocket-Version", "8"), []int{400, 426}, "13"},
		{"no Connection: Upgrade", ok.With("Connection", "keep-alive"), []int{400}, "Connection"},
		{"Upgrade behind what is no token", ok.With("Connection", "keep alive, Upgrade"), []int{400}, "Connection"},
		{"the Kelvin sign", ok.With("Upgrade", "websoc\u212aet"), []int{404}, ""},
		{"a blank of Unicode", ok.With("Sec-WebSocket-Version", "\u00a013"), []int{400, 426}, "13"},
		{"two keys", ok.Add("Sec-WebSocket-Key", harness.Key), []int{400}, "Sec-WebSocket-Key"},
		{"a body", ok.Add("Content-Length", "5"), []int{400}, "body"},
		{"a chunked body", ok.Add("Transfer-Encoding", "chunked"), []int{400}, "body"},
		{"a foreign origin", ok.Origin("http://enemy.example"), []int{403}, "--origin"},
		{"no origin where there is a list", ok.Without("Origin"), []int{403}, "--origin"},
		{"not executable", at("/text"), []int{403}, "executable"},
		{"a bad interpreter", at("/badinterpreter"), []int{500}, "interpreter"},
		{"a bad format", at("/badformat"), []int{500}, ""},
		{"a URL too long for an environment", at("/cat?" + long), []int{414}, "URL"},
		{"a header too long for an environment", ok.Add("X-Long", long), []int{431}, "header"},
	} {
		answer := s.Ask(t, c.r)
		if !contains(c.status, answer.Status()) {
			t.Errorf("%s: status %d, expected %v: %s", c.what, answer.Status(), c.status, answer.Body)
		}
		checkAnswer(t, c.what, answer, c.says)
		answer.Conn.Close()
	}
	harness.NoSurvivors(t, s)
	if n := len(s.Out.With("| CONNECT")); n != 1 {
		t.Errorf("%d CONNECT lines for one good handshake", n)
	}
	if text := s.Err.String(); text != "" {
		t.Errorf("stderr: %s", text)
	}
}

func contains(list []int, n int) bool {
	for _, m := range list {
		if m == n {
			return true
		}
	}
	return false
}

func checkAnswer(t *testing.T, what string, c *harness.Conn, says string) {
	t.Helper()
	if c.Status() == http.StatusSwitchingProtocols {
		if accept := c.Header("Sec-WebSocket-Accept"); accept != harness.AcceptKey {
			t.Errorf("%s: Sec-WebSocket-Accept is %q", what, accept)
		}
		return
	}
	if lines := strings.Count(strings.TrimSpace(c.Body), "\n"); lines != 0 || strings.TrimSpace(c.Body) == "" {
		t.Errorf("%s: the body is not one sentence: %q", what, c.Body)
	}
	if !strings.Contains(c.Body, says) {
		t.Errorf("%s: the body does not name %s: %q", what, says, c.Body)
	}
	if kind := c.Header("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("%s: Content-Type %q", what, kind)
	}
}

// The order is host, route, handshake, origin, slots, launch: of two faults the
// earlier one answers.
func TestAdmissionOrder(t *testing.T) {
	t.Parallel()
	dir := scripts(t)
	s := start(t, "--dir="+dir, "--maxforks=1")
	good := harness.Handshake("/cat")
	s.Open(t, good).Echo(t, "the only slot")
	type fault struct {
		name   string
		status []int
		add    func(r harness.Request) harness.Request
	}
	faults := []fault{
		{"host", []int{421}, func(r harness.Request) harness.Request { return r.Host("evil.example") }},
		{"route", []int{404}, func(r harness.Request) harness.Request { r.Target = "/nothing"; return r }},
		{"handshake", []int{405, 400, 426}, func(r harness.Request) harness.Request { return r.Without("Sec-WebSocket-Key") }},
		{"origin", []int{403}, func(r harness.Request) harness.Request { return r.Origin("http://enemy.example") }},
		{"slots", []int{429}, func(r harness.Request) harness.Request { return r }},
	}
	for i, first := range faults {
		for _, second := range faults[i:] {
			answer := s.Ask(t, first.add(second.add(good)))
			if !contains(first.status, answer.Status()) {
				t.Errorf("%s and %s: status %d, expected %v", first.name, second.name, answer.Status(), first.status)
			}
		}
	}
	if answer := s.Ask(t, harness.Handshake("/badinterpreter")); answer.Status() != 429 || answer.Header("Retry-After") == "" {
		t.Errorf("slots before launch: status %d, Retry-After %q", answer.Status(), answer.Header("Retry-After"))
	}
}

// Refused and failed requests give their slot back.
func TestRefusalsHoldNoSlot(t *testing.T) {
	t.Parallel()
	s := start(t, "--dir="+scripts(t), "--maxforks=1", "--maxheader=256KiB")
	for range 5 {
		s.Ask(t, harness.Handshake("/badinterpreter"))
		s.Ask(t, harness.Handshake("/cat").Add("X-Long", strings.Repeat("x", 140<<10)))
		s.Ask(t, harness.Handshake("/cat").Origin("http://enemy.example"))
	}
	s.ConnectTo(t, "/cat").Echo(t, "free")
}

// What is served from --dir, and how a URL is divided.
func TestScriptLookup(t *testing.T) {
	t.Parallel()
	s := start(t, "--dir="+scripts(t))
	for _, target := range []string{"/cat", "/sub/cat", "/inside", "/relative", "/cat/extra", "/cat/", "/sub%2fcat", "/cat?x=1"} {
		s.ConnectTo(t, target).Echo(t, target)
	}
	// A path that is not clean is either cleaned by a redirect or served clean.
	for _, target := range []string{"//cat", "/sub/../cat", "/./cat"} {
		c := s.Ask(t, harness.Handshake(target))
		if c.Status() == 101 {
			c.Echo(t, target)
		} else if c.Status() != http.StatusMovedPermanently || c.Header("Location") != "/cat" {
			t.Errorf("%s: status %d, Location %q", target, c.Status(), c.Header("Location"))
		}
	}
}
