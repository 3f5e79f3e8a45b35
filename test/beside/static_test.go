package beside

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// site makes a static directory with a sibling it must not show. It returns the
// directory that holds both.
func site(t *testing.T) string {
	t.Helper()
	base := t.TempDir()
	for name, text := range map[string]string{
		"site/index.html": "<p>welcome</p>", "site/a.txt": "text of a", "site/style.css": "p {}", "site/page.html": "<p>page</p>",
		"site/data.json": "{}", "site/pixel.png": "\x89PNG\r\n\x1a\n", "site/noext": "<!DOCTYPE html><p>", "site/script.js": "1",
		"site/list/one.txt": "1", "site/list/two.txt": "2", "site/list/.hidden": "secret", "site/list/.git/config": "secret",
		"site/with/index.html": "<p>with index</p>", "site/.env": "secret", "site/.git/config": "secret",
		"site/.well-known/acme-challenge/token": "proof", "site/a b.txt": "space", "site/100%.txt": "percent",
		"site/größe/日本.txt": "UTF-8", "site/q?a#b;c.txt": "marks", "site/plus+.txt": "plus", "site/%41.txt": "not A", "site/A.txt": "A",
		"site/100% dir/x.txt": "x", "outside.txt": "secret", "site-sibling/s.txt": "secret",
	} {
		write(t, base, name, text)
	}
	for link, to := range map[string]string{
		"in": "a.txt", "abs": "BASE/site/a.txt", "dir": "list", "absdir": "BASE/site/list", "there": "../site/a.txt",
		"out": "../outside.txt", "absout": "BASE/outside.txt", "outdir": "../site-sibling", "absoutdir": "BASE/site-sibling", "none": "nothing", "loop": "loop",
		"etc": "/etc",
	} {
		if err := os.Symlink(strings.Replace(to, "BASE", base, 1), filepath.Join(base, "site", link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(base, "site", "fifo"), 0o666); err != nil {
		t.Fatal(err)
	}
	return base
}

func startSite(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return start(t, append([]string{"--staticdir=" + filepath.Join(site(t), "site")}, args...)...)
}

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	c := client(t)
	for path, want := range map[string]string{
		"/": "<p>welcome</p>", "/a.txt": "text of a", "/a.txt?x=/../y": "text of a", "/list/one.txt": "1", "/with/": "<p>with index</p>",
		"/in": "text of a", "/abs": "text of a", "/dir/one.txt": "1", "/absdir/two.txt": "2", "/there": "text of a",
		"/a%20b.txt": "space", "/100%25.txt": "percent", "/gr%C3%B6%C3%9Fe/%E6%97%A5%E6%9C%AC.txt": "UTF-8", "/q%3Fa%23b;c.txt": "marks",
		"/plus+.txt": "plus", "/%2541.txt": "not A", "/%41.txt": "A", "/.well-known/acme-challenge/token": "proof",
	} {
		do(t, c, "GET", url(s, path), "").is(t, 200, want)
	}
	for _, path := range []string{
		"/nothing", "/nothing/", "/out", "/absout", "/outdir/s.txt", "/absoutdir/s.txt", "/outdir/", "/none", "/loop", "/fifo", "/etc/passwd", "/etc/",
		"/.env", "/.git/config", "/.git/", "/list/.hidden", "/dir/.hidden", "/.well-known/.x", "/a.txt/more", "/%00", "/a.txt%00", "/a.txt%2fmore",
	} {
		if a := do(t, c, "GET", url(s, path), ""); a.StatusCode != 404 || strings.Contains(a.body, "secret") {
			t.Errorf("%s: %d %.100q, expected 404", path, a.StatusCode, a.body)
		}
	}
	for path, want := range map[string]string{
		"/style.css": "text/css; charset=utf-8", "/page.html": "text/html; charset=utf-8", "/script.js": "text/javascript; charset=utf-8",
		"/data.json": "application/json", "/pixel.png": "image/png", "/noext": "text/html; charset=utf-8", "/a.txt": "text/plain; charset=utf-8",
	} {
		do(t, c, "GET", url(s, path), "").has(t, "Content-Type", want)
	}
}

// The spellings of websocketd.md 5.2, as they are, without a client that cleans them.
func TestStaticTraversal(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	for _, path := range []string{
		"/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/.%2e/outside.txt", "/%2e./outside.txt", "/%2E%2E%2Foutside.txt",
		"/a.txt/../../outside.txt", "/list/../../outside.txt", "/list/%2e%2e/%2e%2e/outside.txt", `/..\outside.txt`, "/..%5coutside.txt",
		"/list/..%5c..%5coutside.txt", "//outside.txt", "/./../outside.txt", "/.../outside.txt", "/....//outside.txt", "/../site-sibling/s.txt",
		"/absoutdir/../outside.txt", "/outdir/../outside.txt", "/%c0%ae%c0%ae/outside.txt", "/%252e%252e/outside.txt", "/..;/outside.txt",
		"/../../../../../../../../etc/passwd", "/..%00/outside.txt", "/.git/../.env", "/x/../.env", "/list/../.env", "/%2eenv", "/.%67it/config",
		"http://localhost/../outside.txt",
	} {
		// A server may clean the path by redirecting; then the clean one must be harmless.
		for hops := 0; ; hops++ {
			c := s.Ask(t, harness.Get(path))
			if strings.Contains(c.Body, "secret") || strings.Contains(c.Body, "root:") {
				t.Errorf("%s: %s", path, c.Body)
			}
			if c.Status() != 301 || hops == 3 {
				if c.Status() != 404 && c.Status() != 400 {
					t.Errorf("%s: %d %.100q", path, c.Status(), c.Body)
				}
				break
			}
			if path = c.Header("Location"); !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
				t.Fatalf("a redirect to %q", path)
			}
		}
	}
}

// Other spellings of a path that is served lead to the same thing.
func TestStaticCleans(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	c := client(t)
	c.CheckRedirect = nil
	for path, want := range map[string]string{
		"//a.txt": "text of a", "/./a.txt": "text of a", "/list/../a.txt": "text of a", "/a.txt/": "text of a", "/list//one.txt": "1",
		"/a.txt/./": "text of a", "/a.txt//": "text of a", "/a.txt/x/../": "text of a", "/with/index.html": "<p>with index</p>", "/with/.": "<p>with index</p>",
	} {
		do(t, c, "GET", url(s, path), "").is(t, 200, want)
	}
}

func TestStaticRedirects(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	c := client(t)
	for path, want := range map[string]string{
		"/index.html": "/", "/with/index.html": "/with/", "/with": "/with/", "/list": "/list/", "/list?x=%2F&y": "/list/?x=%2F&y", "/dir": "/dir/",
		"/gr%C3%B6%C3%9Fe": "/gr%C3%B6%C3%9Fe/", "/100%25%20dir": "/100%25%20dir/", "/with/index.html?x": "/with/?x",
	} {
		a := do(t, c, "GET", url(s, path), "")
		to, err := a.Location()
		if a.StatusCode != 301 || err != nil || to.String() != url(s, want) {
			t.Errorf("%s: %d to %v (%q), expected %s", path, a.StatusCode, to, a.Header.Get("Location"), want)
		}
	}
}

// A listing has what can be read, and nothing else.
func TestStaticListing(t *testing.T) {
	t.Parallel()
	base := site(t)
	if err := os.Remove(filepath.Join(base, "site", "index.html")); err != nil {
		t.Fatal(err)
	}
	cgi := filepath.Join(base, "site", "cgi-bin")
	harness.WriteFile(t, filepath.Join(cgi, "run.sh"), "#!/bin/sh\n", 0o755)
	if err := os.Symlink("cgi-bin/run.sh", filepath.Join(base, "site", "script")); err != nil {
		t.Fatal(err)
	}
	s := start(t, "--staticdir="+filepath.Join(base, "site"), "--cgidir="+cgi)
	root := get(t, s, "/")
	for _, name := range []string{"a.txt", "list/", "in", "abs", "a b.txt", "größe/", ".well-known/", "dir"} {
		if !strings.Contains(root.body, ">"+name+"</a>") {
			t.Errorf("%s is not listed", name)
		}
	}
	for _, name := range []string{".env", ".git", "out", "absout", "outdir", "none", "loop", "etc", "cgi-bin", "script", "fifo", ".."} {
		if strings.Contains(root.body, ">"+name+"<") || strings.Contains(root.body, ">"+name+"/<") {
			t.Errorf("%s is listed", name)
		}
	}
	for _, path := range []string{"/list/", "/dir/"} {
		a := get(t, s, path)
		if n := strings.Count(a.body, "<a "); a.StatusCode != 200 || n != 2 || strings.Contains(a.body, "hidden") {
			t.Errorf("%s: %d with %d entries:\n%s", path, a.StatusCode, n, a.body)
		}
	}
	for _, path := range []string{"/cgi-bin/run.sh", "/cgi-bin/", "/script"} {
		if a := get(t, s, path); a.StatusCode != 404 {
			t.Errorf("%s: %d %q", path, a.StatusCode, a.body)
		}
	}
}

func TestStaticMethods(t *testing.T) {
	t.Parallel()
	base := site(t)
	s := start(t, "--staticdir="+filepath.Join(base, "site"))
	c := client(t)
	for _, method := range []string{"PUT", "POST", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "TRACE"} {
		body := "new"
		if method == "TRACE" {
			body = ""
		}
		a := do(t, c, method, url(s, "/a.txt"), body)
		a.refused(t, 405, "GET")
		a.has(t, "Allow", "GET, HEAD")
	}
	head := do(t, c, "HEAD", url(s, "/a.txt"), "")
	head.is(t, 200, "")
	head.has(t, "Content-Length", "9")
	do(t, c, "HEAD", url(s, "/nothing"), "").is(t, 404, "")
	if text, err := os.ReadFile(filepath.Join(base, "site", "a.txt")); err != nil || string(text) != "text of a" {
		t.Errorf("the file is %q now: %v", text, err)
	}
}

func TestStaticConditions(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	c := client(t)
	first := do(t, c, "GET", url(s, "/a.txt"), "")
	modified, err := http.ParseTime(first.Header.Get("Last-Modified"))
	if err != nil {
		t.Fatalf("Last-Modified: %v", err)
	}
	before, after := modified.Add(-time.Hour).Format(http.TimeFormat), modified.Format(http.TimeFormat)
	for _, test := range []struct {
		header, value string
		status        int
		body          string
		contentRange  string
	}{
		{"If-Modified-Since", after, 304, "", ""},
		{"If-Modified-Since", before, 200, "text of a", ""},
		{"If-Unmodified-Since", before, 412, "", ""},
		{"Range", "bytes=0-3", 206, "text", "bytes 0-3/9"},
		{"Range", "bytes=-1", 206, "a", "bytes 8-8/9"},
		{"Range", "bytes=5-", 206, "of a", "bytes 5-8/9"},
		{"Range", "bytes=5-999", 206, "of a", "bytes 5-8/9"},
		{"Range", "lines=1-2", 416, "invalid range\n", ""},
		{"Range", "bytes=99-", 416, "invalid range: failed to overlap\n", "bytes */9"},
	} {
		a := do(t, c, "GET", url(s, "/a.txt"), "", test.header+": "+test.value)
		a.is(t, test.status, test.body)
		a.has(t, "Content-Range", test.contentRange)
	}
	several := do(t, c, "GET", url(s, "/a.txt"), "", "Range: bytes=0-0,8-8")
	if several.StatusCode != 206 || !strings.HasPrefix(several.Header.Get("Content-Type"), "multipart/byteranges") {
		t.Errorf("two ranges: %d %s", several.StatusCode, several.Header)
	}
	do(t, c, "GET", url(s, "/a.txt"), "", "Range: bytes=0-3", "If-Range: "+before).is(t, 200, "text of a")
}

// A file larger than memory should be for one answer, read here and there.
func TestStaticHugeFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const size = 5 << 30 // holes, mostly
	f, err := os.Create(filepath.Join(dir, "huge.bin"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for at, text := range map[int64]string{0: "begin", 3 << 30: "middle", size - 3: "end"} {
		if _, err := f.WriteAt([]byte(text), at); err != nil {
			t.Fatal(err)
		}
	}
	s := harness.Start(t, harness.PlainBinary(t), "--staticdir="+dir)
	c := client(t)
	for _, test := range []struct {
		from int64
		want string
	}{{0, "begin"}, {3 << 30, "middle"}, {size - 3, "end"}, {1<<32 - 1, "\x00\x00"}} {
		last := test.from + int64(len(test.want)) - 1
		a := do(t, c, "GET", url(s, "/huge.bin"), "", fmt.Sprintf("Range: bytes=%d-%d", test.from, last))
		a.is(t, 206, test.want)
		a.has(t, "Content-Range", fmt.Sprintf("bytes %d-%d/%d", test.from, last, int64(size)))
	}
	w := dial(t, s)
	w.send(request("GET", "/huge.bin", ""))
	resp := w.head("GET")
	if resp.ContentLength != size {
		t.Errorf("Content-Length %d", resp.ContentLength)
	}
	if n, err := io.CopyN(io.Discard, resp.Body, 200<<20); err != nil {
		t.Errorf("after %d bytes: %v", n, err)
	}
	w.Close()
	if peak := harness.PeakMemory(t, s.PID); peak > 64<<20 {
		t.Errorf("VmHWM %d MiB", peak>>20)
	}
}

// Files come and go while the server runs.
func TestStaticChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, "--staticdir="+dir)
	get(t, s, "/new.txt").refused(t, 404, "404")
	write(t, dir, "new.txt", "one")
	get(t, s, "/new.txt").is(t, 200, "one")
	write(t, dir, "new.txt", "two and more")
	get(t, s, "/new.txt").is(t, 200, "two and more")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if a := get(t, s, "/new.txt"); a.StatusCode != 404 {
		t.Errorf("without the directory: %d %s", a.StatusCode, a.body)
	}
}
