package beside

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// clientScripts are the paths of the browser client, and its files in the sources.
var clientScripts = map[string]string{
	"/.websocketd/client.js":  "../../clients/js/dist/client.js",
	"/.websocketd/client.mjs": "../../clients/js/dist/client.mjs",
	"/.websocketd/pow.js":     "../../clients/js/dist/pow.js",
	"/.websocketd/pow.mjs":    "../../clients/js/dist/pow.mjs",
}

// Every server of a program has the browser client, whatever else it has at that path, and
// as it is in the sources.
func TestBrowserClient(t *testing.T) {
	t.Parallel()
	dir, config := t.TempDir(), filepath.Join(t.TempDir(), "websocketd.toml")
	for path := range clientScripts {
		write(t, dir, path, "another one")
	}
	harness.WriteFile(t, config, "[program.p]\npath = \"/.websocketd\"\ncommand = [\"cat\"]\n", 0o644)
	for name, args := range map[string][]string{
		"a command":   {"cat"},
		"shared":      {"--shared", "cat"},
		"a session":   {"--resume=1m", "--sessionurl", "--staticdir=" + dir, "cat"},
		"a directory": {"--dir=" + dir, "--staticdir=" + dir},
		"a file":      {"--config=" + config},
		"everything":  {"--config=" + config, "--staticdir=" + dir, "--cgidir=" + dir, "--devconsole"},
		"a console":   {"--devconsole", "cat"},
		"one client":  {"--once", "cat"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, args...)
			for path, file := range clientScripts {
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				whole := get(t, s, path, "Origin: https://other.example", "Sec-Fetch-Site: cross-site")
				whole.is(t, 200, string(want))
				hash := sha256.Sum256(want)
				v := hex.EncodeToString(hash[:8])
				for name, value := range map[string]string{
					"Content-Type": "text/javascript; charset=utf-8", "ETag": `"` + v + `"`, "Cache-Control": "no-cache",
					"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff",
				} {
					whole.has(t, name, value)
				}
				get(t, s, path, "If-None-Match: "+whole.Header.Get("ETag")).is(t, 304, "")
				get(t, s, path+"?v="+v).has(t, "Cache-Control", "public, max-age=31536000, immutable")
				get(t, s, path+"?v="+strings.Repeat("0", 16)).has(t, "Cache-Control", "no-cache")
				do(t, client(t), "HEAD", url(s, path), "").is(t, 200, "")
				do(t, client(t), "POST", url(s, path), "x").refused(t, 405, "GET")
				get(t, s, path, "Host: evil.example").refused(t, 421, "--host")
			}
			if n := len(s.Out.With("| CONNECT")); n > 0 || len(s.Children()) > 0 {
				t.Errorf("something was started:\n%s", s.Out)
			}
		})
	}
}

// A server without programs has no browser client, and the file is a hidden one.
func TestNoBrowserClient(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "/.websocketd/client.js", "another one")
	for _, args := range [][]string{{"--staticdir=" + dir}, {"--cgidir=" + dir}} {
		get(t, start(t, args...), "/.websocketd/client.js").refused(t, 404, "404")
	}
}
