package cli

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/pow"
	"websocketd/libwebsocketd/session"
)

const powTrue = "pow = true\n"

// TestParamsOfFile: what the keys params and result become.
func TestParamsOfFile(t *testing.T) {
	type params = libwebsocketd.Params
	for _, test := range []struct {
		keys   string
		params params
		result libwebsocketd.ResultMode
	}{
		{"", params{}, ""},
		{"params = []\n", params{Most: -1, Patterns: []string{}}, ""},
		{"params = [\"a+\", '\\d']\n", params{Least: 2, Most: 2, Patterns: []string{"a+", `\d`}}, ""},
		{"params = {}\n", params{}, ""},
		{"params = { least = 1 }\n", params{Least: 1}, ""},
		{"params = { most = 3 }\n", params{Most: 3}, ""},
		{"params = { most = 0 }\n", params{Most: -1}, ""},
		{"params = { least = 1, most = 0x3, patterns = [\"a\", \"b\"] }\n", params{Least: 1, Most: 3, Patterns: []string{"a", "b"}}, ""},
		{"params.least = +2\nparams.patterns = [\".*\"]\nresult = \"none\"\n", params{Least: 2, Patterns: []string{".*"}}, "none"},
		{"result = \"lastline-json\"\n", params{}, "lastline-json"},
	} {
		p := programOf(t, powTrue+catA+test.keys)
		if !reflect.DeepEqual(p.Params, test.params) || p.Result != test.result {
			t.Errorf("%q: %+v, %q", test.keys, p.Params, p.Result)
		}
	}
	if p := programOf(t, catA+"params = []\n", "--pow=/x"); p.Params.Most != -1 {
		t.Errorf("with --pow: %+v", p.Params)
	}
}

// TestCallFaults: what a file must not contain about calls by name.
func TestCallFaults(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		content string
		want    []string
	}{
		{powTrue + catA + "params = 1\n", []string{`4: params is a number, 1; write params = ["REGEXP"], or { least = 1, most = 3, patterns = ["REGEXP"] }`}},
		{powTrue + catA + "params = \"a\"\n", []string{`4: params is a string, "a"; write params = ["REGEXP"], or`}},
		{powTrue + catA + "params = [\"a\",\n1]\n", []string{`5: params is a number, 1; write params = ["REGEXP", "REGEXP"], all of it strings`}},
		{powTrue + catA + "params = [\"a\",\n\"[a\", \"a)\"]\n", []string{
			`5: params: the pattern "[a" is no regular expression: missing closing ]`,
			`5: params: the pattern "a)" is no regular expression: unexpected )`}},
		{powTrue + catA + "params = { least = \"1\" }\n", []string{`4: params.least is a string, "1"; write params.least = 1`}},
		{powTrue + catA + "params = { least = -1, most = 3000000000 }\n", []string{
			`4: params.least = -1: must be a number from 0 to 2147483647`, `4: params.most = 3000000000: must be a number from 0 to 2147483647`}},
		{powTrue + catA + "params = { least = 2, most = 1 }\n", []string{`4: params: least = 2 is more than most = 1`}},
		{powTrue + catA + "params = { least = 1, most = 0 }\n", []string{`4: params: least = 1 is more than most = 0`}},
		{powTrue + catA + "params = { most = 1, patterns = [\"a\", \"b\"] }\n", []string{
			`4: params: patterns has 2, more than most = 1; each is for one parameter, the last one for all that follow`}},
		{powTrue + catA + "params = { most = 0, patterns = [\"a\"] }\n", []string{`4: params: patterns has 1, more than most = 0`}},
		{powTrue + catA + "params = { mst = 1, pattern = [], x = 1 }\n", []string{
			`4: unknown key "mst" in params; did you mean "most"?`, `4: unknown key "pattern" in params; did you mean "patterns"?`,
			`4: unknown key "x" in params; the keys are least, most, patterns`}},
		{powTrue + catA + "params = { patterns = \"a\" }\n", []string{`4: params.patterns is a string, "a"; write params.patterns = ["REGEXP", "REGEXP"]`}},
		{powTrue + catA + "result = \"json\"\n", []string{`4: result = "json": must be one of none, lastline-json`}},
		{powTrue + catA + "result = true\n", []string{`4: result is true; write result = "none" or "lastline-json"`}},

		{"pow = \"true\"\n" + catA, []string{`1: pow is a string, "true"; write pow = true`}},
		{"pow = 1\n" + catA, []string{`1: pow is a number, 1; write pow = true`}},
		{"pow = \"0\"\n" + catA, []string{`1: pow is a string, "0"; write pow = false`}},
		{"pow = \"calls\"\n" + catA, []string{`1: pow = "calls": must be true, false, or a path that begins with a slash, like /pow/`}},
		{powTrue + "powexpiry = 60\npowlines = 10\n" + catA, []string{`2: powexpiry is a number, 60; write powexpiry = "60s"`, `3: powlines = 10: must be a number from 1000 to 1000000`}},
		{powTrue + "powexpiry = \"30s\"\n" + catA, []string{`2: powexpiry = "30s": must be at least 1m`}},

		// Without calls.
		{"powexpiry = \"2m\"\npowlines = 2000\n" + catA + "params = []\nresult = \"none\"\n", []string{
			`1: powexpiry is for calls by name; write pow = true, or take powexpiry out`,
			`2: powlines is for calls by name; write pow = true, or take powlines out`,
			`5: program a: params is for calls by name; write pow = true above the first [program.NAME], or take params out`,
			`6: program a: result is for calls by name; write pow = true above the first [program.NAME], or take result out`}},
		{"pow = false\npowlines = 2000\n" + catA, []string{`2: powlines is for calls by name; write pow = true, or take powlines out`}},
		{"pow = 1\npowlines = 2000\n" + catA + "params = []\n", []string{`1: pow is a number, 1; write pow = true`}}, // the rest is its consequence
		{catA + powTrue + "powlines = 1\n", []string{
			"3: pow is a global key, not one of program a: write it above the first [program.NAME]",
			"4: powlines is a global key, not one of program a: write it above the first [program.NAME]"}},
		{"params = []\nresult = \"none\"\n" + catA, []string{
			"1: params is a key of a program: write it below a line [program.NAME]", "2: result is a key of a program: write it below a line [program.NAME]"}},
		{powTrue + "staticdir = \"" + dir + "\"\n", []string{`1: pow is for programs with names; write [program.NAME], or dir = "DIR"`}},

		{powTrue + "once = true\n" + catA, []string{`2: once = true does not go with pow: a client may call any number of programs; take one of the two out`}},

		// Where they hide something.
		{powTrue + catA + "path = \"/pow\"\n" + catB + "path = \"/pow/b\"\n", []string{
			`4: path = "/pow" of program a is below /pow/, where --pow answers; give one of them another path`,
			`7: path = "/pow/b" of program b is below /pow/, where --pow answers; give one of them another path`}},
		{powTrue + "[program.pow]\ncommand = [\"cat\"]\n", []string{`2: path = "/pow" of program pow is below /pow/, where --pow answers; give one of them another path`}},
		{"pow = \"/\"\nstaticdir = \"" + dir + "\"\n" + catA, []string{`1: below pow = "/" nothing else is answered, and --staticdir is there; write pow = true, or another path`}},
	} {
		_, r := configured(t, test.content)
		var lines []string
		if r != nil {
			lines = strings.Split(r.message, "\n")
		}
		same := len(lines) == len(test.want)
		for i := 0; same && i < len(lines); i++ {
			same = strings.HasPrefix(lines[i], "f.toml:"+test.want[i])
		}
		if !same {
			t.Errorf("%q:\n%s\nwant\n%s", test.content, strings.Join(lines, "\n"), strings.Join(test.want, "\n"))
		}
	}
}

// TestCallsOfFile: what is no fault.
func TestCallsOfFile(t *testing.T) {
	for _, content := range []string{
		powTrue + catA,
		powTrue + "history = \"64K\"\nmaxsessions = 3\n" + catA,
		powTrue + catA + "path = \"/powder\"\n",
		"pow = \"/\"\n" + catA,
		"pow = \"/calls\"\n" + catA + "path = \"/pow\"\n",
		powTrue + "dir = \"/\"\nstaticdir = \"/\"\ncgidir = \"/\"\ncgipath = \"/cgi-bin\"\n",
		"pow = false\n" + catA,
	} {
		if _, r := configured(t, content); r != nil {
			t.Errorf("%q: %s", content, r.message)
		}
	}
}

// TestServeNamed: what the flags make of a Config, and the lines about it.
func TestServeNamed(t *testing.T) {
	sessions := session.NewRegistry(0)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hi"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want pow.Options
		says []string
	}{
		{nil, pow.Options{}, []string{"Starting WebSocket server   : ws://localhost:80/"}},
		{[]string{"--pow"}, pow.Options{Base: "/pow/", Expiry: time.Minute, Lines: 1000, History: 1 << 20}, []string{
			"Keeping calls over HTTP     : for 1m after the last request about one",
			"Starting WebSocket server   : ws://localhost:80/",
			"Serving calls by name       : ws://localhost:80/pow/, http://localhost:80/pow/docs/ tells how"}},
		{[]string{"--pow=/a/b", "--powexpiry=90m", "--powlines=2000", "--history=4K", "--sslcert=x"}, pow.Options{Base: "/a/b/", Expiry: 90 * time.Minute, Lines: 2000, History: 4096}, []string{
			"Keeping calls over HTTP     : for 1h30m after the last request about one",
			"Starting WebSocket server   : wss://localhost:80/",
			"Serving calls by name       : wss://localhost:80/a/b/, https://localhost:80/a/b/docs/ tells how"}},
		{[]string{"--pow=/"}, pow.Options{Base: "/", Expiry: time.Minute, Lines: 1000, History: 1 << 20}, []string{
			"Keeping calls over HTTP     : for 1m after the last request about one",
			"Starting WebSocket server   : ws://localhost:80/",
			"Serving calls by name       : ws://localhost:80/, http://localhost:80/docs/ tells how"}},
	} {
		p := newParser()
		line, err := scan(p.Model.Flags, append(test.args, "--dir="+dir))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.parse(line.settings); err != nil {
			t.Fatal(err)
		}
		w := &options{grammar: p.grammar, sessions: sessions, file: &configFile{}}
		cfg := w.config()
		cfg.Addresses = []string{"localhost"}
		w.serveNamed(&cfg)
		got, ok := callsOf(cfg)
		if ok {
			test.want.Sessions = sessions
		}
		if !reflect.DeepEqual(got, test.want) || ok != (len(cfg.Dialects) == 1) || ok != (len(cfg.Mounts) > 0) {
			t.Errorf("%q: %+v, want %+v", test.args, got, test.want)
		}
		var out bytes.Buffer
		log := slog.New(newHandler(&out, "info", "text"))
		logWhat(cfg, log)
		logWhere(cfg, []net.Listener{&fakeListener{addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}}}, log)
		for _, want := range test.says {
			if !strings.Contains(out.String(), want+"\n") {
				t.Errorf("%q says\n%swant %s", test.args, &out, want)
			}
		}
		if n := strings.Count(out.String(), "calls"); n != 2 && ok || n > 0 && !ok {
			t.Errorf("%q says\n%s", test.args, &out)
		}
	}
}
