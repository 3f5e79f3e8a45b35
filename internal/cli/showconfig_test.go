package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What --showconfig shows of every flag is a file that sets the same.
func TestShownIsAFile(t *testing.T) {
	p := newParser()
	for _, f := range p.Model.Flags {
		if !inFile(f) || placeChecks[f.Name] != nil { // which want the file to be there
			continue
		}
		for _, text := range []string{sampleOf(describe(f)), f.Default} {
			given := []setting{{flag: f, value: text}}
			if text == f.Default {
				given = nil
			}
			w := &options{parser: p, layers: [][]setting{given, nil, nil}, file: &configFile{}}
			var out bytes.Buffer
			w.show(&out)
			c := parseConfig("shown.toml", out.Bytes(), p.Model.Flags)
			if len(c.faults.all) > 0 {
				t.Errorf("--%s=%s is shown with %+v", f.Name, text, c.faults.all)
				continue
			}
			if got, want := valuesOf([][]setting{c.settings}, f.Name), valuesOf([][]setting{given}, f.Name); strings.Join(got, "|") != strings.Join(want, "|") {
				t.Errorf("--%s=%s is shown as %q", f.Name, text, got)
			}
		}
	}
}

// Texts that mean something to TOML, or to a terminal, are shown as what they are.
func TestShownTexts(t *testing.T) {
	p := newParser()
	header, allow := lookUp(p.Model.Flags, "header"), lookUp(p.Model.Flags, "allow")
	values := []string{"A: \"b\" # c", "B: \\n\x1b[1m\u202e"}
	w := &options{parser: p, file: &configFile{}, layers: [][]setting{{{flag: header, value: values[0]}, {flag: header, value: values[1]}, {flag: allow, value: `a\,b,c`}}, nil, nil}}
	var out bytes.Buffer
	w.show(&out)
	c := parseConfig("shown.toml", out.Bytes(), p.Model.Flags)
	got := append(valuesOf([][]setting{c.settings}, "header"), valuesOf([][]setting{c.settings}, "allow")...)
	if want := append(values, `a\,b,c`); strings.Join(got, "|") != strings.Join(want, "|") || bytes.ContainsAny(out.Bytes(), "\x1b\u202e") {
		t.Errorf("%q, expected %q, in %q", got, want, out.String())
	}
}

// Every kind of origin is named.
func TestShowsOrigins(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w.toml")
	text := []byte("port = 8080\nmaxline = \"64K\"\n[program.\"a b\"]\ncommand = [\"cat\"]\n")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"WEBSOCKETD_PORT": "81", "WEBSOCKETD_PINGMS": "5", "PATH": "/bin:/usr/bin"}
	status, out, errs := invoke(env, "--config="+file, "--preset=mcp", "--port=82", "--showconfig", "cat")
	if status != ExitOK || errs != "" {
		t.Fatalf("%d: %s", status, errs)
	}
	for _, want := range []string{
		`^port = 82 +# --port$`, `^pingms = 5 +# WEBSOCKETD_PINGMS$`, `^maxline = "64K" +# .*w\.toml:2$`, `^framing = "ndjson" +# preset$`,
		`^# maxforks = 1024 +# default$`, `^# address = \[\] +# default$`, `^# ssl = false +# default$`, `^# command = \["/.*/cat"\] +# COMMAND$`, `^# \[program\."a b"\] +# .*w\.toml:3$`,
	} {
		if !regexp.MustCompile("(?m)" + want).MatchString(out) {
			t.Errorf("there is no %s in\n%s", want, out)
		}
	}
}
