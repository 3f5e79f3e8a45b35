package cli

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestLayersOfEveryFlag walks the grammar: default, environment over default,
// flag over environment, and an empty variable that sets nothing.
func TestLayersOfEveryFlag(t *testing.T) {
	p, seen := newParser(), map[string]bool{}
	for _, f := range describeAll(p.Model.Flags) {
		if f.Env == "" {
			if !slices.Contains([]string{"help", "version", "license", "checkconfig", "showconfig", "name"}, f.Name) {
				t.Errorf("--%s has no environment variable", f.Name)
			}
			continue
		}
		if seen[f.Env] {
			t.Errorf("%s sets two flags", f.Env)
		}
		seen[f.Env] = true
		sample := sampleOf(f)
		if got := layeredValue(t, p, f, "", nil); got != defaultOf(f) {
			t.Errorf("--%s is %q by default, want %q", f.Name, got, defaultOf(f))
		}
		if got := layeredValue(t, p, f, sample, nil); got != sample {
			t.Errorf("%s=%s sets %q", f.Env, sample, got)
		}
		other := defaultOf(f)
		if f.Default == "" && f.Kind != KindBool {
			other = "other:" // as a header must be
		}
		switch f.Kind {
		case KindNames:
			other = "other"
		case KindSwitch:
			other = "/other/"
		}
		if f.Name == "socketmode" || f.Name == "socketgroup" {
			other = "0600"
		}
		if f.Name == "auth" {
			other = "none"
		}
		switch f.Name {
		case "admin":
			other = "unix:a.sock"
		case "admintoken":
			other = sample // there is no other
		case "trustproxy":
			other = "10.0.0.1"
		case "authheader":
			other = "X-User"
		case "oauthserver":
			other = "http://localhost:9000/realm"
		case "acmeurl":
			other = "https://localhost/dir"
		case "acmeemail":
			other = "a@b.example"
		case "jwtalg":
			other = "EdDSA"
		}
		if f.Kind == KindInt {
			other = "7777"
		}
		switch f.Name {
		case "nice":
			other = "7"
		case "rlimit":
			other = "core=0"
		case "umask":
			other = "0"
		case "memorymax":
			other = "134217728"
		case "cpumax":
			other = "200%"
		}
		if got := layeredValue(t, p, f, sample, []string{"--" + f.Name + "=" + other}); got != other {
			t.Errorf("%s=%s with --%s=%s gives %q", f.Env, sample, f.Name, other, got)
		}
	}
}

// layeredValue returns the value of f with its variable and the arguments given.
func layeredValue(t *testing.T, p *parser, f Flag, env string, args []string) string {
	t.Helper()
	line, err := scan(p.Model.Flags, args)
	if err != nil {
		t.Fatal(err)
	}
	settings, _, err := environment(p.Model.Flags, []string{f.Env + "=" + env})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.parse(layered(line.settings, settings)); err != nil {
		t.Fatal(err)
	}
	return shown(lookUp(p.Model.Flags, f.Name))
}

// defaultOf returns the default of f as shown shows it.
func defaultOf(f Flag) string {
	switch {
	case f.Kind == KindBool && f.Default == "":
		return "false"
	case f.Kind == KindSize:
		n, _ := parseSize(f.Default)
		return strconv.FormatInt(n, 10)
	case f.Kind == KindTime:
		d, _ := parseDuration(f.Default)
		return d.String()
	case f.Kind == KindInt && f.Default == "": // it has the value of another flag
		return "0"
	}
	return f.Default
}

// TestBadVariables gives every flag that can refuse a value a bad one.
func TestBadVariables(t *testing.T) {
	for _, f := range Flags() {
		if f.Env == "" || slices.Contains([]Kind{KindString, KindNames, KindList}, f.Kind) {
			continue
		}
		status, stdout, stderr := invoke(map[string]string{f.Env: "bad value"}, "cat")
		if status != ExitFlags || stdout != "" || strings.Count(stderr, "\n") != 1 ||
			!strings.Contains(stderr, f.Env) || !strings.Contains(stderr, `"bad value"`) {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q", f.Env, status, stdout, stderr)
		}
	}
}

func TestEnvironment(t *testing.T) {
	w, notes := resolved(t, map[string]string{
		"WEBSOCKETD_PORT":        "tcp://10.0.0.1:8080",
		"WEBSOCKETD_ADDRESS":     "127.0.0.1, ::1\nlocalhost",
		"WEBSOCKETD_ORIGIN":      "https://a.example,b.example\nc.example",
		"WEBSOCKETD_HEADER":      "A: b, c\n\nD: e\r\n",
		"WEBSOCKETD_HEADER_HTTP": "F:g",
		"WEBSOCKETD_HELP":        "1",
		"WEBSOCKETD_VERSION":     "1.2",
		"WEBSOCKETD_BINARY":      "T",
		"WEBSOCKETD_MAXLINE":     "64K",
	}, "cat")
	cfg := w.config()
	if len(notes) != 2 || !strings.Contains(notes[0], "WEBSOCKETD_PORT=tcp://10.0.0.1:8080") || !strings.Contains(notes[1], "WEBSOCKETD_HELP") || cfg.Port != 0 {
		t.Errorf("a container link gives port %d, notes %q", cfg.Port, notes)
	}
	if want := []string{"127.0.0.1", "::1", "localhost"}; !slices.Equal(cfg.Addresses, want) {
		t.Errorf("addresses %q, want %q", cfg.Addresses, want)
	}
	if want := []string{"https://a.example", "b.example", "c.example"}; !slices.Equal(cfg.Origins, want) {
		t.Errorf("origins %q, want %q", cfg.Origins, want)
	}
	if h := cfg.Header; len(h) != 2 || h.Get("A") != "b, c" || h.Get("D") != "e" || cfg.HeaderHTTP.Get("F") != "g" {
		t.Errorf("headers %v, %v", h, cfg.HeaderHTTP)
	}
	if !cfg.Binary || cfg.MaxLine != 65536 {
		t.Errorf("binary %v, longest line %d", cfg.Binary, cfg.MaxLine)
	}
}

// TestStderrLayers has --stderr and --passstderr, two spellings of one option,
// in different layers.
func TestStderrLayers(t *testing.T) {
	for _, test := range []struct {
		env, value string
		args       []string
		want       string
	}{
		{"WEBSOCKETD_STDERR", "merge", nil, "merge"},
		{"WEBSOCKETD_PASSSTDERR", "true", nil, "tag"},
		{"WEBSOCKETD_PASSSTDERR", "true", []string{"--stderr=log"}, "log"},
		{"WEBSOCKETD_PASSSTDERR", "true", []string{"--passstderr=false"}, "log"},
		{"WEBSOCKETD_STDERR", "merge", []string{"--passstderr"}, "tag"},
		{"WEBSOCKETD_STDERR", "merge", []string{"--passstderr", "--stderr=tag"}, "tag"},
		{"WEBSOCKETD_STDERR", "merge", []string{"--passstderr=0"}, "merge"},
	} {
		w, _ := resolved(t, map[string]string{test.env: test.value}, append(test.args, "cat")...)
		if got := string(w.config().Stderr); got != test.want {
			t.Errorf("%s=%s with %q: %s, want %s", test.env, test.value, test.args, got, test.want)
		}
	}
}
