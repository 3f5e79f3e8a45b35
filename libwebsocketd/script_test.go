package libwebsocketd

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/libwebsocketd/internal/testkit"
)

// scriptTree makes a script directory that has everything that may be in one, and a
// sibling whose name begins like its own.
func scriptTree(t testing.TB) string {
	t.Helper()
	base := t.TempDir()
	if resolved, err := filepath.EvalSymlinks(base); err == nil {
		base = resolved
	}
	dir := filepath.Join(base, "scripts")
	for _, folder := range []string{"scripts/sub/deep", "scripts/sub dir", "scripts/empty", "scripts/.git/hooks", "scripts/.well-known", "scripts-sibling"} {
		if err := os.MkdirAll(filepath.Join(base, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for file, mode := range map[string]os.FileMode{
		"scripts/hello.sh":        0o755,
		"scripts/plain.txt":       0o644,
		"scripts/.hidden":         0o755,
		"scripts/.git/config":     0o644,
		"scripts/.git/hooks/run":  0o755,
		"scripts/.well-known/run": 0o755,
		"scripts/sub/inner.sh":    0o755,
		"scripts/sub/deep/last":   0o755,
		"scripts/sub dir/a b.sh":  0o755,
		`scripts/back\slash`:      0o755,
		"scripts/...":             0o755,
		"scripts-sibling/evil.sh": 0o755,
	} {
		if err := os.WriteFile(filepath.Join(base, file), []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"link":        "hello.sh",
		"link-plain":  "plain.txt",
		"link-abs":    filepath.Join(dir, "sub", "inner.sh"),
		"link-dir":    "sub",
		"link-out":    "../scripts-sibling/evil.sh",
		"link-dirout": "../scripts-sibling",
		"link-absout": filepath.Join(base, "scripts-sibling", "evil.sh"),
		"link-there":  "../scripts/hello.sh", // out and in again
		"link-none":   "nothing",
		"link-loop":   "link-loop",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	testkit.MakeFifo(t, filepath.Join(dir, "fifo"))
	return dir
}

// script returns the script that a request target leads to.
func script(t testing.TB, dir, target string) (to route, status int) {
	t.Helper()
	s := routing(t, Config{Dir: dir})
	to, refusal := s.route(asked{target: target}.request(t))
	if refusal != nil {
		return to, refusal.Status
	}
	return to, http.StatusOK
}

// TestScripts checks the table of URLs, and what each leads to.
func TestScripts(t *testing.T) {
	dir := scriptTree(t)
	for _, test := range []struct {
		target string
		file   string // below dir; "" means the status
		name   string // SCRIPT_NAME
		info   string // PATH_INFO
		status int
	}{
		{"/hello.sh", "hello.sh", "/hello.sh", "", 200},
		{"/hello.sh/", "hello.sh", "/hello.sh", "/", 200},
		{"/hello.sh/x/y.z/", "hello.sh", "/hello.sh", "/x/y.z/", 200},
		{"/hello.sh//x", "hello.sh", "/hello.sh", "/x", 200},
		{"/hello.sh?x=/sub/inner.sh", "hello.sh", "/hello.sh", "", 200},
		{"/sub/inner.sh", "sub/inner.sh", "/sub/inner.sh", "", 200},
		{"/sub/deep/last/inner.sh", "sub/deep/last", "/sub/deep/last", "/inner.sh", 200},
		{"/sub%20dir/a%20b.sh/%20", "sub dir/a b.sh", "/sub dir/a b.sh", "/ ", 200},
		{"/.hidden", "", "", "", 404},
		{"/...", "", "", "", 404},

		{"/", "", "", "", 404},
		{"/sub", "", "", "", 404},
		{"/sub/", "", "", "", 404},
		{"/empty/x", "", "", "", 404},
		{"/nothing", "", "", "", 404},
		{"/hello", "", "", "", 404},
		{"/hello.sh.bak", "", "", "", 404},
		{"/HELLO.SH", "", "", "", 404},
		{"/inner.sh", "", "", "", 404},
		{"/" + strings.Repeat("x", 5000), "", "", "", 404},
		{"/plain.txt", "", "", "", 403},
		{"/plain.txt/x", "", "", "", 403},
		{"/.git/config", "", "", "", 404},
		{"/.git/hooks/run", "", "", "", 404},
		{"/sub/../.git/hooks/run/x", "", "", "", 404},
		{"/%2egit/hooks/run", "", "", "", 404},
		{"/.well-known/run", ".well-known/run", "/.well-known/run", "", 200},
		{"/hello.sh/.git/x", "hello.sh", "/hello.sh", "/.git/x", 200},
		{"/fifo", "", "", "", 404},
		{"/fifo/x", "", "", "", 404},

		{"/link", "hello.sh", "/link", "", 200},
		{"/link/x", "hello.sh", "/link", "/x", 200},
		{"/link-abs", "sub/inner.sh", "/link-abs", "", 200},
		{"/link-dir/inner.sh/x", "sub/inner.sh", "/link-dir/inner.sh", "/x", 200},
		{"/link-there", "hello.sh", "/link-there", "", 200},
		{"/link-plain", "", "", "", 403},
		{"/link-out", "", "", "", 404},
		{"/link-absout", "", "", "", 404},
		{"/link-dirout/evil.sh", "", "", "", 404},
		{"/link-none", "", "", "", 404},
		{"/link-loop/x", "", "", "", 404},

		{"/../scripts-sibling/evil.sh", "", "", "", 404},
		{"/%2e%2e/scripts-sibling/evil.sh", "", "", "", 404},
		{"/..%2fscripts-sibling%2fevil.sh", "", "", "", 404},
		{"/.%2e/scripts-sibling/evil.sh", "", "", "", 404},
		{"/-sibling/evil.sh", "", "", "", 404},
		{`/..\scripts-sibling\evil.sh`, "", "", "", 404},
		{"/..%5cscripts-sibling%5cevil.sh", "", "", "", 404},
		{"/../hello.sh", "hello.sh", "/hello.sh", "", 200},
		{"/sub/../hello.sh/../sub/inner.sh", "sub/inner.sh", "/sub/inner.sh", "", 200},
		{"/hello.sh/..", "", "", "", 404},
		{"/hello.sh/../plain.txt", "", "", "", 403},
		{"/./sub/./inner.sh/.", "sub/inner.sh", "/sub/inner.sh", "", 200},
		{"//sub///inner.sh", "sub/inner.sh", "/sub/inner.sh", "", 200},
		{"/sub%2finner.sh%2Fx", "sub/inner.sh", "/sub/inner.sh", "/x", 200},
		{`/sub\inner.sh`, "", "", "", 404},
		{"/back%5Cslash", `back\slash`, `/back\slash`, "", 200},
		{"/hello.sh%00", "", "", "", 400},
		{"/%00", "", "", "", 400},
		{"/hello.sh/%00", "", "", "", 400},
		{"/%FF", "", "", "", 404},
	} {
		to, status := script(t, dir, test.target)
		if status != test.status {
			t.Errorf("%s: status %d, want %d", test.target, status, test.status)
			continue
		}
		if status != http.StatusOK {
			continue
		}
		if want := filepath.Join(dir, test.file); len(to.argv) != 1 || to.argv[0] != want {
			t.Errorf("%s runs %q, want %s", test.target, to.argv, want)
		}
		if to.scriptName != test.name || to.pathInfo != test.info {
			t.Errorf("%s: SCRIPT_NAME %q, PATH_INFO %q, want %q and %q", test.target, to.scriptName, to.pathInfo, test.name, test.info)
		}
	}
}

// TestScriptDirIsALink: the directory itself may be a link; what runs is what was
// checked.
func TestScriptDirIsALink(t *testing.T) {
	dir := scriptTree(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]int{"/hello.sh/x": 200, "/link-abs": 200, "/link-out": 404, "/link-dirout/evil.sh": 404} {
		to, status := script(t, link, target)
		if status != want {
			t.Errorf("%s: status %d, want %d", target, status, want)
		}
		if status == 200 && !strings.HasPrefix(to.argv[0], dir+"/") {
			t.Errorf("%s runs %s, which is not resolved", target, to.argv[0])
		}
	}
}

// TestScriptLinkCircle: a link upwards makes no URL endless.
func TestScriptLinkCircle(t *testing.T) {
	dir := scriptTree(t)
	if err := os.Symlink("..", filepath.Join(dir, "sub", "up")); err != nil {
		t.Fatal(err)
	}
	up := strings.Repeat("/sub/up", 30)
	if to, status := script(t, dir, up+"/hello.sh/x"); status != 200 || to.pathInfo != "/x" || to.argv[0] != filepath.Join(dir, "hello.sh") {
		t.Errorf("%d %+v", status, to)
	}
	if _, status := script(t, dir, strings.Repeat("/sub/up", 300)); status != 404 {
		t.Errorf("a long way round is %d", status)
	}
}

// TestScriptIsLookedUpEachTime: files come and go while the server runs.
func TestScriptIsLookedUpEachTime(t *testing.T) {
	dir := scriptTree(t)
	if err := os.Rename(filepath.Join(dir, "hello.sh"), filepath.Join(dir, "other.sh")); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]int{"/hello.sh": 404, "/link": 404, "/other.sh": 200} {
		if _, status := script(t, dir, target); status != want {
			t.Errorf("%s: status %d, want %d", target, status, want)
		}
	}
}
