package libwebsocketd

import (
	"bufio"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"websocketd/libwebsocketd/logging"
)

// asked is a request as the server gets it.
type asked struct {
	target  string // "" is /
	host    string // "" is a.com
	headers string // lines
	remote  string // "" is 192.0.2.7:4711
	proto   string // "" is HTTP/1.1
	tls     bool
	unix    bool
}

// request parses what the client would have sent.
func (a asked) request(t testing.TB) *http.Request {
	t.Helper()
	head := "GET " + orDefault(a.target, "/") + " " + orDefault(a.proto, "HTTP/1.1") + "\r\n" +
		"Host: " + orDefault(a.host, "a.com") + "\r\n" + a.headers + "\r\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	r.RemoteAddr = orDefault(a.remote, "192.0.2.7:4711")
	if a.tls {
		r.TLS = &tls.ConnectionState{}
	}
	var local net.Addr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	if a.unix {
		local = &net.UnixAddr{Net: "unix", Name: "/s"}
		r.RemoteAddr = "@"
	}
	return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
}

// environmentOf returns the environment the child of a request would get.
func environmentOf(t testing.TB, cfg Config, r *http.Request) []string {
	t.Helper()
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	s := routing(t, cfg)
	to, refusal := s.route(r)
	if refusal != nil {
		t.Fatalf("%s: %v", r.RequestURI, refusal)
	}
	return to.program.env.of(r, to, s.remoteOf(r), s.ids.Next())
}

func lookup(env []string, name string) (value string, ok bool) {
	for _, entry := range env {
		if value, ok = strings.CutPrefix(entry, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

var catOnly = Config{Command: []string{"/bin/cat"}, Settings: Settings{PassEnv: []string{}}}

// TestEnvironmentTable checks the whole environment of a program, in its order.
func TestEnvironmentTable(t *testing.T) {
	t.Setenv("PASSED", "one")
	cfg := Config{Command: []string{"/bin/cat"}, Settings: Settings{PassEnv: []string{"PASSED"}}, ServerSoftware: "websocketd/1.2"}
	env := environmentOf(t, cfg, asked{target: "/a%2fb/c%20d?x=1&y=%20", host: "example.com:8080",
		headers: "Upgrade: websocket\r\nConnection: Upgrade\r\nX-Y: z\r\nContent-Type: t/t\r\n"}.request(t))
	id, ok := lookup(env, "UNIQUE_ID")
	if n, err := strconv.ParseInt(id, 10, 64); !ok || err != nil || n < 1e18 {
		t.Errorf("UNIQUE_ID is %q, not nanoseconds since 1970", id)
	}
	want := []string{
		"SERVER_SOFTWARE=websocketd/1.2",
		"PASSED=one",
		"REMOTE_ADDR=192.0.2.7",
		"REMOTE_HOST=192.0.2.7",
		"REMOTE_PORT=4711",
		"SERVER_NAME=example.com",
		"SERVER_PORT=8080",
		"SERVER_PROTOCOL=HTTP/1.1",
		"GATEWAY_INTERFACE=CGI/1.1",
		"REQUEST_METHOD=GET",
		"SCRIPT_NAME=/",
		"PATH_INFO=/a/b/c d",
		"PATH_TRANSLATED=/a/b/c d",
		"QUERY_STRING=x=1&y=%20",
		"REQUEST_URI=/a%2fb/c%20d?x=1&y=%20",
		"UNIQUE_ID=" + id,
		"AUTH_TYPE=",
		"CONTENT_LENGTH=",
		"CONTENT_TYPE=",
		"REMOTE_IDENT=",
		"REMOTE_USER=",
		"HTTP_HOST=example.com:8080",
		"HTTP_CONNECTION=Upgrade",
		"HTTP_CONTENT_TYPE=t/t",
		"HTTP_UPGRADE=websocket",
		"HTTP_X_Y=z",
	}
	if !slices.Equal(env, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(env, "\n"), strings.Join(want, "\n"))
	}
}

// TestEnvironmentValues checks single variables of many requests.
func TestEnvironmentValues(t *testing.T) {
	for _, test := range []struct {
		name string
		asked
		want []string // NAME=VALUE, or !NAME for one that is not there
	}{
		{"no query", asked{target: "/x"}, []string{"QUERY_STRING=", "REQUEST_URI=/x", "!HTTPS"}},
		{"empty query", asked{target: "/x?"}, []string{"QUERY_STRING=", "REQUEST_URI=/x?"}},
		{"raw bytes", asked{target: `/a\b`}, []string{`PATH_INFO=/a\b`, "REQUEST_URI=/a%5Cb"}},
		{"clean path", asked{target: "/a/../b//c/./"}, []string{"PATH_INFO=/b/c/"}},
		{"root", asked{target: "/"}, []string{"PATH_INFO=/", "PATH_TRANSLATED=/"}},
		{"newline in the path", asked{target: "/a%0Ab%0D"}, []string{"PATH_INFO=/a b", "PATH_TRANSLATED=/a b", "REQUEST_URI=/a%0Ab%0D"}},
		{"absolute form", asked{target: "http://other:81/p?q=1", host: "a.com:80"}, []string{"REQUEST_URI=/p?q=1", "HTTP_HOST=other:81", "SERVER_NAME=other", "SERVER_PORT=81", "PATH_INFO=/p"}},
		{"no port", asked{host: "a.com"}, []string{"SERVER_NAME=a.com", "SERVER_PORT=80"}},
		{"no port, TLS", asked{host: "a.com", tls: true}, []string{"SERVER_NAME=a.com", "SERVER_PORT=443", "HTTPS=on"}},
		{"port, TLS", asked{host: "a.com:8443", tls: true}, []string{"SERVER_NAME=a.com", "SERVER_PORT=8443", "HTTPS=on"}},
		{"empty port", asked{host: "a.com:"}, []string{"SERVER_NAME=a.com", "SERVER_PORT="}},
		{"IPv6", asked{host: "[::1]"}, []string{"SERVER_NAME=[::1]", "SERVER_PORT=80", "HTTP_HOST=[::1]"}},
		{"IPv6, TLS", asked{host: "[::1]", tls: true}, []string{"SERVER_NAME=[::1]", "SERVER_PORT=443"}},
		{"IPv6 and port", asked{host: "[::1]:81"}, []string{"SERVER_NAME=::1", "SERVER_PORT=81"}},
		{"IPv6 without brackets", asked{host: "::1"}, []string{"SERVER_NAME=", "SERVER_PORT=", "HTTP_HOST=::1"}},
		{"no host at all", asked{host: "a:b:c"}, []string{"SERVER_NAME=", "SERVER_PORT="}},
		{"half a bracket", asked{host: "[::1"}, []string{"SERVER_NAME=", "SERVER_PORT="}},
		{"IPv6 peer", asked{remote: "[2001:db8::1]:9"}, []string{"REMOTE_ADDR=2001:db8::1", "REMOTE_HOST=2001:db8::1", "REMOTE_PORT=9"}},
		{"peer with a zone", asked{remote: "[fe80::1%eth0]:9"}, []string{"REMOTE_ADDR=fe80::1%eth0", "REMOTE_PORT=9"}},
		{"unix socket", asked{unix: true}, []string{"REMOTE_ADDR=unix-socket", "REMOTE_HOST=unix-socket", "REMOTE_PORT="}},
		{"unix socket, TLS", asked{unix: true, tls: true}, []string{"REMOTE_ADDR=unix-socket", "HTTPS=on"}},
		{"HTTP/1.0", asked{proto: "HTTP/1.0"}, []string{"SERVER_PROTOCOL=HTTP/1.0"}},
		{"default software", asked{}, []string{"SERVER_SOFTWARE=websocketd", "!PATH", "!HOME"}},
	} {
		check(t, test.name, environmentOf(t, catOnly, test.asked.request(t)), test.want)
	}
}

func check(t *testing.T, name string, env, want []string) {
	t.Helper()
	for _, w := range want {
		if absent, ok := strings.CutPrefix(w, "!"); ok {
			if value, ok := lookup(env, absent); ok {
				t.Errorf("%s: %s=%q should not be there", name, absent, value)
			}
		} else if key, _, _ := strings.Cut(w, "="); !slices.Contains(env, w) {
			value, ok := lookup(env, key)
			t.Errorf("%s: %s is %q (set: %v), want %s", name, key, value, ok, w)
		}
	}
}

// TestEnvironmentHeaders checks what variables become of a client's headers.
func TestEnvironmentHeaders(t *testing.T) {
	for _, test := range []struct {
		name, headers string
		want          []string
	}{
		{"two lines", "X-A: 1\r\nx-a: 2\r\n", []string{"HTTP_X_A=1, 2"}},
		{"cookies", "Cookie: a=1\r\nCOOKIE: b=2\r\n", []string{"HTTP_COOKIE=a=1; b=2"}},
		{"blanks", "X-A:  \t 1 \t\r\n", []string{"HTTP_X_A=1"}},
		{"empty", "X-A:\r\n", []string{"HTTP_X_A="}},
		{"folded", "X-A: 1\r\n 2\r\n", []string{"HTTP_X_A=1 2"}},
		{"other characters", "X.Dot!: 1\r\n", []string{"HTTP_X.DOT!=1"}},
		{"httpoxy", "Proxy: http://evil/\r\npRoXy: http://evil/\r\n", []string{"!HTTP_PROXY"}},
		{"underscores", "X_Forwarded_For: evil\r\nX-Forwarded-For: good\r\nA_B: evil\r\n", []string{"HTTP_X_FORWARDED_FOR=good", "!HTTP_A_B"}},
		{"no library", "LD-PRELOAD: /evil\r\nPath: /evil\r\n", []string{"HTTP_LD_PRELOAD=/evil", "HTTP_PATH=/evil", "!LD_PRELOAD", "!PATH"}},
		{"shellshock is text", "X-A: () { :;}; echo\r\n", []string{"HTTP_X_A=() { :;}; echo"}},
		{"equals sign", "X-A: b=c\r\n", []string{"HTTP_X_A=b=c"}},
		{"length and type", "Content-Length: 0\r\nContent-Type: x\r\n", []string{"CONTENT_LENGTH=", "CONTENT_TYPE=", "HTTP_CONTENT_TYPE=x"}},
		{"authorization", "Authorization: Basic x\r\n", []string{"HTTP_AUTHORIZATION=Basic x", "AUTH_TYPE=", "REMOTE_USER="}},
		{"all of the handshake", "Sec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\nOrigin: http://a.com\r\n",
			[]string{"HTTP_SEC_WEBSOCKET_KEY=k", "HTTP_SEC_WEBSOCKET_VERSION=13", "HTTP_ORIGIN=http://a.com"}},
	} {
		check(t, test.name, environmentOf(t, catOnly, asked{headers: test.headers}.request(t)), test.want)
	}
	r := asked{}.request(t)
	r.Header["X-A"] = []string{"\r\none\r\ntwo\n", "three\r"} // by another handler in front of ours
	check(t, "newlines", environmentOf(t, catOnly, r), []string{"HTTP_X_A=one  two, three"})
}

// TestPassEnv checks what a program gets of the server's own environment.
func TestPassEnv(t *testing.T) {
	for name, value := range map[string]string{
		"PASS_A": "a", "PASS_BLANK": " \t", "PASS_LINES": "\n1\r\n2\n", "SERVER_SOFTWARE": "mine", "HTTPS": "on", "HTTP_PROXY": "http://ours/",
		"HTTP_X_A": "ours", "REMOTE_ADDR": "evil", "PATH": "/bin", "LD_LIBRARY_PATH": "/lib", "DYLD_LIBRARY_PATH": "/lib", "HOME": "/h",
	} {
		t.Setenv(name, value)
	}
	request := asked{headers: "Proxy: http://evil/\r\nX-A: theirs\r\n"}
	for _, test := range []struct {
		name string
		pass []string
		want []string
	}{
		{"nothing", []string{}, []string{"!PATH", "!LD_LIBRARY_PATH", "!HOME"}},
		{"by default", nil, []string{"PATH=/bin", "!HOME", "!PASS_A"}},
		{"replaces the default", []string{"PASS_A"}, []string{"PASS_A=a", "!PATH"}},
		{"blanks around the name", []string{" PASS_A "}, []string{"PASS_A=a"}},
		{"twice", []string{"PASS_A", "PASS_A"}, []string{"PASS_A=a"}},
		{"not set, blank, nameless", []string{"PASS_NONE", "PASS_BLANK", ""}, []string{"!PASS_NONE", "!PASS_BLANK", "!"}},
		{"several lines", []string{"PASS_LINES"}, []string{"PASS_LINES=1  2"}},
		{"software", []string{"SERVER_SOFTWARE"}, []string{"SERVER_SOFTWARE=mine"}},
		{"never HTTPS", []string{"HTTPS"}, []string{"!HTTPS"}},
		{"standard ones win", []string{"REMOTE_ADDR"}, []string{"REMOTE_ADDR=192.0.2.7"}},
		{"headers win", []string{"HTTP_X_A"}, []string{"HTTP_X_A=theirs"}},
		{"but Proxy is none", []string{"HTTP_PROXY"}, []string{"HTTP_PROXY=http://ours/"}},
	} {
		cfg := Config{Command: []string{"/bin/cat"}, Settings: Settings{PassEnv: test.pass}}
		env := environmentOf(t, cfg, request.request(t))
		check(t, test.name, env, test.want)
		checkEntries(t, env)
	}
}

// TestEnvironmentOfDir: SCRIPT_NAME is the script's URL, PATH_INFO the rest.
func TestEnvironmentOfDir(t *testing.T) {
	cfg := Config{Dir: scriptTree(t), Settings: Settings{PassEnv: []string{}}}
	for _, test := range []struct{ target, script, info string }{
		{"/hello.sh", "/hello.sh", ""},
		{"/hello.sh/", "/hello.sh", "/"},
		{"/sub/inner.sh/a%20b/c?d=/e", "/sub/inner.sh", "/a b/c"},
		{"/sub%2Finner.sh%2Fx", "/sub/inner.sh", "/x"},
		{"/sub/../hello.sh/../hello.sh/x/", "/hello.sh", "/x/"},
	} {
		env := environmentOf(t, cfg, asked{target: test.target}.request(t))
		check(t, test.target, env, []string{"SCRIPT_NAME=" + test.script, "PATH_INFO=" + test.info, "PATH_TRANSLATED=" + test.script + test.info})
	}
}

// TestUniqueIDs: ids are distinct, however many goroutines ask and however fast.
func TestUniqueIDs(t *testing.T) {
	var ids uniqueIDs
	const each = 2000
	found := make(chan []string)
	for range 4 {
		go func() {
			var mine []string
			for range each {
				mine = append(mine, ids.Next())
			}
			found <- mine
		}()
	}
	var all []string
	for range 4 {
		all = append(all, <-found...)
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 4*each {
		t.Errorf("%d of %d ids are distinct", n, 4*each)
	}
}

// TestLoggedEnvironment: what proves who somebody is stays out of the log, whoever sees it.
func TestLoggedEnvironment(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]string{
		"HTTP_AUTHORIZATION=Bearer secret":        "HTTP_AUTHORIZATION=...",
		"HTTP_PROXY_AUTHORIZATION=Basic secret":   "HTTP_PROXY_AUTHORIZATION=...",
		"HTTP_COOKIE=a=secret":                    "HTTP_COOKIE=...",
		"HTTP_X_API_KEY=secret":                   "HTTP_X_API_KEY=...",
		"QUERY_STRING=a=1&token=secret&b=2":       "QUERY_STRING=a=1&token=...&b=2",
		"QUERY_STRING=":                           "QUERY_STRING=",
		"QUERY_STRING=a?b":                        "QUERY_STRING=a?b",
		"REQUEST_URI=/p?token=secret":             "REQUEST_URI=/p?token=...",
		"HTTP_REFERER=http://a.com/?token=secret": "HTTP_REFERER=http://a.com/?token=...",
		"HTTP_USER_AGENT=token=kept":              "HTTP_USER_AGENT=token=kept",
		"PATH=/bin":                               "PATH=/bin",
		"odd":                                     "odd",
	} {
		var book strings.Builder
		log := slog.New(slog.NewTextHandler(&book, &slog.HandlerOptions{Level: logging.LevelDebug}))
		logEnvironment(log, []string{entry})
		if !strings.Contains(book.String(), want+"\"\n") && !strings.Contains(book.String(), want+"\" ") || strings.Contains(book.String(), "secret") {
			t.Errorf("%s is logged as %s, want %s", entry, book.String(), want)
		}
	}
}
