package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// connecting returns what args of websocketd connect ask for, or what is wrong with them.
func connecting(args ...string) (p *connectParser, address, wrong string) {
	p = newConnectParser()
	address, _, r := p.parse(args)
	if r != nil {
		return p, address, r.message
	}
	return p, address, ""
}

func TestConnectAddress(t *testing.T) {
	for given, want := range map[string]string{
		"ws://host/path?q":      "ws://host/path?q",
		"wss://host:8443":       "wss://host:8443",
		"http://host/":          "ws://host/",
		"https://host/":         "wss://host/",
		"WS://host":             "ws://host",
		"host":                  "ws://host",
		"host:8080/a/b":         "ws://host:8080/a/b",
		":8080":                 "ws://localhost:8080",
		":8080/x?after=1":       "ws://localhost:8080/x?after=1",
		"/x":                    "ws://localhost/x",
		"h/a b?c d":             "ws://h/a%20b?c%20d",
		"ws:8080":               "ws://ws:8080", // a host of that name
		"[::1]:8080":            "ws://[::1]:8080",
		"ws://name:secret@host": "ws://name:secret@host",
	} {
		if _, got, wrong := connecting(given); got != want || wrong != "" {
			t.Errorf("%s is %s, want %s %s", given, got, want, wrong)
		}
	}
	if _, got, wrong := connecting(""); wrong != "the URL is empty: write ws://HOST:PORT/PATH" {
		t.Errorf("an empty URL: %s %s", got, wrong)
	}
	if _, _, wrong := connecting("h", "-H", "A: b\nC: d"); !strings.Contains(wrong, "has a newline in it") {
		t.Errorf("a header of two lines: %s", wrong)
	}
	if _, got, wrong := connecting("--unixsocket=/s"); got != "ws://localhost" || wrong != "" {
		t.Errorf("without a URL: %s %s", got, wrong)
	}
}

// TestConnectRefuses: bad usage is one line that names the flag and the way out, exit
// status 2.
func TestConnectRefuses(t *testing.T) {
	served := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(served, []byte("# of a server\nada:0123456789abcdef\nbob:0123456789abcdeg\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ args, want string }{
		{"", "please specify the URL to connect to: websocketd connect ws://HOST:PORT/PATH"},
		{"ws://a ws://b", `one URL is enough, and there is also "ws://b"`},
		{"-- ws://a --binary", `one URL is enough, and there is also "--binary"`},
		{"ftp://a", `"ftp://a" cannot be connected to`},
		{"ws://", `"ws://" has no host`},
		{"ws://a:99999", `"ws://a:99999" has no port of TCP: it must be from 1 to 65535`},
		{":0", `":0" has no port of TCP`},
		{"ws:/a/", `"ws:/a/" lacks a slash or two: write ws://HOST:PORT/PATH`},
		{"wss:a", `"wss:a" lacks a slash or two: write wss://HOST:PORT/PATH`},
		{"ws://a:b", `"ws://a:b" is no URL: invalid port ":b" after host`},
		{"--pow= ws://a", `invalid value "" for flag --pow: is empty; it must be the name of a program`},
		{"--pow", "flag needs an argument: --pow=NAME"},
		{"--pow=x", "please specify the URL to connect to"},
		{"--pow=x -- :8080 2", "please specify the URL to connect to before --: what comes after it are parameters of the call"},
		{"--pow=x ws://a -l", "flag provided but not defined: -l; a parameter of the call that begins with - stands after --"},
		{"--pow=x ws://a --framing=raw", "please only specify one of --pow and --framing: the input and the output of a call are passed on as they are"},
		{"--resume --pow=x ws://a", "please only specify one of --pow and --resume: a call ends with its connection"},
		{"--pow=x ws://a --eofwait=1s", "please only specify one of --pow and --eofwait: a call says that its input has ended"},
		{"--pow=x ws://a --protocol=b", "please only specify one of --pow and --protocol: a call is made in pow-1"},
		{"--nosuch ws://a", "flag provided but not defined: --nosuch"},
		{"--cacert=x ws://a", "did you mean --ca?"},
		{"-n ws://a", "did you mean --insecure?"},
		{"-s ws://a", "did you mean --protocol?"},
		{"--framing=xml ws://a", `invalid value "xml" for flag --framing: must be one of line, raw, null, length, lsp, ndjson`},
		{"--header=x ws://a", `invalid value "x" for flag --header: must be NAME:VALUE`},
		{"-H Upgrade:x ws://a", `for flag --header: belongs to the handshake`},
		{"-H sec-websocket-protocol:x ws://a", "name the subprotocols there"},
		{"--eofwait=5 ws://a", `for flag --eofwait: has no unit: write 5s for seconds`},
		{"--eofwait=soon ws://a", `for flag --eofwait: not a time`},
		{"--user=x ws://a", `for flag --user: must be NAME:PASSWORD`},
		{"--origin=example.com ws://a", `for flag --origin: must have a scheme`},
		{"--binary --framing=null ws://a", "please only specify one of --binary and --framing=null"},
		{"--binary --newlines=escape ws://a", "please only specify one of --newlines and --binary"},
		{"--framing=raw --newlines=escape ws://a", "please only specify one of --newlines and --framing=raw"},
		{"--maxframesize=1M ws://a", "--maxframesize is for --resume and --framing=length, lsp and ndjson"},
		{"--key=x wss://a", "please specify --cert when requesting --key"},
		{"--ca=x --insecure wss://a", "please only specify one of --insecure and --ca"},
		{"-k ws://a", "--ca, --cert, --key and --insecure are about TLS: write wss:// in place of ws://"},
		{"--ca=/no/such wss://a", "--ca: open /no/such: no such file or directory"},
		{"--cert=/no/such wss://a", "--cert=/no/such --key=/no/such: open /no/such: no such file or directory"},
		{"--tokenfile=/no/such ws://a", "--tokenfile=/no/such: open /no/such: no such file or directory"},
		{"--tokenfile=/dev/null ws://a", "is not a regular file"},
		{"--tokenfile=connect_test.go ws://a", "--tokenfile=connect_test.go: the file must have one token, and nothing else"},
		{"--tokenfile= ws://a", `invalid value "" for flag --tokenfile: is empty; it must be the name of a file with a token`},
		{"--tokenfile=" + served + " ws://a", "--tokenfile=" + served + ": the file has lines as that of a server has, USER:TOKEN: the file of a client must have the token alone"},
		{"--tokenfile=x --user=a:b ws://a", "please only specify one of --tokenfile and --user"},
		{"--tokenfile=x -H authorization:b ws://a", "please only specify one of --tokenfile and --header=Authorization"},
		{"--header=@/no/such ws://a", "--header=@/no/such: open /no/such: no such file or directory"},
	} {
		status, stdout, stderr := invoke(nil, append([]string{"connect"}, strings.Fields(test.args)...)...)
		if line, _, _ := strings.Cut(stderr, "\n"); status != ExitFlags || stdout != "" || !strings.Contains(line, test.want) {
			t.Errorf("%s: exit status %d, %q %q, want %q", test.args, status, stdout, stderr, test.want)
		}
	}
}

// TestConnectHintsOnce: a flag that is meant is not taken for a parameter.
func TestConnectHintsOnce(t *testing.T) {
	if _, _, wrong := connecting("--pow=x", "ws://a", "--cacert=y"); wrong != "flag provided but not defined: --cacert; did you mean --ca?" {
		t.Error(wrong)
	}
}

// TestConnectOptions: flags may come before and after the URL, and all take effect.
func TestConnectOptions(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("Authorization: Bearer x\n\nX-B: c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, address, wrong := connecting("-H", "X-A: b", "wss://h/", "--header=@"+secret, "--origin=https://o", "--protocol=a,b",
		"-k", "--framing=ndjson", "--maxline=2M", "--maxframesize=3M", "--resume", "--eofwait", "0s", "--pingms=500")
	o, err := p.options(address)
	if err != nil || wrong != "" {
		t.Fatal(err, wrong)
	}
	h := o.Header
	if h.Get("X-A") != "b" || h.Get("X-B") != "c" || h.Get("Authorization") != "Bearer x" || h.Get("Origin") != "https://o" {
		t.Errorf("header %v", h)
	}
	if !slices.Equal(o.Protocols, []string{"a", "b"}) || !o.TLS.InsecureSkipVerify || !o.Resume || o.EOFWait != 0 || o.PingInterval != 500*time.Millisecond {
		t.Errorf("%+v", o)
	}
	if o.Stream.Framing != "ndjson" || o.Stream.MaxLine != 2<<20 || o.MaxMessage != 3<<20 {
		t.Errorf("%+v", o)
	}
	p, address, _ = connecting("h", "--user=a:b:c", "--binary")
	if o, err = p.options(address); err != nil {
		t.Fatal(err)
	}
	if o.Header.Get("Authorization") != "Basic YTpiOmM=" || o.MaxMessage >= 0 || !o.Stream.Binary || o.TLS != nil || o.EOFWait >= 0 {
		t.Errorf("%+v", o)
	}
	if p, _, _ := connecting("h", "--eofwait=1m"); time.Duration(p.End.Eofwait) != time.Minute {
		t.Errorf("%+v", p.End)
	}
}

// TestConnectCalls: with --pow what follows the URL are parameters, and what follows "--" is
// nothing else.
func TestConnectCalls(t *testing.T) {
	for _, test := range []struct {
		args, address string
		params        []string
	}{
		{"--pow=x ws://a", "ws://a", nil},
		{"--pow x ws://a b c", "ws://a", []string{"b", "c"}},
		{"ws://a b --pow=x --pingms=5 c", "ws://a", []string{"b", "c"}},
		{"ws://a b --pow=x -- --pingms=5 -- c", "ws://a", []string{"b", "--pingms=5", "--", "c"}},
		{"--pow=x --unixsocket=/s -- b", "ws://localhost", []string{"b"}},
		{"--pow=x --unixsocket=/s /p b", "ws://localhost/p", []string{"b"}},
		{"--pow=x --unixsocket=/s", "ws://localhost", nil},
		{"--pow=x --unixsocket=/s 2", "ws://localhost", []string{"2"}},
		{"--pow=x --unixsocket=/s a:b c", "ws://localhost", []string{"a:b", "c"}},
		{"--pow=x --unixsocket=/s -- /p :1", "ws://localhost", []string{"/p", ":1"}},
		{"--pow=x --unixsocket=/s :1 2", "ws://localhost:1", []string{"2"}},
		{"--pow=x --unixsocket=/s h:80/p 2", "ws://h:80/p", []string{"2"}},
		{"--pow=x --unixsocket=/s wss://h 2", "wss://h", []string{"2"}},
		{"--unixsocket=/s --pow=x 2 :1", "ws://localhost", []string{"2", ":1"}},
	} {
		p, address, wrong := connecting(strings.Fields(test.args)...)
		o, err := p.options(address)
		if wrong != "" || err != nil || o.URL != test.address || o.Pow != "x" || !slices.Equal(o.Params, test.params) {
			t.Errorf("%s: %q at %s, want %q at %s; %s", test.args, o.Params, o.URL, test.params, test.address, wrong)
		}
	}
}

// TestConnectHelp: there is one help, however it is asked for.
func TestConnectHelp(t *testing.T) {
	for _, args := range [][]string{{"connect", "--help"}, {"connect", "-h"}, {"connect", "ws://a", "--binary", "-?"}, {"help", "connect"}} {
		status, stdout, stderr := invoke(nil, args...)
		if status != ExitOK || stderr != "" || !strings.Contains(stdout, "websocketd connect [options] URL") {
			t.Fatalf("%s: exit status %d, stderr %q", args, status, stderr)
		}
		for _, f := range ConnectFlags() {
			if !strings.Contains(stdout, "  --"+f.Name) || f.Help == "" || f.Group == "" || f.Env != "" {
				t.Errorf("--%s is not described well: %+v", f.Name, f)
			}
		}
		for line := range strings.Lines(stdout) {
			if len(strings.TrimSuffix(line, "\n")) > helpWidth {
				t.Errorf("line over %d bytes: %s", helpWidth, line)
			}
		}
	}
}

// TestConnectFlags pins the names and kinds, which are a promise to users.
func TestConnectFlags(t *testing.T) {
	want := "pow:string protocol:names header:list origin:string user:string tokenfile:string unixsocket:string ca:string cert:string key:string insecure:bool " +
		"framing:choice newlines:choice binary:bool maxline:size maxframesize:size pingms:uint resume:bool eofwait:time help:bool"
	var got []string
	for _, f := range ConnectFlags() {
		got = append(got, f.Name+":"+string(f.Kind))
	}
	if !slices.Equal(got, strings.Fields(want)) {
		t.Errorf("flags\n%s, want\n%s", strings.Join(got, " "), want)
	}
}

// TestConnectIsReserved: only the first word is, and a program of that name runs by its
// path.
func TestConnectIsReserved(t *testing.T) {
	for _, args := range [][]string{{"./connect"}, {"--", "connect"}, {"--port=1", "connect"}} {
		_, _, stderr := invoke(nil, args...)
		if strings.Contains(stderr, "URL") {
			t.Errorf("%s is a client: %s", args, stderr)
		}
	}
}
