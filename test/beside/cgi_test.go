package beside

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// startCGI serves scripts; a text without #! is one for sh.
func startCGI(t *testing.T, scripts map[string]string, args ...string) (s *harness.Server, dir string) {
	t.Helper()
	dir = harness.Scripts(t, scripts)
	return start(t, append([]string{"--cgidir=" + dir}, args...)...), dir
}

const plainText = `printf 'Content-Type: text/plain\n\n'; `

func TestCGIAnswers(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{
		"hello":      plainText + `echo hello`,
		"crlf":       `printf 'Content-Type: text/plain\r\nX-A: 1\r\n\r\nbody\r\n'`,
		"status":     `printf 'Status: 418 short and stout\nContent-Type: text/plain\n\ntea'`,
		"only":       `printf 'Status: 201\n\n'`,
		"location":   `printf 'Location: /elsewhere?x=1\n\n'`,
		"seeother":   `printf 'Status: 303 See Other\nLocation: http://a.com/\nContent-Type: text/plain\n\ngo'`,
		"nothing":    `:`,
		"noheader":   `echo hello`,
		"notype":     `printf 'X-A: 1\n\nhello'`,
		"malformed":  `printf 'Content-Type: text/plain\nthis is no header\n\nhello'`,
		"badstatus":  `printf 'Status: abc\nContent-Type: text/plain\n\nhello'`,
		"status100":  `printf 'Status: 100\nContent-Type: text/plain\n\nhello'`,
		"unended":    `printf 'Content-Type: text/plain\n'`,
		"toolong":    plainText[:len(plainText)-7] + `'; yes 'X-Filler: 0123456789' | head -n 10000; echo; echo hello`,
		"hop":        `printf 'Content-Type: text/plain\nContent-Length: 5\nTransfer-Encoding: chunked\nConnection: close, X-Hop\nX-Hop: 1\nKeep-Alive: 5\nUpgrade: h2c\nTrailer: X-A\nTE: trailers\nProxy-Connection: close\nX-End: 2\n\nhello'`,
		"lengths":    `printf 'Content-Type: text/plain\nContent-Length: 5\nContent-Length: 6\n\nhello'`,
		"badlength":  `printf 'Content-Type: text/plain\nContent-Length: abc\n\nhello'`,
		"cookies":    `printf 'Set-Cookie: a=1\nSet-Cookie: b=2\nContent-Type: text/plain\n\n'`,
		"empty":      plainText,
		"failed":     plainText + `echo part; exit 3`,
		"nocontent":  `printf 'Status: 204\n\nnot to be seen'`,
		"reset":      `printf 'Status: 205\nContent-Length: 14\n\nnot to be seen'`,
		"unchanged":  `printf 'Status: 304\nETag: "x"\n\nnot to be seen'`,
		"length":     `printf 'Content-Type: text/plain\nContent-Length: 5\n\nhello'`,
		"type":       `printf 'content-type: text/html; charset=x\n\n<p>'`,
		"sub/inner":  plainText + `echo inner`,
		"a b%20c":    plainText + `echo spaces`,
		"binary":     `printf 'Content-Type: application/octet-stream\n\n\000\377\n\r\n\n'`,
		"background": plainText + `echo done; sleep 500 & exit 0`,
	})
	c := client(t)
	for path, want := range map[string]struct {
		status int
		body   string
		header string // one that must be there
	}{
		"/hello":     {200, "hello\n", "Content-Type: text/plain"},
		"/crlf":      {200, "body\r\n", "X-A: 1"},
		"/status":    {418, "tea", "Content-Type: text/plain"},
		"/only":      {201, "", "Location: "},
		"/location":  {302, "", "Location: /elsewhere?x=1"},
		"/seeother":  {303, "go", "Location: http://a.com/"},
		"/cookies":   {200, "", "Set-Cookie: a=1|b=2"},
		"/empty":     {200, "", "Content-Type: text/plain"},
		"/failed":    {200, "part\n", "Content-Type: text/plain"},
		"/nocontent": {204, "", "Content-Type: "},
		"/reset":     {205, "", "Content-Length: 0"},
		"/unchanged": {304, "", `Etag: "x"`},
		"/length":    {200, "hello", "Content-Length: 5"},
		"/hop":       {200, "hello", "X-End: 2"},
		"/type":      {200, "<p>", "Content-Type: text/html; charset=x"},
		"/sub/inner": {200, "inner\n", "Content-Type: text/plain"}, "/a%20b%2520c": {200, "spaces\n", "Content-Type: text/plain"},
		"/binary":     {200, "\x00\xff\n\r\n\n", "Content-Type: application/octet-stream"},
		"/background": {200, "done\n", "Content-Type: text/plain"},
	} {
		a := do(t, c, "GET", url(s, path), "")
		name, value, _ := strings.Cut(want.header, ": ")
		a.has(t, name, value)
		a.is(t, want.status, want.body)
		a.has(t, "Status", "")
	}
	for _, status := range []string{"204", "205", "304"} {
		if s.Out.Await(t, "| ERROR", "| http", "was dropped", "status "+status); len(s.Out.With("was dropped", "status "+status)) != 1 {
			t.Errorf("said more than once: %q", s.Out.With("was dropped", "status "+status))
		}
	}
	hop := do(t, c, "GET", url(s, "/hop"), "")
	for _, name := range []string{"X-Hop", "Keep-Alive", "Upgrade", "Te", "Proxy-Connection"} {
		hop.has(t, name, "")
	}
	if hop.ContentLength != 5 || hop.Close || len(hop.Trailer) > 0 {
		t.Errorf("of the connection is said: %v", hop.Header)
	}
	if s.Out.Has("WriteHeader called") {
		t.Error("the log has a line of net/http's")
	}
	for _, path := range []string{"/nothing", "/noheader", "/notype", "/malformed", "/badstatus", "/status100", "/unended", "/toolong", "/lengths", "/badlength"} {
		do(t, c, "GET", url(s, path), "").refused(t, http.StatusInternalServerError, "log")
	}
	for _, why := range []string{"has no Content-Type", "without a header", "this is no header", "longer than", `Status is "abc"`, "Content-Length: 6", "Content-Length: abc"} {
		s.Out.Await(t, "| ERROR", "| http", why)
	}
	harness.NoSurvivors(t, s)
}

func TestCGINotFound(t *testing.T) {
	t.Parallel()
	outside := harness.Scripts(t, map[string]string{"evil": plainText + "echo secret"})
	s, dir := startCGI(t, map[string]string{"run": plainText + "pwd", "text": plainText + "echo secret", "sub/run": plainText + "pwd", ".hidden": plainText + "echo hidden"})
	if err := os.Chmod(filepath.Join(dir, "text"), 0o644); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"out": filepath.Join(outside, "evil"), "outdir": outside, "in": "run", "abs": filepath.Join(dir, "sub", "run"), "none": "nothing", "indir": "sub",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	get(t, s, "/text").refused(t, 403, "chmod")
	get(t, s, "/run%00").refused(t, 400, "400")
	for _, path := range []string{"/", "/sub", "/sub/", "/nothing", "/none", "/out", "/outdir/evil", "/.hidden", "/.hidden/more", "/../" + filepath.Base(outside) + "/evil"} {
		get(t, s, path).refused(t, 404, "404")
	}
	for path, want := range map[string]string{"/run": dir, "/in": dir, "/sub/run": dir + "/sub", "/abs": dir + "/sub", "/indir/run": dir + "/sub", "/x/../run": dir, "//run": dir, "/run/": dir, "/run/.more/x": dir} {
		c := client(t)
		c.CheckRedirect = nil
		do(t, c, "GET", url(s, path), "").is(t, 200, want+"\n")
	}
}

// A directory of scripts is left to the static files, which do not show it.
func TestCGIBesideStatic(t *testing.T) {
	t.Parallel()
	s, dir := startCGI(t, map[string]string{"sub/run": plainText + "echo ran", "both": plainText + "echo ran"}, "--staticdir="+func() string {
		static := t.TempDir()
		write(t, static, "sub/page.txt", "page")
		write(t, static, "both", "file")
		write(t, static, "sub/index.html", "index")
		return static
	}())
	for path, want := range map[string]string{"/sub/run": "ran\n", "/sub/page.txt": "page", "/both": "ran\n", "/sub/": "index"} {
		get(t, s, path).is(t, 200, want)
	}
	get(t, s, "/"+filepath.Base(dir)+"/both").refused(t, 404, "404")
}

// environment asks a script for its environment.
func environment(t *testing.T, text string) map[string]string {
	t.Helper()
	env := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if _, twice := env[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		env[name] = value
	}
	return env
}

func TestCGIEnvironment(t *testing.T) {
	t.Parallel()
	s, dir := startCGI(t, map[string]string{"sub/env": plainText + "env"})
	post := do(t, client(t), "POST", url(s, "/sub/env/more/.x?a=%20b&c"), "x=1", "Content-Type: text/x;\ty=z", "Cookie: a=1", "Cookie: b=2", "Proxy: http://evil/",
		"X-Shell: () { :;}; echo pwn", "X_Under: evil", "Authorization: Basic x", "Host: localhost:1234")
	env := environment(t, post.body)
	for name, want := range map[string]string{
		"REQUEST_METHOD": "POST", "QUERY_STRING": "a=%20b&c", "REQUEST_URI": "/sub/env/more/.x?a=%20b&c", "SCRIPT_FILENAME": filepath.Join(dir, "sub", "env"),
		"PATH_INFO": "/more/.x", "SCRIPT_NAME": "/sub/env", "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
		"CONTENT_LENGTH": "3", "CONTENT_TYPE": "text/x;\ty=z", "HTTP_CONTENT_TYPE": "text/x;\ty=z", "HTTP_HOST": "localhost:1234", "SERVER_NAME": "localhost", "SERVER_PORT": "1234",
		"HTTP_COOKIE": "a=1; b=2", "HTTP_X_SHELL": "() { :;}; echo pwn", "HTTP_AUTHORIZATION": "Basic x", "REMOTE_USER": "", "AUTH_TYPE": "",
	} {
		if got, ok := env[name]; !ok || got != want {
			t.Errorf("%s is %q (%v), expected %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS", "HTTP_X_UNDER", "HOME", "USER"} {
		if value, ok := env[name]; ok {
			t.Errorf("%s=%s", name, value)
		}
	}
	if !strings.HasPrefix(env["SERVER_SOFTWARE"], "websocketd/") || env["UNIQUE_ID"] == "" || env["REMOTE_PORT"] == "" || env["PATH"] == "" {
		t.Errorf("SERVER_SOFTWARE %q, UNIQUE_ID %q, REMOTE_PORT %q, PATH %q", env["SERVER_SOFTWARE"], env["UNIQUE_ID"], env["REMOTE_PORT"], env["PATH"])
	}
	plain := environment(t, get(t, s, "/sub/env").body)
	for _, name := range []string{"QUERY_STRING", "CONTENT_LENGTH", "CONTENT_TYPE"} {
		if value, ok := plain[name]; value != "" || !ok {
			t.Errorf("of a GET %s is %q (%v)", name, value, ok)
		}
	}
}

// A script finds the usual programs whatever the operator passes on.
func TestCGIPath(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"env": plainText + "/usr/bin/env"}, "--passenv=WSD_MARK")
	if path := environment(t, get(t, s, "/env").body)["PATH"]; !strings.Contains(path, "/bin:") {
		t.Errorf("PATH=%s", path)
	}
}

// What a script says on stderr is in the log, one line each, the last one too.
func TestCGIStderr(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"loud": `echo one >&2; ` + plainText + `echo hello; printf 'no newline' >&2`})
	get(t, s, "/loud").is(t, 200, "hello\n")
	for _, text := range []string{"one", "no newline"} {
		line := s.Out.Await(t, "| ERROR", "| stderr", text)
		if fields := harness.Fields(line); !strings.HasSuffix(fields["cgiscript"], "/loud") || fields["pid"] == "" || !strings.HasSuffix(fields["url"], "/loud") {
			t.Errorf("the line %s", line)
		}
	}
}

func TestCGIOrigin(t *testing.T) {
	t.Parallel()
	s, dir := startCGI(t, map[string]string{"run": plainText + `echo ran; : >> ran`}, "--staticdir="+t.TempDir())
	for _, origin := range []string{"http://evil.example", "null", "http://127.0.0.1.evil.example"} {
		for _, method := range []string{"GET", "POST"} {
			do(t, client(t), method, url(s, "/run"), "", "Origin: "+origin).refused(t, 403, "rigin")
		}
	}
	for _, site := range []string{"cross-site", "same-site"} {
		for _, method := range []string{"GET", "POST"} {
			do(t, client(t), method, url(s, "/run"), "", "Sec-Fetch-Site: "+site).refused(t, 403, "Sec-Fetch-Site")
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("a refused request ran the script")
	}
	s.Out.Await(t, "| ACCESS", "| http", "| CGI: ")
	get(t, s, "/run", "Origin: http://127.0.0.1:8080").is(t, 200, "ran\n")
	get(t, s, "/run").is(t, 200, "ran\n")
	get(t, s, "/run", "Sec-Fetch-Site: none").is(t, 200, "ran\n")
	get(t, s, "/run", "Sec-Fetch-Site: same-origin").is(t, 200, "ran\n")
	free, _ := startCGI(t, map[string]string{"run": plainText + "echo ran"}, "--origin=*")
	get(t, free, "/run", "Origin: http://evil.example").is(t, 200, "ran\n")
	get(t, s, "/run", "Host: evil.example").refused(t, 421, "--host")
}
