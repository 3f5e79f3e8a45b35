package beside

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// everything is a server that has it all: a program, scripts, files, a console.
func everything(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	scripts := harness.Scripts(t, map[string]string{"both": plainText + `echo script`, "bad": `echo bad`, "slow": plainText + `sleep 100`})
	write(t, scripts, "text", "not executable")
	files := t.TempDir()
	for _, name := range []string{"both", "file.txt", "with/index.html"} {
		write(t, files, name, "file")
	}
	if err := os.Mkdir(filepath.Join(files, "list"), 0o755); err != nil {
		t.Fatal(err)
	}
	return start(t, append([]string{"--cgidir=" + scripts, "--staticdir=" + files}, args...)...)
}

// isConsole says whether an answer is the console's page.
func isConsole(a answer) bool {
	return a.StatusCode == 200 && a.Header.Get("Content-Type") == "text/html; charset=utf-8" && strings.Contains(a.body, "websocketd") &&
		strings.Contains(a.Header.Get("Content-Security-Policy"), "default-src 'none'")
}

// The program, then scripts, then files, then the console, then a listing.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	s := everything(t, "--devconsole", "cat")
	for _, path := range []string{"/", "/both", "/file.txt", "/nothing", "/list/"} {
		s.ConnectTo(t, path).Echo(t, path)
	}
	get(t, s, "/both").is(t, 200, "script\n")
	get(t, s, "/file.txt").is(t, 200, "file")
	get(t, s, "/with/").is(t, 200, "file")
	get(t, s, "/text").refused(t, 403, "executable")
	for _, path := range []string{"/", "/nothing", "/list/", "/list", "/nothing/at/all?x"} {
		if a := get(t, s, path); !isConsole(a) {
			t.Errorf("%s is not the console: %d %s %.100q", path, a.StatusCode, a.Header.Get("Content-Type"), a.body)
		}
	}
	bare := everything(t, "cat")
	get(t, bare, "/").is(t, 200, get(t, bare, "/").body)
	if a := get(t, bare, "/"); !strings.Contains(a.body, ">file.txt</a>") {
		t.Errorf("without a console there is no listing: %q", a.body)
	}
	get(t, bare, "/nothing").refused(t, 404, "404")
	only := start(t, "--devconsole", "cat")
	if a := get(t, only, "/any/thing"); !isConsole(a) {
		t.Errorf("a console alone: %d %.100q", a.StatusCode, a.body)
	}
	none := start(t, "cat")
	get(t, none, "/").refused(t, 404, "404")
}

// Where there is no program, a handshake is a plain request.
func TestUpgradeWithoutProgram(t *testing.T) {
	t.Parallel()
	s := everything(t)
	for path, want := range map[string]string{"/file.txt": "file", "/both": "script\n"} {
		if c := s.Ask(t, harness.Handshake(path)); c.Status() != 200 || c.Body != want {
			t.Errorf("%s: %d %q", path, c.Status(), c.Body)
		}
	}
	if c := s.Ask(t, harness.Handshake("/nothing")); c.Status() != 404 {
		t.Errorf("%d %q", c.Status(), c.Body)
	}
}

// --header and --header-http are in every answer to what is no handshake, and
// --header-ws in none of them.
func TestHeadersBeside(t *testing.T) {
	t.Parallel()
	flags := []string{"--header=X-All: all", "--header-http=X-Http: http", "--header-ws=X-Ws: ws", "--header=Cache-Control: no-store", "--maxforks=1", "cat"}
	s, console := everything(t, flags...), everything(t, append([]string{"--devconsole"}, flags...)...)
	for _, test := range []struct {
		s      *harness.Server
		method string
		path   string
		status int
		origin string
	}{
		{s, "GET", "/file.txt", 200, ""}, {s, "GET", "/", 200, ""}, {s, "GET", "/list", 301, ""}, {s, "GET", "/nothing", 404, ""},
		{s, "PUT", "/file.txt", 405, ""}, {s, "GET", "/both", 200, ""}, {s, "GET", "/bad", 500, ""}, {s, "GET", "/text", 403, ""},
		{s, "GET", "/both", 403, "http://evil.example"}, {console, "GET", "/nothing", 200, ""}, {console, "GET", "/both", 200, ""},
	} {
		headers := []string{}
		if test.origin != "" {
			headers = []string{"Origin: " + test.origin}
		}
		var a answer
		harness.Until(t, "there is a slot", func() bool {
			a = do(t, client(t), test.method, url(test.s, test.path), "", headers...)
			return a.StatusCode != 429
		})
		if a.StatusCode != test.status {
			t.Errorf("%s %s: %d, expected %d", test.method, test.path, a.StatusCode, test.status)
		}
		if all, http, ws := a.Header.Get("X-All"), a.Header.Get("X-Http"), a.Header.Get("X-Ws"); all != "all" || http != "http" || ws != "" {
			t.Errorf("%s %s (%d): X-All %q, X-Http %q, X-Ws %q", test.method, test.path, a.StatusCode, all, http, ws)
		}
	}
	ws := s.Connect(t)
	a := get(t, s, "/both")
	if a.StatusCode != 429 || a.Header.Get("X-All") != "all" {
		t.Errorf("%d, X-All %q", a.StatusCode, a.Header.Get("X-All"))
	}
	if got := ws.Header("X-Ws") + ws.Header("X-All") + ws.Header("X-Http"); got != "wsall" {
		t.Errorf("of the 101: %q", got)
	}
}

// The operator's Content-Type wins for files, a script's own for scripts.
func TestContentTypeHeader(t *testing.T) {
	t.Parallel()
	s := everything(t, "--header-http=Content-Type: text/x-mine", "--header-http=Server: mine", "cat")
	get(t, s, "/file.txt").has(t, "Content-Type", "text/x-mine")
	get(t, s, "/both").has(t, "Content-Type", "text/plain")
	get(t, s, "/nothing").has(t, "Content-Type", "text/plain; charset=utf-8")
	get(t, s, "/nothing").has(t, "X-Content-Type-Options", "nosniff")
	get(t, s, "/both").has(t, "Server", "mine")
}

// Each kind of answer has its word in the log (websocketd.md 3).
func TestLogBeside(t *testing.T) {
	t.Parallel()
	s := everything(t, "--devconsole", "cat")
	for path, word := range map[string]string{"/file.txt": "STATIC", "/both": "CGI", "/nothing?x='y": "DEVCONSOLE", "/text": "CGI: script is not executable"} {
		get(t, s, path)
		line := s.Out.Await(t, "| ACCESS", "| http", path[:4], "| "+word)
		fields := harness.Fields(line)
		if want := url(s, strings.ReplaceAll(path, "'", `\'`)); fields["url"] != want || fields["id"] == "" || fields["remote"] != "127.0.0.1" {
			t.Errorf("%s: %s", path, line)
		}
		if (fields["cgiscript"] != "") != (word == "CGI") {
			t.Errorf("%s: %s", path, line)
		}
	}
	none := start(t, "cat")
	get(t, none, "/nothing")
	none.Out.Await(t, "| ACCESS", "| http", "| NOT FOUND")
	for _, text := range []string{"Serving using application   : ", "Serving static content from : ", "Serving CGI scripts from    : ", "Starting WebSocket server   : ws://", "Developer console enabled   : http://"} {
		if lines := s.Out.With("| INFO", "| server", text); len(lines) != 1 {
			t.Errorf("%q stands there %d times", text, len(lines))
		}
	}
	files := everything(t)
	files.Out.Await(t, "| INFO", "| server", "Serving CGI or static files : http://"+files.Addr+"/")
	if files.Out.Has("Starting WebSocket server") {
		t.Error("a WebSocket server without a program")
	}
}
