package libwebsocketd

import (
	"bufio"
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"

	"websocketd/libwebsocketd/internal/testkit"
)

// FuzzHeaderEnvironment compares the environment with the oracle for any request
// that a client could get through net/http, and holds it to what must be true of
// every environment.
func FuzzHeaderEnvironment(f *testing.F) {
	for _, s := range []struct{ target, host, headers, added string }{
		{"/", "a.com", "", ""},
		{"/a%2fb?x=1", "a.com:80", "X-A: 1\r\nX-A:  2 \r\nCookie: a\r\nCookie: b\r\nCookie:\r\n", "a\r\nb"},
		{"/a%0Ab%00", "[::1]", "Proxy: http://evil/\r\nX_A: evil\r\nX-A: good\r\nX.Dot: 1\r\n", "\n"},
		{"http://b.com:81/x?y#z", "[::1]:1", "LD-PRELOAD: x\r\nPath: x\r\nHTTP-PROXY: x\r\nhost: x\r\n", "\v x \u00a0"},
		{"/../x/.", "a:b:c", "Content-Length: 0\r\nContent-Type: x\r\nhttps: on\r\nX-A:\r\nX-A: 1\r\nX-A:\r\n", "() { :;};"},
		{"//x/", "", "X-A: 1\r\n 2\r\n\t3\r\n", " \r\n "},
		{"/?%0d%0aX: y", "a.com:", "SERVER-SOFTWARE: x\r\n-: y\r\n__: z\r\n", "ab"},
	} {
		for _, flags := range []byte{0, 1, 2, 0x43, 0x84, 0xc0} {
			f.Add(s.target, s.host, s.headers, s.added, flags)
		}
	}
	passed := map[string]string{"PASSED": "one", "SERVER_SOFTWARE": "mine", "HTTP_X_A": "ours", "HTTP_PROXY": "ours", "SERVER_PORT": "1", "HTTPS": "off"}
	for name, value := range passed {
		f.Setenv(name, value)
	}
	f.Fuzz(func(t *testing.T, target, host, headers, added string, flags byte) {
		a := asked{tls: flags&1 != 0, unix: flags&2 != 0}
		r := readRequest("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + headers + "\r\n\r\n")
		if r == nil {
			return // refused by net/http
		}
		shell := a.request(t)
		r.RemoteAddr, r.TLS = shell.RemoteAddr, shell.TLS
		r = r.WithContext(shell.Context())
		if added != "" && !strings.Contains(added, "\x00") {
			name := []string{"X-Added", "Cookie", "Proxy", "X_Added"}[flags>>6]
			r.Header[name] = []string{added, added} // by another handler in front of ours
		}
		cfg := Config{Command: []string{"/bin/cat"}, Settings: Settings{PassEnv: slices.Collect(maps.Keys(passed))}}
		if flags&4 != 0 {
			cfg.PassEnv = []string{}
		}
		checkEnvironment(t, r, cfg, a)
	})
}

// readRequest returns the request net/http would pass on, nil if it would refuse it.
func readRequest(head string) *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		return nil
	}
	control := func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }
	token := func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, c)
	}
	if strings.ContainsFunc(r.Host, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return nil
	}
	for name, lines := range r.Header {
		if name == "" || strings.ContainsFunc(name, token) || strings.ContainsFunc(strings.Join(lines, ""), control) {
			return nil
		}
	}
	return r
}

func checkEnvironment(t *testing.T, r *http.Request, cfg Config, a asked) {
	s := routing(t, cfg)
	to := route{scriptName: "/", pathInfo: "/p"}
	got := s.own.env.of(r, to, s.remoteOf(r), "17")
	if !strings.Contains(r.URL.Path, "\x00") { // such a request is refused
		checkEntries(t, got)
	}
	want := oracleEnvironment(r, cfg.PassEnv, a)
	for _, entry := range got {
		name, value, _ := strings.Cut(entry, "=")
		if wanted, ok := want[name]; !ok || wanted != value {
			t.Errorf("%s is %q, the oracle says %q (set: %v)", name, value, wanted, ok)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not there: %q", want)
	}
	if value, ok := lookup(got, "HTTP_PROXY"); ok && value != "ours" {
		t.Errorf("HTTP_PROXY=%s comes from a header", value)
	}
}

// checkEntries knows no rule of the environment, only what every environment
// obeys.
func checkEntries(t *testing.T, env []string) {
	t.Helper()
	names := make(map[string]bool)
	for _, entry := range env {
		name, value, ok := strings.Cut(entry, "=")
		switch {
		case !ok || name == "":
			t.Errorf("%q is not NAME=VALUE", entry)
		case names[name]:
			t.Errorf("%s is there twice", name)
		case strings.ContainsAny(entry, "\x00\r\n"):
			t.Errorf("%q is not one line", entry)
		case strings.TrimSpace(value) != value && !strings.ContainsAny(value, ",;"):
			t.Errorf("%q has blanks around it", entry)
		}
		names[name] = true
	}
}

// oracleEnvironment applies the rule in its plainest form, from the weakest source to the
// strongest.
func oracleEnvironment(r *http.Request, pass []string, a asked) map[string]string {
	env := map[string]string{"SERVER_SOFTWARE": "websocketd"}
	if slices.Contains(pass, "PASSED") {
		env["PASSED"] = "one"
		env["SERVER_SOFTWARE"] = "mine"
		env["HTTP_PROXY"] = "ours"
		env["HTTP_X_A"] = "ours"
	}
	env["REMOTE_ADDR"], env["REMOTE_PORT"] = "192.0.2.7", "4711"
	if a.unix {
		env["REMOTE_ADDR"], env["REMOTE_PORT"] = "unix-socket", ""
	}
	env["REMOTE_HOST"] = env["REMOTE_ADDR"]
	env["SERVER_NAME"], env["SERVER_PORT"] = oracleHostPort(r.Host, a.tls)
	if a.tls {
		env["HTTPS"] = "on"
	}
	env["SERVER_PROTOCOL"], env["GATEWAY_INTERFACE"], env["REQUEST_METHOD"] = "HTTP/1.1", "CGI/1.1", "GET"
	env["SCRIPT_NAME"], env["PATH_INFO"], env["UNIQUE_ID"] = "/", "/p", "17"
	env["PATH_TRANSLATED"] = oneTrimmedLine(testkit.OracleClean(r.URL.Path))
	env["QUERY_STRING"] = oneTrimmedLine(r.URL.RawQuery)
	env["REQUEST_URI"] = oneTrimmedLine(r.URL.RequestURI())
	for _, name := range []string{"AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "REMOTE_IDENT", "REMOTE_USER"} {
		env[name] = ""
	}
	if r.Host != "" {
		env["HTTP_HOST"] = r.Host
	}
	for name, lines := range r.Header {
		if name = strings.ToUpper(name); strings.Contains(name, "_") || name == "PROXY" {
			continue
		}
		all := oneTrimmedLine(lines[0])
		for _, line := range lines[1:] {
			if name == "COOKIE" {
				all += "; " + oneTrimmedLine(line)
			} else {
				all += ", " + oneTrimmedLine(line)
			}
		}
		env["HTTP_"+strings.Join(strings.Split(name, "-"), "_")] = all
	}
	return env
}

// oracleHostPort reads NAME, NAME:PORT, [IPV6] and [IPV6]:PORT by counting.
func oracleHostPort(host string, tls bool) (name, port string) {
	port = "80"
	if tls {
		port = "443"
	}
	colons := strings.Count(host, ":")
	inside := strings.HasPrefix(host, "[") && strings.Count(host, "[") == 1 && strings.Count(host, "]") == 1
	closing := strings.IndexByte(host, ']')
	switch {
	case host == "":
		return "", ""
	case colons == 0:
		return host, port
	case strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]"):
		return host, port
	case inside && closing+1 < len(host) && host[closing+1] == ':' && !strings.Contains(host[closing+2:], ":"):
		return host[1:closing], host[closing+2:]
	case colons == 1 && !strings.ContainsAny(host, "[]"):
		name, port, _ = strings.Cut(host, ":")
		return name, port
	}
	return "", ""
}

// oneTrimmedLine turns CR and LF into spaces, then trims.
func oneTrimmedLine(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == '\r' || b[i] == '\n' {
			b[i] = ' '
		}
	}
	return string(bytes.TrimFunc(b, unicode.IsSpace))
}
