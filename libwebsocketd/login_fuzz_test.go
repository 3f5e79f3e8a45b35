//go:build unix

package libwebsocketd

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// FuzzLocalPath reads what a page is led to after a login as a browser does, and as one does
// for which somebody on the way has decoded it.
func FuzzLocalPath(f *testing.F) {
	for _, to := range []string{
		"", "/", "/a.html?b=c&d#e", "a", "//evil.example", `/\evil.example`, `/%2Fevil.example/"`, `/%5cevil.example/"`, "/%2fevil.example",
		"/%252fevil.example/<", "/\t/evil.example", "/%09/evil.example/ ", "/;url=//evil.example", "/a?b=//c", "/./%2F/evil.example", "https://evil.example",
		"http:/evil.example", "/%zz", "/?\\", "/ä/%ff", "/[", "/%25%32%46x",
	} {
		f.Add(to)
	}
	f.Fuzz(func(t *testing.T, to string) {
		written, ok := localPath(to)
		if !ok {
			return
		}
		if shown := html.UnescapeString(html.EscapeString(written)); shown != written {
			t.Errorf("%q: %q is shown as %q", to, written, shown)
		}
		before, err := url.Parse(to)
		after, errAfter := url.Parse(written)
		if err != nil || errAfter != nil || to != "" && before.Path != after.Path || before.RawQuery != after.RawQuery || before.Fragment != after.Fragment {
			t.Errorf("%q became %q: %v", to, written, errAfter)
		}
		path, _, _ := strings.Cut(written, "?")
		path, _, _ = strings.Cut(path, "#")
		for {
			if leadsAway(path) {
				t.Fatalf("%q became %q, which leads away as %q", to, written, path)
			}
			decoded := oracleEscape.ReplaceAllStringFunc(path, func(s string) string {
				one, _ := url.PathUnescape(s)
				return one
			})
			if decoded == path {
				break
			}
			path = decoded
		}
	})
}

var (
	oracleEscape  = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	oracleIgnored = strings.NewReplacer("\t", "", "\r", "", "\n", "", `\`, "/")
)

// leadsAway reports whether a browser takes what it is led to for another host: the URL
// Standard's parser, up to the state in which a path or a host begins.
func leadsAway(to string) bool {
	to = oracleIgnored.Replace(strings.TrimFunc(to, func(c rune) bool { return c <= ' ' }))
	return !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")
}
