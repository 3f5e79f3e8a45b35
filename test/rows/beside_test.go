package rows

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"websocketd/test/harness"
)

// 29
func redirectKeeps(t harness.T, bin string) {
	port := harness.FreePort(t)
	s := harness.Start(t, bin, fmt.Sprintf("--redirport=%d", port), "cat")
	second := *s
	second.Port, second.Addr = port, fmt.Sprintf("127.0.0.1:%d", port)
	for _, c := range []struct{ host, target, want string }{
		{"localhost:80", "/a/b%20c?d=%2F&e", "http://localhost:%d/a/b%%20c?d=%%2F&e"},
		{"127.0.0.1", "/", "http://127.0.0.1:%d/"},
		{"[::1]", "/x?", "http://[::1]:%d/x?"},
	} {
		answer := second.Ask(t, harness.Get(c.target).Host(c.host))
		if want := fmt.Sprintf(c.want, s.Port); answer.Status() != http.StatusMovedPermanently || answer.Header("Location") != want {
			t.Fatalf("%s %s: %d to %s, expected %s", c.host, c.target, answer.Status(), answer.Header("Location"), want)
		}
	}
	if evil := second.Ask(t, harness.Get("/").Host("evil.example")); evil.Status() != http.StatusMisdirectedRequest {
		t.Fatalf("another's host: %d to %s", evil.Status(), evil.Header("Location"))
	}
}

// 34
func scriptsAreNoFiles(t harness.T, bin string) {
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "page.html"), "page", 0o644)
	harness.WriteFile(t, filepath.Join(dir, "cgi-bin", "run.sh"), "#!/bin/sh\n# a secret\nprintf 'Content-Type: text/plain\\n\\nran'\n", 0o755)
	s := harness.Start(t, bin, "--staticdir="+dir, "--cgidir="+filepath.Join(dir, "cgi-bin"))
	for target, want := range map[string]string{"/page.html": "page", "/run.sh": "ran"} {
		if c := s.Ask(t, harness.Get(target)); c.Status() != http.StatusOK || c.Body != want {
			t.Fatalf("%s: %d %q", target, c.Status(), c.Body)
		}
	}
	if err := os.Symlink(filepath.Join("cgi-bin", "run.sh"), filepath.Join(dir, "link")); err != nil {
		t.Fatalf("%v", err)
	}
	for _, target := range []string{"/cgi-bin/run.sh", "/link", "/cgi-bin/", "/"} {
		if c := s.Ask(t, harness.Get(target)); strings.Contains(c.Body, "secret") || strings.Contains(c.Body, "run.sh") {
			t.Fatalf("%s: %d %q", target, c.Status(), c.Body)
		}
	}
}

// 38
func scriptEndsWithClient(t harness.T, bin string) {
	dir := harness.Scripts(t, map[string]string{
		"slow":   "sleep 100 & sleep 101",
		"header": "printf 'Content-Type: text/plain\\n\\nup\\n'; sleep 102 & sleep 103",
	})
	s := harness.Start(t, bin, "--cgidir="+dir)
	for _, target := range []string{"/slow", "/header"} {
		c := s.Dial(t)
		c.Send(t, harness.Get(target).String())
		harness.Until(t, "the script and both its children run", func() bool { return len(s.Children()) == 3 })
		c.Conn.Close()
		harness.NoSurvivors(t, s)
	}
}

// 43
func filesAreOnlyRead(t harness.T, bin string) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.txt": "text", ".env": "secret", ".git/config": "secret", ".well-known/token": "proof"} {
		harness.WriteFile(t, filepath.Join(dir, name), text, 0o644)
	}
	s := harness.Start(t, bin, "--staticdir="+dir)
	if c := s.Ask(t, harness.Get("/.well-known/token")); c.Body != "proof" {
		t.Fatalf("/.well-known/token: %d %q", c.Status(), c.Body)
	}
	for _, target := range []string{"/.env", "/.git/config", "/.git/"} {
		if c := s.Ask(t, harness.Get(target)); c.Status() != http.StatusNotFound {
			t.Fatalf("%s: %d %q", target, c.Status(), c.Body)
		}
	}
	if c := s.Ask(t, harness.Get("/")); !strings.Contains(c.Body, "a.txt") || strings.Contains(c.Body, ".env") || strings.Contains(c.Body, ".git") {
		t.Fatalf("the listing: %d %q", c.Status(), c.Body)
	}
	for _, method := range []string{"PUT", "POST", "DELETE", "PATCH"} {
		c := s.Ask(t, harness.Get("/a.txt").As(method, "HTTP/1.1").Add("Content-Length", "0"))
		if c.Status() != http.StatusMethodNotAllowed || c.Header("Allow") == "" {
			t.Fatalf("%s: %d %q", method, c.Status(), c.Body)
		}
	}
}
