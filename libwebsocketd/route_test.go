package libwebsocketd

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"websocketd/libwebsocketd/internal/paths"
	"websocketd/libwebsocketd/internal/testkit"
)

// routing returns a server that starts nothing.
func routing(t testing.TB, cfg Config) *Server {
	t.Helper()
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	s := &Server{cfg: cfg}
	if err := s.furnishPrograms(); err != nil {
		t.Fatal(err)
	}
	return s
}

// at returns programs that are named after their paths.
func at(paths ...string) (programs []Program) {
	for _, p := range paths {
		programs = append(programs, Program{Name: "at " + p, Path: p, Command: []string{"/bin/cat"}})
	}
	return programs
}

// TestRoute checks the table of URLs, and which program serves each.
func TestRoute(t *testing.T) {
	t.Parallel()
	programs := append(at("/a", "/a/b", "/a/bc/d", "/a b/ä"), Program{Name: "named", Command: []string{"/bin/cat"}})
	for _, test := range []struct{ target, path, rest string }{
		{"/a", "/a", ""},
		{"/a?b", "/a", ""},
		{"/a/", "/a", "/"},
		{"/a/x/y/", "/a", "/x/y/"},
		{"/a/b", "/a/b", ""},
		{"/a/b/", "/a/b", "/"},
		{"/a/bc", "/a", "/bc"},
		{"/a/bc/d/e", "/a/bc/d", "/e"},
		{"/a/b/../bc/d", "/a/bc/d", ""},
		{"//a//b", "/a/b", ""},
		{"/a%2fb", "/a/b", ""},
		{"/a%20b/%c3%a4/x", "/a b/ä", "/x"},
		{"/named", "/named", ""},
		{"/", "", ""}, {"/ab", "", ""}, {"/A", "", ""}, {"/a/..", "", ""}, {"/name", "", ""}, {"/a%00", "", ""},
	} {
		alone := routing(t, Config{Programs: programs})
		beside := routing(t, Config{Programs: programs, Command: []string{"/bin/echo"}})
		r := asked{target: test.target}.request(t)
		to, refusal := alone.route(r)
		status := http.StatusOK
		if refusal != nil {
			status = refusal.Status
		}
		switch want := http.StatusOK; {
		case strings.Contains(test.target, "%00"):
			want = http.StatusBadRequest
			fallthrough
		case test.path == "":
			if want == http.StatusOK {
				want = http.StatusNotFound
			}
			if status != want {
				t.Errorf("%s: %d, want %d", test.target, status, want)
			}
		case status != want || to.scriptName != test.path || to.pathInfo != test.rest || to.program.Path != test.path:
			t.Errorf("%s: %d, SCRIPT_NAME %q, PATH_INFO %q", test.target, status, to.scriptName, to.pathInfo)
		}
		to, refusal = beside.route(r)
		if test.path == "" && refusal == nil && (to.program != beside.own || to.argv[0] != "/bin/echo" || to.scriptName != "/" || to.pathInfo != paths.Clean(r.URL.Path)) {
			t.Errorf("%s: what is left does not go to the Command but to %+v", test.target, to)
		}
		if test.path != "" && (refusal != nil || to.program.Path != test.path) {
			t.Errorf("%s: beside a Command: %v, %+v", test.target, refusal, to)
		}
	}
}

// FuzzRoute compares the routing with brute force: of all programs whose path is
// a whole number of segments of the URL's, the one with the most.
func FuzzRoute(f *testing.F) {
	f.Add("/a\n/a/b\n/ab", "/a/b/c")
	f.Add("/a\n/a/b\n/", "/a/../ab//")
	f.Add("/a b\n/ä", "/a%20b/%2e%2e/%c3%a4")
	f.Add("/x/y/z\n/x", "/x/y/zz?/x/y/z")
	f.Add("/", "/")
	f.Fuzz(func(t *testing.T, list, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		var paths []string
		for p := range strings.SplitSeq(list, "\n") {
			if p != "" && len(paths) < 20 {
				paths = append(paths, p)
			}
		}
		cfg := Config{Programs: at(paths...)}
		if err := cfg.Validate(); err != nil {
			return
		}
		// Near misses are what a stranger would try.
		near := []string{u.Path, u.Path + "/", u.Path + "/x", "/." + u.Path, u.Path + "/.."}
		for _, p := range paths {
			near = append(near, p, p+"/", p+"x", p+"/x", path.Dir(p), u.Path+p, p+u.Path)
		}
		s := routing(t, cfg)
		for _, p := range near {
			checkRoute(t, s, paths, p)
		}
	})
}

func checkRoute(t *testing.T, s *Server, paths []string, urlPath string) {
	t.Helper()
	to, refusal := s.route(&http.Request{URL: &url.URL{Path: urlPath}})
	wantName, wantInfo, status := oracleRoute(paths, urlPath)
	got := http.StatusOK
	if refusal != nil {
		got = refusal.Status
	} else if to.argv[0] != "/bin/cat" || to.program.Path != to.scriptName {
		t.Errorf("%q: runs %q of %q", urlPath, to.argv, to.program.Path)
	}
	if got != status || to.scriptName != wantName || to.pathInfo != wantInfo {
		t.Errorf("%q of %q: %d SCRIPT_NAME %q PATH_INFO %q\nthe oracle: %d SCRIPT_NAME %q PATH_INFO %q",
			urlPath, paths, got, to.scriptName, to.pathInfo, status, wantName, wantInfo)
	}
}

// oracleRoute tries every division of the path between two segments.
func oracleRoute(paths []string, urlPath string) (name, info string, status int) {
	if strings.Contains(urlPath, "\x00") {
		return "", "", http.StatusBadRequest
	}
	clean := testkit.OracleClean(urlPath)
	segments := strings.Split(clean, "/")[1:]
	for n := len(segments); n > 0; n-- {
		head := "/" + strings.Join(segments[:n], "/")
		for _, p := range paths {
			if p == head && p != "/" {
				return p, clean[len(head):], http.StatusOK
			}
		}
	}
	for _, p := range paths {
		if p == "/" {
			return "/", clean, http.StatusOK
		}
	}
	return "", "", http.StatusNotFound
}
