//go:build unix

package libwebsocketd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/libwebsocketd/internal/testkit"
)

// handshake returns a valid handshake.
func handshake(target string) string {
	return "GET " + target + " HTTP/1.1\nHost: HOST\nUpgrade: websocket\nConnection: Upgrade\n" +
		"Sec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n\n"
}

// TestAdmission checks the order of the checks: each request also fails every check after
// the one that answers it. No refused request starts a process.
func TestAdmission(t *testing.T) {
	t.Parallel()
	dir := scriptTree(t)
	mark := filepath.Join(t.TempDir(), "started")
	writeFile(t, dir, "started", "#!/bin/sh\n>"+mark+"\n", 0o755)
	s := serve(t, Config{Dir: dir, MaxForks: 1, MaxHeader: 1 << 20})
	good := handshake("/started")
	bad := strings.NewReplacer("GET", "POST", "Connection: Upgrade\n", "", "Version: 13", "Version: 8", "AAAA", "A").Replace(good)
	const evil = "Origin: http://evil.example\n\n"
	with := func(request, old, new string) string {
		if !strings.Contains(request, old) {
			t.Fatalf("no %q in %q", old, request)
		}
		return strings.Replace(request, old, new, 1)
	}
	for _, test := range []struct {
		name, request string
		status        int
		reason        string
	}{
		{"host", with(with(bad, "HOST", "evil.example"), "/started", "/none"), 421, "--host"},
		{"host of a plain request", "GET / HTTP/1.1\nHost: evil.example\n\n", 421, "--host"},
		{"plain request", "GET /started HTTP/1.1\nHost: HOST\n\n", 404, "WebSocket"},
		{"plain request with a connection token", "GET /started HTTP/1.1\nHost: HOST\nConnection: upgrade\n\n", 404, "WebSocket"},
		{"upgrade to something else", with(good, "Upgrade: websocket", "Upgrade: h2c"), 404, "WebSocket"},
		{"route", with(bad, "/started", "/none"), 404, "script not found"},
		{"route, NUL", with(bad, "/started", "/started%00"), 400, "NUL"},
		{"route, not executable", with(bad, "/started", "/plain.txt"), 403, "chmod +x"},
		{"method", with(bad, "\n\n", "\n"+evil), 405, "GET"},
		{"method of a good one", with(good, "GET", "PUT"), 405, "GET"},
		{"HTTP/1.0", with(good, "HTTP/1.1", "HTTP/1.0"), 426, "HTTP/1.1"},
		{"connection", with(with(bad, "POST", "GET"), "\n\n", "\n"+evil), 400, "Connection: Upgrade"},
		{"no version", with(good, "Sec-WebSocket-Version: 13\n", evil[:len(evil)-1]), 400, "Sec-WebSocket-Version"},
		{"version", with(good, "Version: 13", "Version: 8"), 426, "version 13"},
		{"no key", with(good, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n", ""), 400, "Sec-WebSocket-Key"},
		{"short key", with(good, "AAAA", ""), 400, "Sec-WebSocket-Key"},
		{"key that is no base64", with(good, "AAAA", "!!!!"), 400, "Sec-WebSocket-Key"},
		{"origin", with(good, "\n\n", "\n"+evil), 403, "--origin"},
		{"long header", with(good, "\n\n", "\nX-Long: "+strings.Repeat("x", maxVariable)+"\n\n"), 431, "HTTP_X_LONG"},
		{"long URL", with(good, "/started", "/started?"+strings.Repeat("x", maxVariable)), 414, "URL"},
	} {
		status, body, header := s.ask(t, test.request)
		if status != test.status || !strings.Contains(body, test.reason) {
			t.Errorf("%s: %d %q, want %d and %q", test.name, status, body, test.status, test.reason)
		}
		if strings.Count(body, "\n") != 1 || len(body) > 800 || strings.Contains(body, dir) {
			t.Errorf("%s: the answer is not one sentence: %q", test.name, body)
		}
		switch {
		case status == 405 && header.Get("Allow") != "GET":
			t.Errorf("%s: Allow is %q", test.name, header.Get("Allow"))
		case status == 426 && (header.Get("Upgrade") != "websocket" || header.Get("Sec-WebSocket-Version") != "13"):
			t.Errorf("%s: %v", test.name, header)
		}
		if n := s.slots.InUse(); n != 0 {
			t.Errorf("%s: %d slots are held", test.name, n)
		}
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("something refused has started a process")
	}
	for name, request := range map[string]string{
		"good":              good,
		"lists":             with(with(good, "Upgrade: websocket", "Upgrade: h2c\nupgrade: WebSocket , x"), "Connection: Upgrade", "Connection: keep-alive\nConnection: foo, UPGRADE"),
		"versions":          with(good, "Version: 13", "Version: 8, 13"),
		"origin of another": with(good, "\n\n", "\nOrigin: http://127.0.0.1:1\n\n"),
	} {
		status, body, _ := s.ask(t, request)
		if status != 101 {
			t.Errorf("%s: %d %q", name, status, body)
		}
		testkit.Eventually(t, "the slot is free", func() bool { return s.slots.InUse() == 0 })
	}
	if _, err := os.Stat(mark); err != nil {
		t.Error("what was let in has started nothing")
	}
}
