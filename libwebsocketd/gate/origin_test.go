package gate

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"websocketd/libwebsocketd/internal/text"
)

// none stands for no Origin header in the tables; listed blank-separated.
const none = "-"

func request(origin, host string, secure bool) *http.Request {
	r := &http.Request{Host: host, Header: http.Header{}}
	if origin != none {
		r.Header.Set("Origin", origin)
	}
	if secure {
		r.TLS = &tls.ConnectionState{}
	}
	return r
}

// TestOriginList lists what each --origin lets in and keeps out. Host does not
// matter; for this one the default rule would accept nothing.
func TestOriginList(t *testing.T) {
	for _, c := range []struct{ list, in, out string }{
		{ // a name: any port, any scheme
			list: "a.com",
			in: "http://a.com https://a.com ftp://a.com ws://a.com http://a.com:80 http://a.com:8080 https://a.com:443 http://A.COM HTTP://a.com " +
				"http://a.com: http://a.com/ http://a.com/x?y http://evil@a.com http://u:p@a.com:1 http://b.com@a.com",
			out: "http://sub.a.com http://a.com.evil.com http://aa.com http://a.com. http://a.co http://a.com@b.com http://a.com:80@b.com " +
				"http://b.com/a.com http://b.com?a.com http://b.com#a.com http://a.com#b.com a.com a.com:80 //a.com /a.com a.com://b.com http:a.com http:/a.com " +
				"http:// http://:80 http://a.com:x http://a.com:80:80 http://a.com,b.com http://a.com\\b.com http://a.com\\@b.com http://a%2ecom " +
				"http://a.com%00 http://[a.com] http://b.com null - file:// file: * http://[::1] http://\u0430.com",
		},
		{list: "https://a.com", in: "https://a.com https://a.com:443 https://a.com:8443 HTTPS://A.com", out: "http://a.com http://a.com:443 wss://a.com xhttps://a.com -"},
		{list: "a.com:80", in: "http://a.com http://a.com:80 ftp://a.com https://a.com:80", out: "https://a.com http://a.com:8080 http://a.com: http://a.com:080 -"},
		{list: "a.com:443", in: "https://a.com https://a.com:443 http://a.com:443", out: "http://a.com wss://a.com"},
		{list: "a.com:8080", in: "http://a.com:8080 https://a.com:8080", out: "http://a.com https://a.com http://a.com:80 http://a.com:808 http://a.com:80800"},
		{list: "https://a.com:443", in: "https://a.com https://a.com:443", out: "http://a.com:443 https://a.com:80"},
		{list: "http://a.com:80", in: "http://a.com http://a.com:80", out: "https://a.com:80 https://a.com"},
		{list: "a.com:", in: "http://a.com:", out: "http://a.com http://a.com:80"},
		{ // the third entry follows a blank
			list: "b.com:3000,https://c.com, d.com:80",
			in:   "http://b.com:3000 https://b.com:3000 https://c.com http://d.com http://d.com:80",
			out:  "http://b.com http://c.com https://d.com",
		},
		{list: "A.com", in: "http://a.com http://A.COM:1", out: "http://b.com"},
		{list: " a.com\t", in: "http://a.com", out: "http://b.com"},
		{ // names below one, at any depth
			list: "*.a.com", in: "http://x.a.com https://x.y.A.com:8080 ftp://x.a.com", out: "http://a.com http://*.a.com http://xa.com http://.a.com http://x.a.com. http://x.a.com.evil.com http://a.com@x.evil.com null -",
		},
		{list: "https://*.a.com:8443", in: "https://x.a.com:8443", out: "https://x.a.com http://x.a.com:8443 https://a.com:8443"},
		{list: "*.a.com:443", in: "https://x.a.com http://x.a.com:443", out: "http://x.a.com"},
		{list: "*.*.a.com,*a.com,x.*.com,*.,*.1.2.3.4,*.[::1],*:80,http://*", out: "http://x.y.a.com http://x.a.com http://xa.com http://x.b.com http://x. http://x.1.2.3.4 http://[::1] http://x:80 http://a.com"},
		{ // any port
			list: "a.com:*,https://b.com:*,[::1]:*,*.c.com:*", in: "http://a.com http://a.com:1 https://b.com:8443 http://[::1]:99 http://x.c.com:1", out: "http://b.com http://x.a.com http://c.com",
		},
		{list: "a.com/", in: "http://a.com http://a.com/", out: "http://b.com"},
		{list: "http://a.com:3000/", in: "http://a.com:3000", out: "http://a.com https://a.com:3000"},
		{list: "http://a.com//", out: "http://a.com http://a.com//"},
		{list: "http://a.com/x", out: "http://a.com http://a.com/x"},
		{list: "u@a.com,http://u@b.com", out: "http://a.com http://u@a.com http://b.com http://u@b.com"},
		{list: "a.com:x,a.com:80:80,:80,://a.com,http://,//a.com", out: "http://a.com http://a.com:80 http:// http://:80 - file:// null"},
		{list: "a.com.", in: "http://a.com. http://A.com.:80", out: "http://a.com"},
		{list: "null", in: "null NULL", out: "- file:// http://a.com http://null nul nulll"},
		{list: "Null", in: "null", out: "-"},
		{list: "http://null", in: "http://null", out: "null -"},
		{list: "file://", in: "- file:// file: FILE:// file:///x file:///C:/x", out: "null http://a.com file://a.com files:// http:// file://:80 file:///%zz"},
		{list: "FILE://", in: "- file://", out: "null"},
		{list: "file://a.com", in: "file://a.com", out: "file:// - http://a.com"},
		{list: "file:", out: "- file: file://"},
		{list: "chrome-extension://abcdef", in: "chrome-extension://abcdef", out: "http://abcdef moz-extension://abcdef"},
		{list: "app://-", in: "app://-", out: "app://--"},
		{list: "127.0.0.1", in: "http://127.0.0.1 http://127.0.0.1:99", out: "http://127.1 http://localhost http://[::ffff:127.0.0.1]"},
		{list: "[::1]", in: "http://[::1] http://[::1]:80 http://[::1]:8080 https://[0:0::1]:443 http://[::0.0.0.1]", out: "http://[::2] http://::1 http://[::1%25lo] http://[::1 http://[::1]x"},
		{list: "::1", in: "http://[::1] http://[::1]:9", out: "http://[::2]"},
		{list: "[::1]:80", in: "http://[::1] http://[::1]:80", out: "https://[::1] http://[::1]:8080"},
		{list: "https://[2001:DB8::A]", in: "https://[2001:db8::a] https://[2001:db8:0::A]:1", out: "http://[2001:db8::a]"},
		{list: "[::1%lo]", out: "http://[::1] http://[::1%25lo]"},
		{list: "bücher.de,\u212Aelvin", out: "http://bücher.de http://b%C3%BCcher.de http://\u212Aelvin http://kelvin"},
		{list: "\u212Aapp://x", out: "kapp://x"},
		{list: "*", in: "http://a.com null - file:// a.com garbage%zz \x01 http://u@[:: * a,b"},
		{list: " * ", in: "http://a.com null -"},
		{list: "a.com,*", in: "http://a.com http://b.com null - garbage%zz"},
		{list: "a.com,null,file://", in: "http://a.com null - file://", out: "http://b.com http://null"},
	} {
		t.Run(c.list, func(t *testing.T) {
			o := NewOrigins(listed(c.list), false)
			checkOrigins(t, o, c.in, c.out, "other.example", false)
		})
	}
}

// checkOrigins checks the blank-separated origins of in and out.
func checkOrigins(t *testing.T, o *Origins, in, out, host string, secure bool) {
	t.Helper()
	for _, origin := range strings.Fields(in) {
		if r := o.Check(request(origin, host, secure)); r != nil {
			t.Errorf("Host %q, Origin %q refused: %s", host, origin, r.Reason)
		}
	}
	for _, origin := range strings.Fields(out) {
		if o.Check(request(origin, host, secure)) == nil {
			t.Errorf("Host %q, Origin %q let in", host, origin)
		}
	}
}

func TestOriginDefaultRule(t *testing.T) {
	for _, c := range []struct{ host, in, out string }{
		{
			host: "a.com:8080",
			in:   "- http://a.com https://a.com http://a.com:1 http://A.com http://a.com. ftp://a.com http://u@a.com http://a.com/x",
			out: "null NULL file:// file: http://b.com http://x.a.com http://a.com.. http://a.com@b.com a.com * http:// http://a.com:x " +
				"http://a.com%00 http://a.com.evil.com",
		},
		{host: "A.COM.", in: "http://a.com http://a.com.", out: "http://b.com"},
		{host: "localhost", in: "http://localhost:3000 http://127.0.0.1 http://[::1]:99 http://localhost.", out: "http://127.0.0.2 http://evil.localhost http://[::ffff:127.0.0.1] http://localhost.evil.com http://0.0.0.0"},
		{host: "127.0.0.1", in: "http://127.0.0.1:3000 http://localhost https://[::1]", out: "http://127.1 http://127.0.0.2"},
		{host: "[::1]:80", in: "http://[::1] http://[0::1]:99 http://localhost", out: "http://[::2] http://localhost.localdomain"},
		{host: "::1", in: "http://[::1]", out: "http://::1"},
		{host: "", in: "-", out: "file:// file: http:// null"},
		{host: "null", in: "http://null", out: "null"},
		{host: "u@a.com", in: "-", out: "http://a.com http://u@a.com"},
		{host: ".", in: "-", out: "http://. http://.."},
		{host: "*", in: "-", out: "* http://*"},
	} {
		checkOrigins(t, NewOrigins(nil, false), c.in, c.out, c.host, false)
		checkOrigins(t, NewOrigins([]string{"", " \t"}, false), c.in, c.out, c.host, true)
		checkOrigins(t, new(Origins), c.in, c.out, c.host, true)
	}
}

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		host    string
		secure  bool
		in, out string
	}{
		{
			host: "h:8080",
			in:   "http://h:8080 https://h:8080 HTTP://H:8080 http://u@h:8080 http://h:8080/x",
			out:  "http://h https://h http://h:80 http://h.:8080 http://x.h:8080 http://h:08080 - null file:// file: h:8080 garbage%zz",
		},
		{host: "H", in: "http://h http://h:80 https://h:80 ws://h", out: "https://h http://h:443 http://h: http://h."},
		{host: "h", secure: true, in: "https://h https://h:443 http://h:443", out: "http://h http://h:80 wss://h"},
		{host: "h:80", secure: true, in: "http://h https://h:80", out: "https://h"},
		{host: "h:443", in: "https://h", out: "http://h"},
		{host: "h.", in: "http://h.", out: "http://h"},
		{host: "h:", in: "http://h:", out: "http://h http://h:80"},
		{host: "localhost:8080", in: "http://127.0.0.1:8080 http://[::1]:8080", out: "http://127.0.0.1 http://127.0.0.1:80 http://127.0.0.2:8080 http://localhost.:8080"},
		{host: "127.0.0.2", in: "http://127.0.0.2", out: "http://localhost http://127.0.0.1"},
		{host: "[::1]:80", in: "http://[::1] http://[::1]:80 http://[0::1] http://localhost", out: "https://[::1] http://[::1]:81"},
		{host: "[::1]", in: "http://[::1] http://[::1]:80", out: "http://[::1]:8080"},
		{host: "::1", in: "http://[::1]", out: "https://[::1]"},
		{host: "", out: "- null file:// http:// http://:80"},
		{host: "u@h", out: "http://h http://u@h"},
	} {
		checkOrigins(t, NewOrigins(nil, true), c.in, c.out, c.host, c.secure)
		checkOrigins(t, NewOrigins([]string{" "}, true), c.in, c.out, c.host, c.secure)
		checkOrigins(t, NewOrigins([]string{"*"}, true), c.in, c.out, c.host, c.secure)
	}
}

func TestBothFlags(t *testing.T) {
	checkOrigins(t, NewOrigins(listed("a.com,null,file://"), true), "http://a.com", "http://a.com:81 http://b.com null - file://", "a.com", false)
	checkOrigins(t, NewOrigins(listed("a.com"), true), "", "http://a.com http://b.com - null", "b.com", false)
	checkOrigins(t, NewOrigins(listed("https://a.com"), true), "https://a.com:80", "http://a.com", "a.com", false)
}

func TestSeveralOriginHeaders(t *testing.T) {
	for _, c := range []struct {
		values []string
		in     bool
	}{
		{[]string{""}, true},
		{[]string{"", ""}, false},
		{[]string{"", "http://evil.example"}, false},
		{[]string{"http://a.com", "http://a.com"}, false},
		{[]string{"http://a.com/", "http://evil.example"}, false},
		{[]string{"file:", "http://evil.example"}, false},
	} {
		r := &http.Request{Host: "a.com", Header: http.Header{"Origin": c.values}}
		for _, o := range []*Origins{NewOrigins(nil, false), NewOrigins(listed("a.com,file://,null"), false)} {
			if got := o.Check(r); got == nil != c.in {
				t.Errorf("Origin %q: %v, want let in: %v", c.values, got, c.in)
			}
		}
		if NewOrigins(listed("*"), false).Check(r) != nil {
			t.Errorf("Origin %q refused by --origin=*", c.values)
		}
	}
}

func TestOriginRefusal(t *testing.T) {
	const evil = "http://evil.example"
	for _, c := range []struct {
		list       string
		sameOrigin bool
		origin     string
		want       string
	}{
		{"", false, evil, "Origin http://evil.example is not allowed here: start the server with --origin=evil.example to allow it"},
		{"", false, "https://Evil.example:8443/x", "Origin https://Evil.example:8443/x is not allowed here: start the server with --origin=evil.example to allow it"},
		{"", false, "http://[0::1]:80", "Origin http://[0::1]:80 is not allowed here: start the server with --origin=[::1] to allow it"},
		{"", false, "null", "Origin null is not allowed here: start the server with --origin=null to allow it"},
		{"", false, "http://null:80", "Origin http://null:80 is not allowed here: start the server with --origin=http://null to allow it"},
		{"", false, "file://", "Origin file:// is not allowed here: start the server with --origin=file:// to allow it"},
		{"", false, "evil", "Origin evil is not allowed here: start the server with --origin=* to allow it"},
		{"", false, "a\x1b[2J\r\nb\u202e", `Origin a\x1b[2J\r\nb\u202e is not allowed here: start the server with --origin=* to allow it`},
		{"a.com", false, evil, "Origin http://evil.example is not allowed here: add evil.example to --origin to allow it"},
		{"a.com", false, none, "A request without Origin is not allowed here: add file:// to --origin to allow it"},
		{"", true, evil, "Origin http://evil.example is not allowed here: start the server with --origin=evil.example instead of --sameorigin to allow it"},
		{"", true, none, "A request without Origin is not allowed here: start the server with --origin=file:// instead of --sameorigin to allow it"},
		{"a.com", true, evil, "Origin http://evil.example is not allowed here, where --sameorigin and --origin must both let it in: start the server with --origin=evil.example instead of --sameorigin to allow it"},
		{"a.com", true, "http://h", "Origin http://h is not allowed here, where --sameorigin and --origin must both let it in: add h to --origin to allow it"},
	} {
		r := NewOrigins(listed(c.list), c.sameOrigin).Check(request(c.origin, "h", false))
		if r == nil || r.Status != 403 || r.Reason != c.want || r.RetryAfter != 0 {
			t.Errorf("--origin=%s, sameOrigin %v, Origin %q: %+v, want 403 %s", c.list, c.sameOrigin, c.origin, r, c.want)
		}
	}
	if r := NewOrigins(nil, false).Check(request("http://"+strings.Repeat("a", 1<<20), "h", false)); r == nil || len(r.Reason) > 400 {
		t.Errorf("an endless Origin: %.500v", r)
	}
}

func TestOriginForTheLog(t *testing.T) {
	for origin, want := range map[string]string{
		none: "file:", "": "file:", "file://": "file:", "file:": "file:", "file:///x": "file:",
		"null": "null", "NULL": "null",
		"http://a.com": "http://a.com", "HTTPS://A.com:443/x?y": "https://a.com:443", "http://u:p@a.com": "http://a.com",
		"http://[0::1]:80": "http://[::1]:80", "http://a.com:": "http://a.com:", "http://a.com.": "http://a.com.",
		"file://host": "file://host", "chrome-extension://abc": "chrome-extension://abc",
		"a.com": "a.com", "x'\n": `x'\n`, "http://b\u00fc.de": `http://b\u00fc.de`,
		"http://a.com:" + strings.Repeat("0", 300): "http://a.com:" + strings.Repeat("0", text.MaxQuote-len("http://a.com:")) + "...",
	} {
		if got := Origin(request(origin, "h", false)); got != want {
			t.Errorf("Origin(%q) = %q, want %q", origin, got, want)
		}
	}
	if got := Origin(&http.Request{}); got != "file:" {
		t.Errorf("without any header: %q", got)
	}
	two := &http.Request{Header: http.Header{"Origin": {"http://a.com", "http://b.com"}}}
	if got := Origin(two); got != "http://a.com, http://b.com" {
		t.Errorf("two origins: %q", got)
	}
}
