package cli

import (
	"bytes"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/mcp"
	"websocketd/libwebsocketd/shared"
	"websocketd/libwebsocketd/stdio"
)

const isMCP = "mcp = true\n"

// mcpOf returns the lifetime of --mcp, without the Registry, and the settings beside it.
func mcpOf(t *testing.T, s libwebsocketd.Settings) mcp.Lifetime {
	t.Helper()
	life, ok := s.Lifetime.(mcp.Lifetime)
	if !ok {
		t.Fatalf("the lifetime is %+v", s.Lifetime)
	}
	life.Registry = nil
	return life
}

// TestMCPSettings: what the flags make of --mcp, and that it stands for the preset.
func TestMCPSettings(t *testing.T) {
	plain := mcp.Lifetime{Start: time.Minute, Isolate: shared.IsolateNone, History: 1 << 20}
	for _, test := range []struct {
		args   string
		change func(*mcp.Lifetime)
	}{
		{"", func(*mcp.Lifetime) {}},
		{"--preset=mcp --framing=ndjson --resume=0", func(*mcp.Lifetime) {}},
		{"--shared", func(l *mcp.Lifetime) { l.Shared = true }},
		{"--resume=7m --maxsessions=3", func(l *mcp.Lifetime) { l.Resume = 7 * time.Minute }},
		{"--resume=never", func(l *mcp.Lifetime) { l.Resume = -1 }},
		{"--mcpstart=5s", func(l *mcp.Lifetime) { l.Start = 5 * time.Second }},
		{"--start=eager", func(l *mcp.Lifetime) { l.Eager = true }},
		{"--linger=5s", func(l *mcp.Lifetime) { l.Linger = 5 * time.Second }},
		{"--linger=0s", func(l *mcp.Lifetime) { l.Linger = -1 }},
		{"--restart=never", func(l *mcp.Lifetime) { l.Restart = shared.RestartNever }},
		{"--watch --history=64K", func(l *mcp.Lifetime) { l.Watch, l.History = true, 64<<10 }},
	} {
		w, _ := resolved(t, nil, append(strings.Fields("--mcp "+test.args), "cat")...)
		cfg, want := w.config(), plain
		test.change(&want)
		if got := mcpOf(t, cfg.Settings); got != want {
			t.Errorf("%s: %+v\nwant %+v", test.args, got, want)
		}
		if cfg.Framing != stdio.FramingNDJSON || cfg.MaxLine != 16<<20 || cfg.MaxFrameSize != 16<<20 || !reflect.DeepEqual(cfg.Protocols, []string{"mcp"}) {
			t.Errorf("%s: %s, %d, %d, %q", test.args, cfg.Framing, cfg.MaxLine, cfg.MaxFrameSize, cfg.Protocols)
		}
	}
	w, _ := resolved(t, map[string]string{"WEBSOCKETD_MCP": "1"}, "--maxline=64K", "--protocol=x", "cat")
	if cfg := w.config(); cfg.MaxLine != 64<<10 || cfg.Protocols[0] != "x" || cfg.MaxFrameSize != 16<<20 {
		t.Errorf("given flags do not win: %+v", cfg.Settings)
	}
}

// TestMCPPrograms: which programs of a file serve that protocol.
func TestMCPPrograms(t *testing.T) {
	for _, test := range []struct {
		content  string
		isShared bool
		resume   time.Duration
	}{
		{catA + isMCP, false, 0},
		{"framing = \"raw\"\npreset = \"lsp\"\n" + catA + isMCP, false, 0},
		{isMCP + catA, false, 0},
		{isMCP + catA + isOne, true, 0},
		{"shared = true\n" + isMCP + catA, true, 0},
		{"shared = true\n" + catA + isMCP + isSession, false, 5 * time.Minute},
		{catA + isMCP + "resume = \"1h\"\n", false, time.Hour},
		{catA + isMCP + isSession + "resume = \"never\"\n", false, -1},
		{isMCP + catA + "lifetime = \"session\"\nresume = \"1h\"\n", false, time.Hour},
		{"linger = \"1m\"\n" + catA + isMCP + catB, false, 0},
	} {
		p := programOf(t, test.content)
		life := mcpOf(t, p.Settings)
		if life.Shared != test.isShared || life.Resume != test.resume || p.Framing != stdio.FramingNDJSON || len(p.Protocols) != 1 {
			t.Errorf("%q: %+v, %s", test.content, life, p.Framing)
		}
	}
	for _, content := range []string{isMCP + catA + "mcp = false\n", isMCP + catA + isEach, catA + "mcp = false\n" + isEach} {
		if p := programOf(t, content); p.Lifetime != nil || p.Framing != stdio.FramingLine || len(p.Protocols) > 0 || p.MaxLine != 1<<20 {
			t.Errorf("%q: %+v", content, p.Settings)
		}
	}
	if p := programOf(t, isMCP+catA+"lifetime = \"supervised\"\n"); p.Framing != stdio.FramingLine {
		t.Errorf("a supervised program: %+v", p.Settings)
	}
}

// TestMCPReload: what a reload changes about that protocol takes effect for the programs of the
// file, and needs a restart for COMMAND only.
func TestMCPReload(t *testing.T) {
	for command, want := range map[string]string{"": "", "cat": "Needs a restart             : mcp, mcpstart, for all but the programs of the file\n"} {
		started, r := configured(t, catA, strings.Fields(command)...)
		if r != nil {
			t.Fatal(r.message)
		}
		next, r := configured(t, isMCP+"mcpstart = \"5s\"\n"+catA, strings.Fields(command)...)
		if r != nil {
			t.Fatal(r.message)
		}
		if got := changes(started.programs, next.programs); got != "; changed: a" {
			t.Errorf("changes: %q", got)
		}
		var out bytes.Buffer
		(&reloader{started: started, log: slog.New(newHandler(&out, "info", "text"))}).sayRestart(next)
		if _, got, _ := strings.Cut(out.String(), "|  | "); got != want {
			t.Errorf("with %q: %q", command, got)
		}
	}
}

// TestMCPFaults: what does not go with --mcp, in the words of the file.
func TestMCPFaults(t *testing.T) {
	const apart = " does not go with mcp = true: each client is told what is for it alone, as that protocol has it; take one of the two out"
	for _, test := range []struct {
		content, command string
		want             []string
	}{
		{catA + "mcp = 1\n", "", []string{`3: mcp is a number, 1; write mcp = true`}},
		{catA + "mcpstart = \"5s\"\n", "", []string{`3: program a: mcpstart is for mcp = true; write mcp = true, or take mcpstart out`}},
		{"mcpstart = \"5s\"\n" + catA, "", []string{`1: mcpstart is for mcp = true; write mcp = true, or take mcpstart out`}},
		{catA + isMCP + "mcpstart = \"0s\"\n", "", []string{`4: mcpstart = "0s": must be at least 1ms`}},
		{catA + isMCP + "framing = \"raw\"\n", "", []string{`4: program a: framing = "raw" does not go with mcp = true: its messages are JSON, one a line; take one of the two out, or write mcp = false`}},
		{isMCP + catA + "preset = \"lsp\"\n", "", []string{`4: program a: preset = "lsp" does not go with mcp = true: its messages are JSON, one a line; take one of the two out, or write mcp = false`}},
		{catA + isMCP + "binary = true\n", "", []string{`4: program a: please only specify one of --binary and --mcp`}},
		{catA + isMCP + "stderr = \"tag\"\n", "", []string{`4: program a: please only specify one of --stderr=tag and --mcp: tagged streams are lines`}},
		{catA + isMCP + "lifetime = \"supervised\"\n", "", []string{
			`3: mcp = true does not go with lifetime = "supervised", line 4: its processes are those of sessions, and one for all clients without; take one of the two out`}},
		{catA + isEach + isMCP, "", []string{
			`4: mcp = true does not go with lifetime = "connection", line 3: its processes are those of sessions, and one for all clients without; take one of the two out`}},
		{catA + isMCP + "input = \"none\"\nslowclient = \"drop\"\nattach = \"refuse\"\nkeepfirst = 10\n", "", []string{
			"4: program a: input" + apart, "5: program a: slowclient" + apart, "6: program a: attach" + apart, "7: program a: keepfirst" + apart}},
		{isMCP + "prefork = 2\n" + catA, "", []string{"2: program a: prefork = 2 does not go with mcp = true: what is started ahead is for one client; write prefork = 0, or take another lifetime"}},
		{isMCP + "once = true\n" + catA, "cat", []string{"2: once = true does not go with mcp = true: its processes are not one client's; write exitwithchild = true"}},
		{isMCP + "staticdir = \"/\"\n", "", []string{`1: mcp needs a program: write a [program.NAME], or give COMMAND or --dir`}},
		{catA + isMCP + "isolate = \"user\"\n", "", []string{`4: program a: isolate = "user" needs to know who a client is, and nobody has to prove that; write the global key tokenfile = "FILE", or another one of credentials, and take auth = "none" out`}},
		{isMCP + "start = \"eager\"\ndir = \"/\"\n", "", []string{`2: please only specify one of --start=eager and --dir: it is not known ahead which script will be asked for`}},
		{"[[apps]]\nname = \"a\"\nscript = \"/bin/cat\"\nmcp = true\n", "", []string{`4: app a: mcp is a key of [program.NAME]; apps are supervised programs, take it out`}},
	} {
		_, r := configured(t, test.content, strings.Fields(test.command)...)
		want := "f.toml:" + strings.Join(test.want, "\nf.toml:")
		if r == nil || r.message != want {
			t.Errorf("%q:\n%+v\nwant\n%s", test.content, r, want)
		}
	}
}

// TestMCPRefusals: what does not go with --mcp, in the words of the flags.
func TestMCPRefusals(t *testing.T) {
	for args, want := range map[string]string{
		"--mcp --framing=line cat":               "please only specify one of --mcp and --framing=line: its messages are JSON, one a line",
		"--mcp --preset=lsp cat":                 "please only specify one of --mcp and --preset=lsp: its messages are JSON, one a line",
		"--mcp --binary cat":                     "please only specify one of --binary and --mcp",
		"--mcp --maxframesize=0 cat":             "please specify a limit as --maxframesize when requesting --mcp: a message must be whole before it is passed on",
		"--mcp --once cat":                       "please only specify one of --once and --mcp: its processes are not one client's, and --exitwithchild ends with it",
		"--mcp --prefork=2 cat":                  "please only specify one of --mcp and --prefork: what is started ahead is for one client",
		"--mcp --shared --resume=5m cat":         "please only specify one of --shared and --resume: one process for all clients, or one for each that outlives its connection",
		"--mcp --sessionurl --staticdir=/ cat":   "please only specify one of --mcp and --sessionurl: each client is told what is for it alone, as that protocol has it",
		"--mcp --input=all cat":                  "please only specify one of --mcp and --input: each client is told what is for it alone, as that protocol has it",
		"--mcp --isolate=user --start=eager cat": "please only specify one of --isolate=user and --start=eager: it is not known ahead who will come",
		"--mcp --staticdir=/":                    "please specify COMMAND or --dir when requesting --mcp",
		"--mcpstart=5s cat":                      "please specify --mcp when requesting --mcpstart",
	} {
		status, _, said := invoke(nil, strings.Fields(args)...)
		if got, _, _ := strings.Cut(said, "\n"); status != ExitUsage || got != want {
			t.Errorf("%s: %d, %q\nwant %q", args, status, got, want)
		}
	}
}
