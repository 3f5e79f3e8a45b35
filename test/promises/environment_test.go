package promises

import (
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// programDir is a --dir with env(1) at /env and /sub/env: a copy, because a
// link would lead outside.
func programDir(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"env", "sub/env"} {
		harness.WriteFile(t, filepath.Join(dir, name), string(text), 0o755)
	}
	return dir
}

// standard is what every handshake's process sees, besides what a test expects.
func standard(more map[string]string) map[string]string {
	env := map[string]string{
		"REMOTE_ADDR": "127.0.0.1", "REMOTE_HOST": "127.0.0.1", "REMOTE_PORT": "*",
		"SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
		"SERVER_SOFTWARE": "websocketd/*", "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET",
		"SCRIPT_NAME": "/", "PATH_INFO": "/", "PATH_TRANSLATED": "/", "QUERY_STRING": "", "REQUEST_URI": "/",
		"UNIQUE_ID": "*", "AUTH_TYPE": "", "CONTENT_LENGTH": "", "CONTENT_TYPE": "", "REMOTE_IDENT": "", "REMOTE_USER": "",
		"HTTP_HOST": "localhost", "HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "Upgrade",
		"HTTP_SEC_WEBSOCKET_KEY": harness.Key, "HTTP_SEC_WEBSOCKET_VERSION": "13",
		"PATH": "*", "WSD_MARK": "*",
	}
	maps.Copy(env, more)
	return env
}

// compare reports every variable that is missing, wrong, or too many. A * at
// the end of an expected value stands for at least one character.
func compare(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		value, set := got[name]
		prefix, any := strings.CutSuffix(want[name], "*")
		switch {
		case !set:
			t.Errorf("%s: %s is not set, expected %q", what, name, want[name])
		case any && (len(value) <= len(prefix) || !strings.HasPrefix(value, prefix)), !any && value != want[name]:
			t.Errorf("%s: %s=%q, expected %q", what, name, value, want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, expected := want[name]; !expected {
			t.Errorf("%s: %s=%q was not expected", what, name, got[name])
		}
	}
}

// The environment table: exactly these variables, with exactly these values.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	single := start(t, "env")
	dir := start(t, "--dir="+programDir(t))
	type vars = map[string]string
	for _, c := range []struct {
		what string
		s    *harness.Server
		r    harness.Request
		want vars
	}{
		{"a single command", single, harness.Handshake("/"), nil},
		{"path and query", single, harness.Handshake("/a/b%20c?x=1&y=%26"),
			vars{"PATH_INFO": "/a/b c", "PATH_TRANSLATED": "/a/b c", "QUERY_STRING": "x=1&y=%26", "REQUEST_URI": "/a/b%20c?x=1&y=%26"}},
		{"an escaped slash", single, harness.Handshake("/a%2fb?"),
			vars{"PATH_INFO": "/a/b", "PATH_TRANSLATED": "/a/b", "REQUEST_URI": "/a%2fb?"}},
		{"the port of Host", single, harness.Handshake("/").Host("localhost:8080"),
			vars{"SERVER_PORT": "8080", "HTTP_HOST": "localhost:8080"}},
		{"IPv6 with a port", single, harness.Handshake("/").Host("[::1]:8080"),
			vars{"SERVER_NAME": "::1", "SERVER_PORT": "8080", "HTTP_HOST": "[::1]:8080"}},
		{"IPv6 without a port", single, harness.Handshake("/").Host("[::1]"),
			vars{"SERVER_NAME": "[::1]", "HTTP_HOST": "[::1]"}},
		{"many headers", single, harness.Handshake("/").Add("X-Twice", " a ").Add("X-Twice", "b").
			Add("X.Dot", "dot").Add("Cookie", "a=1").Add("Cookie", "b=2").Add("Authorization", "Basic eDp5").
			Add("X-Empty", "").Add("Content-Type", "text/x").Origin("http://localhost:3000"),
			vars{"HTTP_X_TWICE": "a, b", "HTTP_X.DOT": "dot", "HTTP_COOKIE": "a=1; b=2", "HTTP_AUTHORIZATION": "Basic eDp5",
				"HTTP_X_EMPTY": "", "HTTP_CONTENT_TYPE": "text/x", "HTTP_ORIGIN": "http://localhost:3000"}},
		{"headers that must not pass", single, harness.Handshake("/").Add("Proxy", "http://evil/").
			Add("X_Forwarded_For", "evil").Add("X-Forwarded-For", "good").Add("LD-PRELOAD", "x").Add("Path", "/evil").
			Add("X-Shock", "() { :;}; echo pwn"),
			vars{"HTTP_X_FORWARDED_FOR": "good", "HTTP_LD_PRELOAD": "x", "HTTP_PATH": "/evil", "HTTP_X_SHOCK": "() { :;}; echo pwn"}},
		{"a script", dir, harness.Handshake("/env"),
			vars{"SCRIPT_NAME": "/env", "PATH_INFO": "", "PATH_TRANSLATED": "/env", "REQUEST_URI": "/env"}},
		{"a script with a slash behind", dir, harness.Handshake("/env/"),
			vars{"SCRIPT_NAME": "/env", "PATH_INFO": "/", "PATH_TRANSLATED": "/env/", "REQUEST_URI": "/env/"}},
		{"a script with more path", dir, harness.Handshake("/sub/env/a/b%3f?q"),
			vars{"SCRIPT_NAME": "/sub/env", "PATH_INFO": "/a/b?", "PATH_TRANSLATED": "/sub/env/a/b?", "QUERY_STRING": "q",
				"REQUEST_URI": "/sub/env/a/b%3f?q"}},
	} {
		compare(t, c.what, c.s.Environment(t, c.r), standard(c.want))
	}
}

// What of the server's own environment passes, and that nothing else does.
func TestPassEnv(t *testing.T) {
	t.Parallel()
	own := []string{"GREETING=  hello\nworld ", "EMPTY=", "BLANK=  ", "HTTPS=on", "SERVER_SOFTWARE=mine", "REMOTE_ADDR=1.2.3.4",
		"HTTP_X_HEADER=passed", "SECRET=secret", "WEBSOCKETD_MAXFORKS=7", "HOME=/home/me"}
	s := harness.Options{Bin: harness.Binary(t), Env: own, Args: []string{"env"}, PassEnv: []string{
		"GREETING", "EMPTY", "BLANK", "UNSET", "HTTPS", "SERVER_SOFTWARE", "REMOTE_ADDR", "HTTP_X_HEADER"}}.Start(t)
	compare(t, "--passenv", s.Environment(t, harness.Handshake("/")), standard(map[string]string{
		"GREETING": "hello world", "SERVER_SOFTWARE": "mine", "HTTP_X_HEADER": "passed"}))
	env := s.Environment(t, harness.Handshake("/").Add("X-Header", "sent"))
	if env["HTTP_X_HEADER"] != "sent" {
		t.Errorf("a passed HTTP_X_HEADER won over the request's: %q", env["HTTP_X_HEADER"])
	}
	s = harness.Options{Bin: harness.Binary(t), Env: own, PassEnv: []string{"WEBSOCKETD_MAXFORKS"}, Args: []string{"env"}}.Start(t)
	if v := s.Environment(t, harness.Handshake("/"))["WEBSOCKETD_MAXFORKS"]; v != "7" {
		t.Errorf("WEBSOCKETD_MAXFORKS=%q though --passenv names it", v)
	}
}

// Without --passenv: PATH and LD_LIBRARY_PATH. The mark does not pass, so this
// server's processes are found by their parent.
func TestDefaultPassEnv(t *testing.T) {
	t.Parallel()
	s := harness.Options{Bin: harness.Binary(t), Bare: true, Port: harness.FreePort(t),
		Env:  []string{"LD_LIBRARY_PATH=/nowhere", "HOME=/home/me", "LANG=C.UTF-8", "WEBSOCKETD_PINGMS=9000"},
		Args: []string{"--address=127.0.0.1"}}
	s.Args = append(s.Args, "--port="+itoa(s.Port), "env")
	want := standard(map[string]string{"LD_LIBRARY_PATH": "/nowhere"})
	delete(want, "WSD_MARK")
	compare(t, "no --passenv", s.Start(t).Environment(t, harness.Handshake("/")), want)
}

// The process's directory is the server's, its argv[0] the command's path, and
// it inherits no descriptors and no ignored signals.
func TestProcessAttributes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := harness.Options{Bin: harness.Binary(t), Dir: dir, Shell: "exec 9</dev/null; trap '' USR1",
		Args: []string{"sh", "-c", `pwd; echo "$0"; grep SigIgn /proc/$$/status; ls /proc/$$/fd`, "name"}}.Start(t)
	lines := s.Connect(t).Ends(t, 1000, "")
	real, _ := filepath.EvalSymlinks(dir)
	if len(lines) < 4 || lines[0] != real || lines[1] != "name" {
		t.Fatalf("got %q, expected the directory %s", lines, real)
	}
	if fds := lines[3:]; !slices.Equal(fds, []string{"0", "1", "2"}) {
		t.Errorf("the process has the descriptors %q", fds)
	}
	const pipe = 1 << (13 - 1) // SIGPIPE, which Go programs handle
	if mask := parseHex(t, strings.TrimPrefix(lines[2], "SigIgn:")); mask&pipe != 0 {
		t.Errorf("the process ignores SIGPIPE: %s", lines[2])
	}
	args := start(t, "sh", "-c", `tr '\0' '|' </proc/$$/cmdline`, "-x", "--version", "", "a b")
	if got := args.Connect(t).Ends(t, 1000, ""); !slices.Equal(got, []string{lookPath(t, "sh") + `|-c|tr '\0' '|' </proc/$$/cmdline|-x|--version||a b|`}) {
		t.Errorf("the arguments are %q", got)
	}
}

// Unique ids are distinct, also of connections at the same moment.
func TestUniqueIDs(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "echo $UNIQUE_ID")
	seen := map[string]bool{}
	var conns []*harness.Conn
	for range 50 {
		conns = append(conns, s.Connect(t))
	}
	for _, c := range conns {
		seen[strings.Join(c.Ends(t, 1000, ""), "")] = true
	}
	if len(seen) != 50 {
		t.Errorf("%d distinct ids of 50", len(seen))
	}
}
