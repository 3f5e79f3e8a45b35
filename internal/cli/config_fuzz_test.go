package cli

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// FuzzConfig: no file makes the command panic, and every fault has a line of the file
// and a sentence. A file without a fault is accepted by the library. Nothing in it
// was overlooked: all that the TOML library's own decoder finds is there.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		"",
		"port = 8080\nloglevel = \"info\"\nheader = [\"A: b\"]\n[program.a]\ncommand = [\"cat\"]\n",
		"[program.a]\ncommand = [\"cat\", \"-u\"]\npath = \"/x/y\"\nenv = { A = \"1\" }\ncwd = \"/\"\n[program.b]\ncommand = [\"/bin/cat\"]\nenv.A = \"b\"\nbinary = true\n",
		"program.a.command = [\"cat\"]\nprogram = 1\n",
		"program = { a = { command = [\"cat\"], lifetime = \"connection\" } }\n",
		"[program]\na.command = [\"cat\"]\n[program.a.env]\nB = \"c\"\n",
		"[program.a]\ncommand = [\"cat\"]\nprefork = 2\nmaxforks = 1\n[program.b]\ncommand = [\"cat\"]\npath = \"/a\"\n",
		"[[program]]\ncommand = []\n[[program.x]]\n",
		"maxline = \"2G\"\npingms = 0x10\nclosems = +5\norigin = [\"a\", [\"b\"], {c = 1}]\n[program.\"a b\"]\ncommand = [\n# comment\n\"cat\", # more\n]\n",
		"ssl = true\nsslcert = \"x\"\nbinary = true\nstderr = \"tag\"\npassstderr = true\ndir = \"/\"\n[program.\"\"]\ncommand = [\"\"]\npath = \"/\"\n",
		"a = 1979-05-27T07:32:00Z\r\nb = \"\"\"\nx\"\"\"\nc = 'd'\ne.f.g = nan\n",
		"\xef\xbb\xbf[program.a]\ncommand = \"cat -u\"\nlifetime = \"shared\"\nprot = 1\n",
		"[program.a]\ncommand = [\"cat\"]\nmaxline = \"2G\"\n",
		"[program.a]\ncommand = []\n",
		"[program.a]\ncommand = [\"cat\", \"\\u0000\"]\n",
		"[program.a]\ncommand = [\"cat\"]\nenv = { A = \"\\u0000\" }\n",
		"[a.b]\n[[a.b.c]]\nd = [[1, {e.f = 1}], []]\n[[a.b.c]]\n[a.b.c.g]\nh = true\n",
		"[program.a]\ncommand = [\"cat\"]\n[program.b]\ncommand = [\"cat\"]\npath = \"/a\"\n",
		"[program.a]\ncommand = [\"cat\"]\nprefork = 600\n[program.b]\ncommand = [\"cat\"]\nprefork = 600\nmaxline = 1073741825\n",
		"shared = true\nlinger = \"5s\"\n[program.a]\ncommand = [\"cat\"]\nlifetime = \"connection\"\nhistory = 5000\n[program.b]\ncommand = [\"cat\"]\nmaxframesize = 0\n",
		"start = \"eager\"\nlinger = 5\nhistory = \"1K\"\n[program.a]\ncommand = [\"cat\"]\nlifetime = \"shared\"\nprefork = 1\n",
		"attach = \"share\"\n[program.a]\ncommand = [\"cat\"]\nlifetime = \"session\"\nresume = \"0s\"\nsessionurl = true\n[program.b]\ncommand = [\"cat\"]\nlifetime = \"shared\"\nresume = \"never\"\n",
		"pow = true\npowlines = 2000\nmaxsessions = 3\n[program.a]\ncommand = [\"cat\"]\nparams = { least = 1, most = 2, patterns = [\"[a-z]+\", '\\d'] }\nresult = \"lastline-json\"\n",
		"[program.a]\ncommand = [\"cat\"]\nlifetime = \"supervised\"\ninstances = 2\nport = \"3000-3001\"\nafter = [\"b:healthy\"]\n[[apps]]\nname = \"b\"\nscript = \"cat\"\nhealth_check.url = \"http://a\"\n",
		"[[apps]]\nname = \"a\"\nscript = \"cat\"\nready = { notify = true, timeout = 5 }\nmin_uptime = 0\nuser = 0\nlog_size = \"0\"\n",
		"pow = \"/a/\"\n[program.a]\ncommand = [\"cat\"]\nparams = [\"(\"]\nresult = \"x\"\n[program.b]\ncommand = [\"cat\"]\nparams.least = 3\nparams.most = 2\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		var decoded any
		if root, fault := parseTOML([]byte(content)); fault == nil && toml.Unmarshal([]byte(strings.TrimPrefix(content, "\ufeff")), &decoded) == nil {
			checkTree(t, "", root, decoded)
		}
		w, r := configured(t, content)
		checkFaults(t, content, w, r)
		if r != nil {
			return
		}
		cfg := w.config()
		if err := cfg.Validate(); err != nil {
			t.Fatalf("the library refuses what the file passed: %v", err)
		}
		checkNothingOverlooked(t, content, w)
	})
}

// checkTree compares the walk over the parser with the result of the decoder.
func checkTree(t *testing.T, at string, v *fileValue, decoded any) {
	t.Helper()
	same := true
	switch d := decoded.(type) {
	case map[string]any:
		same = v.kind == fileTable && len(v.keys) == len(d) && len(v.at) == len(d)
		for _, key := range v.keys {
			if d[key] == nil {
				t.Errorf("%s has a key %q", at, key)
				continue
			}
			checkTree(t, at+"."+key, v.at[key], d[key])
		}
	case []any:
		same = v.kind == fileArray && len(v.items) == len(d)
		for i := range min(len(d), len(v.items)) {
			checkTree(t, at+"[]", v.items[i], d[i])
		}
	case string:
		same = v.kind == fileString && v.text == d
	case bool:
		same = v.kind == fileBool && v.text == strconv.FormatBool(d)
	case int64:
		n, err := strconv.ParseInt(v.text, 0, 64)
		same = v.kind == fileInteger && n == d && err == nil
	case float64:
		same = v.kind == fileFloat
	default:
		same = v.kind == fileDate
	}
	if !same || !v.pos.isSet() {
		t.Errorf("%s is %+v, the decoder says %T %v", at, v, decoded, decoded)
	}
}

func checkFaults(t *testing.T, content string, w *options, r *refusal) {
	t.Helper()
	switch faults := w.file.faults.all; {
	case r != nil && len(faults) == 0 && !strings.Contains(r.message, "there is nothing to serve"):
		t.Errorf("refused without a line: %s", r.message)
	case r == nil && len(faults) > 0:
		t.Errorf("accepted in spite of %+v", faults)
	case len(faults) > 0:
		last := 0
		for line := range strings.SplitSeq(r.message, "\n") {
			at, what, ok := strings.Cut(strings.TrimPrefix(line, "f.toml:"), ": ")
			at, _, _ = strings.Cut(at, ":")
			n, err := strconv.Atoi(at)
			if !ok || err != nil || n < max(last, 1) || n > 1+strings.Count(content, "\n") || strings.TrimSpace(what) == "" {
				t.Errorf("a fault without its place: %q", line)
			}
			last = n
		}
	}
}

// checkNothingOverlooked compares the resulting options with the decoder's map.
func checkNothingOverlooked(t *testing.T, content string, w *options) {
	t.Helper()
	var decoded map[string]any
	if err := toml.Unmarshal([]byte(strings.TrimPrefix(content, "\ufeff")), &decoded); err != nil {
		t.Fatalf("accepted though it is no TOML: %v", err)
	}
	programs, _ := decoded[programTable].(map[string]any)
	apps, _ := decoded[appsTable].([]any)
	for key, value := range decoded {
		if key != programTable && key != appsTable && !sets(w.file.settings, key) && !isEmptyList(value) {
			t.Errorf("the key %q has no effect", key)
		}
	}
	if port, set := decoded["port"]; set && port != int64(w.Listen.Port) {
		t.Errorf("port is %d, not %v", w.Listen.Port, port)
	}
	cfg := w.config()
	if len(cfg.Programs) != len(programs)+len(apps) {
		t.Errorf("%d programs of %d and %d apps", len(cfg.Programs), len(programs), len(apps))
	}
	for _, p := range cfg.Programs {
		table, listed := programs[p.Name].(map[string]any)
		if !listed {
			continue // an app: FuzzApps
		}
		argv, _ := table["command"].([]any)
		at, set := table["path"]
		env, _ := table["env"].(map[string]any)
		switch {
		case len(argv) != len(p.Command) || path.Base(p.Command[0]) != path.Base(argv[0].(string)):
			t.Errorf("%q runs %q", argv, p.Command)
		case set && at != p.Path, !set && p.Path != "/"+p.Name:
			t.Errorf("program %q is at %q", p.Name, p.Path)
		case len(env) != len(p.Env):
			t.Errorf("%q of %v", p.Env, env)
		}
		for i, arg := range argv[1:] {
			if arg != p.Command[i+1] {
				t.Errorf("%q runs %q", argv, p.Command)
			}
		}
		if binary, set := table["binary"]; set && binary != p.Binary {
			t.Errorf("binary is %v", p.Binary)
		}
		for key, value := range table {
			if !slices.Contains(w.file.programKeys(), key) {
				t.Errorf("the key %q of a program has no effect, %v", key, value)
			}
		}
	}
}

// isEmptyList reports whether value sets nothing: a list without elements.
func isEmptyList(value any) bool {
	switch v := value.(type) {
	case []any:
		return len(v) == 0
	case string:
		return strings.TrimSpace(v) == ""
	}
	return false
}
