package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"websocketd/libwebsocketd"
)

// TestConfigPrograms: what a program becomes, and where its values come from.
func TestConfigPrograms(t *testing.T) {
	dir := t.TempDir()
	w, r := configured(t, `
port = 0x50
maxline = "64K"
header = ["X-A: all", "X-B: all"]
header-ws = "X-A: ws"
origin = "a.example, b.example"
passenv = ["A", "B"]
maxforks = 9
prefork = 2
pingms = 0

[program.plain]
command = ["cat", "-u"]

[program.own]
command = ["cat"]
path = "/some/where"
lifetime = "connection"
cwd = "`+dir+`"
env = { LANG = "C", EMPTY = "" }
binary = true
stderr = "merge"
protocol = "a,b"
maxline = 4
maxframesize = 0
pingms = 1_000
closems = 50
passenv = []
origin = ["*"]
sameorigin = true
maxforks = 3
prefork = 0
header = ["X-A: own"]
`)
	if r != nil {
		t.Fatal(r.message)
	}
	cfg := w.config()
	if len(cfg.Programs) != 2 || cfg.Port != 80 || cfg.MaxForks != 9 || cfg.Prefork != 0 || len(cfg.Command) != 0 {
		t.Fatalf("%+v", cfg)
	}
	plain, own := cfg.Programs[0], cfg.Programs[1]
	cat := plain.Command[0]
	for _, check := range []struct {
		what      string
		got, want any
	}{
		{"plain", []any{plain.Name, plain.Path, plain.Command[1:], plain.MaxLine, plain.Origins, plain.PassEnv, plain.MaxForks, plain.Prefork, plain.PingInterval},
			[]any{"plain", "/plain", []string{"-u"}, 65536, []string{"a.example", "b.example"}, []string{"A", "B"}, 0, 2, "-1ns"}},
		{"plain's headers", plain.Header, map[string][]string{"X-A": {"ws"}, "X-B": {"all"}}},
		{"own", []any{own.Name, own.Path, own.Command, own.WorkDir, own.Env, own.Binary, own.Stderr, own.Protocols},
			[]any{"own", "/some/where", []string{cat}, dir, []string{"LANG=C", "EMPTY="}, true, libwebsocketd.StderrMerge, []string{"a", "b"}}},
		{"own's limits", []any{own.MaxLine, own.MaxFrameSize, own.PingInterval, own.CloseDelay, own.PassEnv, own.Origins, own.SameOrigin, own.MaxForks, own.Prefork},
			[]any{4, -1, "1s", "50ms", []string{}, []string{"*"}, true, 3, 0}},
		{"own's headers", own.Header, map[string][]string{"X-A": {"own"}}},
	} {
		if got, want := fmt.Sprint(check.got), fmt.Sprint(check.want); got != want {
			t.Errorf("%s: %s\nwant %s", check.what, got, want)
		}
	}
}

// TestProgramKeysWinOverFlags: a key of a program does not depend on the flag, and a
// missing one does.
func TestProgramKeysWinOverFlags(t *testing.T) {
	values := map[string]struct{ key, flag string }{
		"binary":         {"false", "true"},
		"framing":        {`"raw"`, "null"},
		"newlines":       {`"escape"`, "reject"},
		"preset":         {`"mcp"`, "lsp"},
		"stderr":         {`"merge"`, "discard"},
		"protocol":       {`["a"]`, "b"},
		"maxline":        {"10", "20"},
		"maxframesize":   {"10", "20"},
		"messagerate":    {`"10"`, "20/m"},
		"pingms":         {"10", "20"},
		"gzip":           {"false", "true"},
		"closems":        {"10", "20"},
		"passenv":        {`["A"]`, "B"},
		"unbuffer":       {"false", "true"},
		"origin":         {`["a"]`, "b"},
		"sameorigin":     {"false", "true"},
		"auth":           {`["token"]`, "none"},
		"allow":          {`["ada"]`, "bob"},
		"prefork":        {"1", "2"},
		"preforkrequest": {"false", "true"},
		"header":         {`["A: a"]`, "A: b"},
		"start":          {`"first"`, "eager"},
		"linger":         {`"1s"`, "2s"},
		"input":          {`"all"`, "none"},
		"slowclient":     {`"drop"`, "block"},
		"history":        {"10000", "8K"},
		"keepfirst":      {"100", "1K"},
		"restart":        {`"never"`, "always"},
		"isolate":        {`"none"`, "user"},
		"watch":          {"false", "true"},
		"resume":         {`"1m"`, "2m"},
		"attach":         {`"share"`, "refuse"},
		"sessionurl":     {"false", "true"},
		"user":           {strconv.Quote(ownUser), ownUID},
		"group":          {ownGID, ownGroup},
		"rlimit":         {`["core=0"]`, "core=1"},
		"nice":           {"18", "19"},
		"umask":          {`"077"`, "022"},
		"sandbox":        {"false", "true"},
		"sandboxread":    {`["/usr"]`, "/bin"},
		"sandboxwrite":   {`["/tmp"]`, "/dev/null"},
		"mcp":            {"false", "true"},
		"mcpstart":       {`"1s"`, "2s"},
	}
	tokens := filepath.Join(t.TempDir(), ".tokens")
	if err := os.WriteFile(tokens, []byte("ada:0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flag := range newParser().Model.Flags {
		key := flag.Name
		v, ok := values[key]
		if !isProgramKey(flag) || !isProgramDefault(flag) || slices.Contains([]string{"cgroup", "memorymax", "pidsmax", "cpumax"}, key) {
			continue // of the last, not every system has what they need: see TestCgroupFlags
		}
		if !ok {
			t.Errorf("the key %s has no row in this test", key)
			continue
		}
		content, flag := "[program.a]\ncommand = [\"cat\"]\n", "--"+key+"="+v.flag
		if strings.HasPrefix(key, "sandbox") && key != "sandbox" {
			content += "sandbox = true\n"
		}
		if key == "preforkrequest" {
			content += "prefork = 1\n"
		}
		if key == "auth" || key == "allow" || key == "isolate" {
			content = fmt.Sprintf("tokenfile = %q\n", tokens) + content
		}
		for _, f := range lifeFlags {
			if f.name == key && f.in[0] == lifeMCP {
				content += "mcp = true\n"
			} else if f.name == key {
				content = "staticdir = \"/\"\n" + content + "lifetime = \"" + f.in[0] + "\"\n"
			}
		}
		said := content + key + " = " + v.key + "\n"
		if got, want := programOf(t, said, flag), programOf(t, said); !reflect.DeepEqual(got, want) {
			t.Errorf("%s with %s: %+v\nwant %+v", key, flag, got, want)
		}
		if got, none := programOf(t, content, flag), programOf(t, content); reflect.DeepEqual(got, none) {
			t.Errorf("%s is no default for a program: %+v", flag, got)
		}
	}
}

// TestOpenBelowAllow: a program without credentials has none of the users of the flag, and
// one that names users of its own contradicts itself.
func TestOpenBelowAllow(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), ".tokens")
	if err := os.WriteFile(tokens, []byte("ada:0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	content := fmt.Sprintf("tokenfile = %q\nallow = [\"ada\"]\n[program.a]\ncommand = [\"cat\"]\n", tokens)
	if p := programOf(t, content+"auth = \"none\"\n"); len(p.Allow) > 0 || !slices.Equal(p.Auth, []string{"none"}) {
		t.Errorf("auth %q, allow %q", p.Auth, p.Allow)
	}
	if p := programOf(t, content+"auth = \"token\"\n"); !slices.Equal(p.Allow, []string{"ada"}) {
		t.Errorf("with credentials, allow %q", p.Allow)
	}
}

// TestProgramMessages: a program that sets how its messages are framed takes nothing
// of that from the flags. Its own preset counts like its keys.
func TestProgramMessages(t *testing.T) {
	for _, test := range []struct {
		keys, flag      string
		framing         libwebsocketd.Framing
		newlines        libwebsocketd.Newlines
		binary          bool
		protocols, line string
	}{
		{`framing = "lsp"`, "--binary", "lsp", "pass", false, "[]", "1048576"},
		{`framing = "raw"`, "--newlines=escape", "raw", "pass", false, "[]", "1048576"},
		{`binary = true`, "--framing=null", "line", "pass", true, "[]", "1048576"},
		{`preset = "mcp"`, "--framing=raw", "ndjson", "pass", false, "[mcp]", "16777216"},
		{`preset = "mcp"`, "--maxline=10", "ndjson", "pass", false, "[mcp]", "16777216"},
		{"preset = \"lsp\"\nmaxline = \"2K\"", "--preset=mcp", "lsp", "pass", false, "[]", "2048"},
		{`framing = "line"`, "--preset=mcp", "line", "pass", false, "[]", "1048576"},
		{``, "--preset=mcp", "ndjson", "pass", false, "[mcp]", "16777216"},
		{`maxline = 10`, "--preset=lsp", "lsp", "pass", false, "[]", "10"},
		{`newlines = "reject"`, "--newlines=escape", "line", "reject", false, "[]", "1048576"},
	} {
		got := programOf(t, "[program.a]\ncommand = [\"cat\"]\n"+test.keys+"\n", test.flag)
		if got.Framing != test.framing || got.Newlines != test.newlines || got.Binary != test.binary ||
			fmt.Sprint(got.Protocols) != test.protocols || fmt.Sprint(got.MaxLine) != test.line {
			t.Errorf("%q with %s: %+v", test.keys, test.flag, got)
		}
	}
}

// programOf returns the first program of a file, given the arguments.
func programOf(t *testing.T, content string, args ...string) libwebsocketd.Program {
	t.Helper()
	w, r := configuredBy(t, content, args...)
	if r != nil {
		t.Fatal(r.message)
	}
	return w.programs[0]
}

// configuredBy is configured, given the arguments.
func configuredBy(t *testing.T, content string, args ...string) (*options, *refusal) {
	t.Helper()
	p := theParser()
	line, err := scan(p.Model.Flags, args)
	if err != nil {
		t.Fatal(err)
	}
	file := parseConfig("f.toml", []byte(content), p.Model.Flags)
	w := &options{parser: p, file: file, layers: [][]setting{line.settings, nil, file.settings}}
	if err := p.parse(withPreset(p.Model.Flags, layered(w.layers...))); err != nil {
		t.Fatal(err)
	}
	w.grammar = p.grammar
	return w, w.check()
}

// TestConfigPageHasEveryKey: the table of doc/config.md is of all keys a program may have.
func TestConfigPageHasEveryKey(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "doc", "config.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| key | value | meaning |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	c := parseConfig("", nil, newParser().Model.Flags)
	var described []string
	for line := range strings.Lines(table) {
		keys := strings.Split(strings.Split(line, "|")[1], ",")
		for _, key := range keys {
			described = append(described, strings.Trim(key, " `-"))
		}
	}
	described = slices.DeleteFunc(described, func(key string) bool { return key == "" })
	want := c.programKeys()
	slices.Sort(described)
	slices.Sort(want)
	if !slices.Equal(described, want) {
		t.Errorf("described are %q\nthe keys are %q", described, want)
	}
}

// The cost of a program of a file is counted, because thousands of them must not keep
// a start or a reload busy: the grammar is not read again for each.
func TestManyProgramsAreCheap(t *testing.T) {
	p := newParser()
	cost := func(programs int) float64 {
		var text strings.Builder
		for i := range programs {
			fmt.Fprintf(&text, "[program.p%d]\ncommand = [\"cat\"]\nmaxline = %d\n", i, 1000+i)
		}
		return testing.AllocsPerRun(1, func() {
			file := parseConfig("f.toml", []byte(text.String()), p.Model.Flags)
			w := &options{parser: p, grammar: p.defaults, file: file, layers: [][]setting{nil, nil, file.settings}}
			if r := w.check(); r != nil {
				t.Fatal(r.message)
			}
		})
	}
	if each := (cost(400) - cost(200)) / 200; each > 300 {
		t.Errorf("%.0f allocations for a program", each)
	}
}
