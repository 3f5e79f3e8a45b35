package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"websocketd/internal/ctl"
)

// TestCtlRefuses: bad usage is one line that names the way out, exit status 2.
func TestCtlRefuses(t *testing.T) {
	dir := t.TempDir()
	hashed, two := filepath.Join(dir, "hashed"), filepath.Join(dir, "two")
	for file, text := range map[string]string{hashed: "sha256:0123\n", two: "to ken\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ args, want string }{
		{"lsit", `there is no verb "lsit"; did you mean list?`},
		{"top", `there is no verb "top"; did you mean ps?`},
		{"rm x", `there is no verb "rm"; did you mean delete?`},
		{"kill x", `there is no verb "kill"; did you mean end?`},
		{"frobnicate", `there is no verb "frobnicate": there are list, info, sessions, connections, kick, logs, attach, end, ps, start, stop, restart, reload, delete, upgrade, scale`},
		{"help frobnicate", `there is no verb "frobnicate"`},
		{"--json", "please specify what to do: one of list, info,"},
		{"list --jsno", "flag provided but not defined: --jsno; did you mean --json?; websocketd ctl list --help shows every option"},
		{"list --port=1", "flag provided but not defined: --port"},
		{"list x", `"x" is too much: websocketd ctl list`},
		{"info x y", `"y" is too much: websocketd ctl info [NAME|ID]`},
		{"kick", "please specify which: websocketd ctl kick ID.."},
		{"logs", "please specify which: websocketd ctl logs NAME|ID"},
		{"logs a b", `"b" is too much: websocketd ctl logs NAME|ID`},
		{"attach", "please specify which: websocketd ctl attach NAME|ID"},
		{"end", "please specify which: websocketd ctl end NAME|ID.."},
		{"stop", "please specify which: websocketd ctl stop NAME.. | all"},
		{"scale web", "please specify which: websocketd ctl scale NAME N"},
		{"scale web 1 2", `"2" is too much: websocketd ctl scale NAME N`},
		{"scale web many", `"many" is no number of instances, which is 1 or more: websocketd ctl scale NAME N`},
		{"scale web 0", `"0" is no number of instances, which is 1 or more`},
		{"ps --timeout=1s", "--timeout is not for ps: it is for start, stop, restart, reload, delete, upgrade, scale"},
		{"stop x --timeout=0s", `invalid value "0s" for flag --timeout`},
		{"list -f", "--follow is not for list: it is for logs"},
		{"attach --json x", "--json is not for attach: it is for list, info"},
		{"end --lines=1 x", "--lines is not for end: it is for logs, attach"},
		{"logs --lines=-1 x", `invalid value "-1" for flag --lines`},
		{"logs -n", "flag needs an argument: --lines=N"},
		{"list --json=maybe", `invalid boolean value "maybe" for --json`},
		{"list --admin=", `invalid value "" for flag --admin: must be a port, HOST:PORT, unix:PATH or http://HOST:PORT`},
		{"list --admin=/run/x", `invalid value "/run/x" for flag --admin: is a path: write unix:/run/x`},
		{"list --admin=ws://x", "must begin with http:// or https://"},
		{"list --admin", "flag needs an argument: --admin=ADDR"},
		{"list --admintokenfile= --admin=9", "is empty; it must be the name of a file with a token"},
		{"list --admin=9 --admintokenfile=/no/such", "--admintokenfile=/no/such: open /no/such: no such file or directory"},
		{"list --admin=9 --admintokenfile=" + hashed, "the file has the hash of a token, which is enough for a server"},
		{"list --admin=9 --admintokenfile=" + two, "the first line of the file must be one token"},
	} {
		status, stdout, stderr := invoke(nil, append([]string{"ctl"}, strings.Fields(test.args)...)...)
		if status != ExitFlags || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit status %d, %q %q, want %q", test.args, status, stdout, stderr, test.want)
		}
	}
	if status, _, stderr := invoke(map[string]string{"WEBSOCKETD_ADMIN": "x#token=secret"}, "ctl", "list"); status != ExitFlags || strings.Contains(stderr, "secret") || !strings.Contains(stderr, "the variable WEBSOCKETD_ADMIN") {
		t.Errorf("exit status %d, %s", status, stderr)
	}
	if status, _, stderr := invoke(map[string]string{"WEBSOCKETD_ADMIN": "9", "WEBSOCKETD_ADMINTOKEN": "se cret"}, "ctl", "list"); status != ExitFlags || strings.Contains(stderr, "cret") {
		t.Errorf("exit status %d, %s", status, stderr)
	}
	if status, _, stderr := invoke(nil, "ctl", "kick", ""); status != ExitFlags || !strings.Contains(stderr, "a name is empty") {
		t.Errorf("exit status %d, %s", status, stderr)
	}
}

// TestCtlHelp: there is one help, however it is asked for, and one of each verb.
func TestCtlHelp(t *testing.T) {
	for _, args := range [][]string{{"ctl"}, {"ctl", "--help"}, {"ctl", "-h"}, {"ctl", "help"}, {"help", "ctl"}} {
		status, stdout, stderr := invoke(nil, args...)
		if status != ExitOK || stderr != "" || !strings.Contains(stdout, "websocketd ctl VERB [options]") {
			t.Fatalf("%s: exit status %d, stderr %q", args, status, stderr)
		}
		for _, f := range CtlFlags() {
			if !strings.Contains(stdout, "  --"+f.Name) || f.Help == "" || f.Group == "" {
				t.Errorf("--%s is not described well: %+v", f.Name, f)
			}
		}
	}
	for _, verb := range ctl.Verbs() {
		_, asked, _ := invoke(nil, "ctl", "help", verb.Name)
		status, stdout, stderr := invoke(nil, "ctl", verb.Name, "x", "y", "--help")
		if status != ExitOK || stderr != "" || stdout != asked || !strings.Contains(stdout, "Usage: websocketd ctl "+verb.Name) || !strings.Contains(stdout, verb.Help) {
			t.Errorf("%s: exit status %d, %q %q", verb.Name, status, stdout, stderr)
		}
		if has := strings.Contains(stdout, "--follow"); has != (verb.Name == "logs") {
			t.Errorf("%s --help: %s", verb.Name, stdout)
		}
	}
	for line := range strings.Lines(func() string { _, out, _ := invoke(nil, "ctl"); return out }()) {
		if len(strings.TrimSuffix(line, "\n")) > helpWidth {
			t.Errorf("line over %d bytes: %s", helpWidth, line)
		}
	}
}

// TestCtlFlags pins the names and kinds, which are a promise to users.
func TestCtlFlags(t *testing.T) {
	want := "admin:string admintokenfile:string json:bool follow:bool lines:int timeout:time help:bool"
	var got []string
	for _, f := range CtlFlags() {
		got = append(got, f.Name+":"+string(f.Kind))
	}
	if !slices.Equal(got, strings.Fields(want)) {
		t.Errorf("flags\n%s, want\n%s", strings.Join(got, " "), want)
	}
}

// ctlOptions returns what arguments and an environment ask for.
func ctlOptions(t *testing.T, environ []string, args ...string) ctl.Options {
	t.Helper()
	p := newCtlParser()
	line, err := scanAround(p.Model.Flags, args)
	verb, names, r := ctlVerb(&line, err)
	if r != nil {
		t.Fatal(r.message)
	}
	o, r := p.options(verb, names, line.settings, environ)
	if r != nil {
		t.Fatal(r.message)
	}
	return o
}

// TestCtlLayers: the flag wins over the variable, values about a server alone mean nothing, and
// the token is that of the flag, of the URL, of the file, of the variable.
func TestCtlLayers(t *testing.T) {
	dir := t.TempDir()
	flag, file := filepath.Join(dir, "flag"), filepath.Join(dir, "file")
	for name, text := range map[string]string{flag: "of-flag\nmore\n", file: "\ufeffof-file\r\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	byFile, byText := "WEBSOCKETD_ADMINTOKENFILE="+file, "WEBSOCKETD_ADMINTOKEN=of-text"
	for _, test := range []struct {
		environ, args  []string
		address, token string
	}{
		{nil, nil, "", ""},
		{[]string{"WEBSOCKETD_ADMIN=true"}, nil, "", ""},
		{[]string{"WEBSOCKETD_ADMIN=9"}, nil, "http://localhost:9", ""},
		{[]string{"WEBSOCKETD_ADMIN=9", byText}, []string{"--admin=8"}, "http://localhost:8", "of-text"},
		{[]string{byText, byFile}, []string{"--admin", "8"}, "http://localhost:8", "of-file"},
		{[]string{byText, byFile}, []string{"--admin=8", "--admintokenfile=" + flag}, "http://localhost:8", "of-flag"},
		{[]string{byText, byFile}, []string{"--admin=http://h:1/#token=of-url"}, "http://h:1", "of-url"},
		{nil, []string{"--admin=http://h:1/#token=of-url", "--admintokenfile=" + flag}, "http://h:1", "of-flag"},
		{[]string{"WEBSOCKETD_ADMINTOKEN=none"}, []string{"--admin=8"}, "http://localhost:8", ""},
		{[]string{byText}, []string{"--admin=unix:/s"}, "unix:/s", ""},
	} {
		o := ctlOptions(t, test.environ, append([]string{"list"}, test.args...)...)
		token := o.Address.Token
		if o.Token != nil {
			var err error
			if token, err = o.Token(); err != nil {
				t.Error(err)
			}
		}
		if o.Address.String() != test.address || token != test.token {
			t.Errorf("%q %q: %s with %q, want %s with %q", test.environ, test.args, o.Address, token, test.address, test.token)
		}
	}
	if o := ctlOptions(t, nil, "logs", "x", "-f", "-n", "3"); !o.Follow || o.Lines != 3 || o.JSON || !slices.Equal(o.Names, []string{"x"}) {
		t.Errorf("%+v", o)
	}
	if o := ctlOptions(t, []string{"NO_COLOR=1"}, "logs", "--json", "--", "-x"); o.Follow || o.Lines != -1 || !o.JSON || o.Colour != ctl.ColourNever || o.Names[0] != "-x" {
		t.Errorf("%+v", o)
	}
	if o := ctlOptions(t, nil, "stop", "x", "--timeout=1m"); o.Timeout != time.Minute {
		t.Errorf("%+v", o)
	}
	if o := ctlOptions(t, nil, "start", "x"); o.Timeout != 90*time.Second {
		t.Errorf("%+v", o)
	}
	if o := ctlOptions(t, nil, "list", "--json=false"); o.JSON {
		t.Errorf("%+v", o)
	}
}

// TestCtlIsReserved: only the first word is, and a program of that name runs by its path.
func TestCtlIsReserved(t *testing.T) {
	for _, args := range [][]string{{"./ctl"}, {"--", "ctl"}, {"--port=1", "ctl"}} {
		if _, stdout, stderr := invoke(nil, args...); strings.Contains(stdout+stderr, "VERB") {
			t.Errorf("%s is the operator's command: %s", args, stderr)
		}
	}
}
