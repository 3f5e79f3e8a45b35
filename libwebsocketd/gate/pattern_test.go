package gate

import (
	"strings"
	"testing"
)

// An entry that can match nothing is refused, with the form that does where there is
// one.
func TestCheckEntries(t *testing.T) {
	for _, c := range []struct{ entry, origin, host string }{ // "": taken, else what the error has
		{"", "", ""},
		{" ", "", ""},
		{"*", "", ""},
		{"null", "", ""},
		{"file://", "", "a scheme"},
		{"localhost:3000", "", ""},
		{" *.Example.com ", "", ""},
		{"*.example.com:8443", "", ""},
		{"example.com:*", "", ""},
		{"[::1]:*", "", ""},
		{"::1", "", ""},
		{"a_b.c-d.", "", ""},
		{"http://localhost:3000/", "", "write localhost:3000"},
		{"chrome-extension://abcdef", "", "write abcdef"},
		{"a.com/", "", ""},
		{"http://localhost:3000/app", "a path, which an origin has not: write http://localhost:3000", "write localhost:3000"},
		{"a.com/x?y#z", "write a.com", "a path, which a host has not: write a.com"},
		{"https://a.com?x", "a query, which an origin has not: write https://a.com", "write a.com"},
		{"https://*.a.com:*#x", "a fragment, which an origin has not: write https://*.a.com:*", "write *.a.com:*"},
		{"http://ann:secret@a.com:80/x", "write http://a.com:80", "write a.com:80"},
		{"ann@a.com", "a user, which an origin has not: write a.com", "a user, which a host has not: write a.com"},
		{"file:///home/ann/x.html", "a path", "a scheme"},
		{"://a.com", "no scheme", "write a.com"},
		{"\u212Aapp://x", "no scheme", "write x"},
		{"http://", "write [SCHEME://]HOST[:PORT]", "a scheme"},
		{"a.com:", "a port that is none", "a port that is none"},
		{"a.com:65536", "a port that is none", "a port that is none"},
		{"a.com:080", "a port that is none", "a port that is none"},
		{"a.com:http", "write [SCHEME://]HOST[:PORT]", "write HOST"},
		{"a b", "write [SCHEME://]HOST[:PORT]", "write HOST"},
		{"x.*.com", "*.example.com", "*.example.com"},
		{"http://*", "*.example.com", "write *"},
		{"*.1.2.3.4", "*.example.com", "*.example.com"},
		{"https://bücher.de", "xn--", "a scheme"},
		{"bücher.de", "xn--", "xn--"},
		{"a\x1b[2J.com", `\x1b`, `\x1b`},
		{strings.Repeat("a", 1<<20), "...", "..."},
	} {
		for what, check := range map[string]struct {
			err  error
			says string
		}{"origin": {CheckOrigin(c.entry), c.origin}, "host": {CheckHost(c.entry), c.host}} {
			if err := check.err; (err == nil) != (check.says == "") || err != nil && (!strings.Contains(err.Error(), check.says) || !oneLine(err.Error(), 500)) {
				t.Errorf("%.80q as %s: %v, expected %q", c.entry, what, err, check.says)
			}
		}
	}
}

// FuzzEntry compares the check of an entry with its matching: an accepted entry can
// match, and what an error advises is accepted.
func FuzzEntry(f *testing.F) {
	for _, s := range originSeeds {
		f.Add(s.list)
	}
	f.Add("http://localhost:3000/app")
	f.Add("https://u@*.a.com:*/x")
	f.Fuzz(func(t *testing.T, entry string) {
		skipLong(t, entry)
		trimmed := strings.TrimSpace(entry)
		if err := CheckOrigin(entry); err == nil {
			if trimmed != "" && trimmed != "*" && parseEntry(trimmed).kind == unreadable {
				t.Errorf("%q is taken, and matches nothing", entry)
			}
		} else {
			checkSuggestion(t, err, CheckOrigin)
		}
		if err := CheckHost(entry); err == nil {
			if _, ok := parsePattern(trimmed); trimmed != "" && trimmed != "*" && !ok {
				t.Errorf("%q is taken as a host, and matches nothing", entry)
			}
		} else {
			checkSuggestion(t, err, CheckHost)
		}
	})
}

func checkSuggestion(t *testing.T, err error, check func(string) error) {
	_, suggestion, found := strings.Cut(err.Error(), " has not: write ")
	if found && check(suggestion) != nil {
		t.Errorf("the way out is none: %v: %v", err, check(suggestion))
	}
}
