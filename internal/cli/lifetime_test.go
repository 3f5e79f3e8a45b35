package cli

import (
	"bytes"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/shared"
)

const (
	catA    = "[program.a]\ncommand = [\"cat\"]\n"
	catB    = "[program.b]\ncommand = [\"cat\"]\n"
	isOne   = "lifetime = \"shared\"\n"
	isEach  = "lifetime = \"connection\"\n"
	noLimit = `maxframesize = 0 is no limit, but lifetime "shared" needs one: a message must be whole before it goes between those of others; write maxframesize = 1048576, or another number of bytes`
	ahead   = `prefork = 2 does not go with lifetime "shared": what is started ahead is for one client; write prefork = 0, or take another lifetime`
)

// TestSharedFaults: what a file must not contain about lifetime shared. All of it is
// reported together, each with the line of the key to change.
func TestSharedFaults(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		content string
		command string
		want    []string
	}{
		// Values.
		{"shared = \"true\"\nlinger = \"5s\"\n" + catA, "", []string{`1: shared is a string, "true"; write shared = true`}},
		{catA + isOne + "linger = 5\n", "", []string{`4: linger is a number, 5; write linger = "5s"`}},
		{catA + isOne + "linger = 1.5\n", "", []string{`4: linger is a number with a fraction, 1.5; write linger = "1.5s"`}},
		{catA + isOne + "linger = true\n", "", []string{`4: linger is true; write linger = "5s"`}},
		{catA + isOne + "linger = \"5\"\n", "", []string{`4: linger = "5": has no unit: write 5s for seconds`}},
		{catA + isOne + "linger = \"-5s\"\n", "", []string{`4: linger = "-5s": must not be negative`}},
		{catA + isOne + "history = 0\n", "", []string{`4: history = 0: must be at least 4096`}},
		{catA + isOne + "history = \"1K\"\n", "", []string{`4: history = "1K": must be at least 4096`}},
		{catA + isOne + "restart = \"sometimes\"\n", "", []string{`4: restart = "sometimes": must be one of never, on-failure, always`}},
		{catA + isOne + "watch = \"true\"\n", "", []string{`4: watch is a string, "true"; write watch = true`}},
		{catA + "shared = true\n", "", []string{`3: shared is a global key, not one of program a: write lifetime = "shared"`}},
		// Without a program for it.
		{"linger = \"5s\"\nwatch = true\n" + catA, "", []string{
			`1: linger is for lifetime "shared" or mcp = true; write shared = true or mcp = true, or lifetime = "shared" in a program, or take linger out`,
			`2: watch is for lifetime "shared" or "session" or "supervised" or mcp = true; write shared = true or resume = "5m" or mcp = true, or lifetime = "shared" or "session" or "supervised" in a program, or take watch out`}},
		{"start = \"eager\"\n", "cat", []string{`1: start is for lifetime "shared" or mcp = true; write shared = true or mcp = true, or lifetime = "shared" in a program, or take start out`}},
		{catA + "start = \"eager\"\nrestart = \"always\"\n", "", []string{
			`3: program a: start is for lifetime "shared" or mcp = true; write lifetime = "shared", or mcp = true, or take start out`,
			`4: program a: restart is for lifetime "shared" or mcp = true; write lifetime = "shared", or mcp = true, or take restart out`}},
		{"shared = true\n" + catA + isEach + "input = \"none\"\n" + catB, "", []string{
			`5: program a: input is for lifetime "shared" or "supervised"; write lifetime = "shared" or "supervised", or take input out`}},
		{"linger = \"5s\"\n" + catA + "lifetime = \"sharde\"\nwatch = true\n", "", []string{`4: lifetime = "sharde": must be one of connection, session, shared, supervised`}},
		{"shared = true\nstaticdir = \"" + dir + "\"\n", "", []string{`1: shared needs a program: write a [program.NAME], or give COMMAND or --dir`}},
		{"shared = true\nstart = \"eager\"\ndir = \"" + dir + "\"\n", "", []string{
			`2: please only specify one of --start=eager and --dir: it is not known ahead which script will be asked for`}},
		// What does not go together.
		{catA + isOne + "maxframesize = 0\n", "", []string{"4: program a: " + noLimit}},
		{"maxframesize = 0\n" + catA + isOne, "", []string{"4: program a: " + noLimit}},
		{"shared = true\nmaxframesize = 0\n" + catA, "cat", []string{"2: " + noLimit}},
		{catA + isOne + "prefork = 2\n", "", []string{"4: program a: " + ahead}},
		{"prefork = 2\n" + catA + isOne, "", []string{"4: program a: " + ahead}},
		{"prefork = 2\nshared = true\n" + catA, "", []string{"1: program a: " + ahead}},
		{"prefork = 2\nshared = true\n" + catA, "cat", []string{"1: " + ahead}},
		{"resume = \"1h\"\nstaticdir = \"" + dir + "\"\n", "", []string{`1: resume needs a program: write a [program.NAME], or give COMMAND or --dir`}},
	} {
		var command []string
		if test.command != "" {
			command = []string{test.command}
		}
		_, r := configured(t, test.content, command...)
		want := "f.toml:" + strings.Join(test.want, "\nf.toml:")
		if r == nil || r.message != want {
			t.Errorf("%q:\n%+v\nwant\n%s", test.content, r, want)
		}
	}
}

// TestSharedPrograms: which programs of a file are shared, and what they take from
// the flags.
func TestSharedPrograms(t *testing.T) {
	defaults := shared.Lifetime{Start: "first", Input: "all", SlowClient: "close", History: 1 << 20, Restart: "never", Isolate: "none"}
	five := defaults
	five.Linger = 5 * time.Second
	for _, test := range []struct {
		content string
		a, b    any // nil: the connection
		command any
	}{
		{catA + catB, nil, nil, nil},
		{catA + isOne + catB, defaults, nil, nil},
		{"shared = true\n" + catA + catB + isEach, defaults, nil, defaults},
		{"linger = \"5s\"\n" + catA + isOne + catB, five, nil, nil},
		{"shared = false\nlinger = \"5s\"\n" + catA + isOne + catB + isEach, five, nil, nil},
		{"shared = true\nlinger = \"1m\"\n" + catA + "linger = \"5s\"\n" + catB + "linger = \"0s\"\n", five, defaults,
			shared.Lifetime{Start: "first", Input: "all", SlowClient: "close", History: 1 << 20, Restart: "never", Isolate: "none", Linger: time.Minute}},
		{"shared = true\nprefork = 2\n" + catA + isEach + catB + "prefork = 0\n", nil, defaults, "no"},
		{"shared = true\nmaxframesize = 0\n" + catA + "maxframesize = 9\n" + catB + isEach, defaults, nil, "no"},
		{"watch = false\n" + catA + catB + "watch = false\n", nil, nil, nil},
	} {
		for _, command := range [][]string{nil, {"cat"}} {
			if command != nil && test.command == "no" {
				continue // refused, as it should be
			}
			w, r := configured(t, test.content, command...)
			if r != nil {
				t.Errorf("%q: %s", test.content, r.message)
				continue
			}
			cfg := w.config()
			if a, b := cfg.Programs[0].Lifetime, cfg.Programs[1].Lifetime; !reflect.DeepEqual([]any{a, b}, []any{test.a, test.b}) {
				t.Errorf("%q: %+v, %+v", test.content, a, b)
			}
			own := test.command
			if command == nil {
				own = nil
			}
			if !reflect.DeepEqual(any(cfg.Lifetime), own) {
				t.Errorf("%q: COMMAND has %+v", test.content, cfg.Lifetime)
			}
		}
	}
}

// TestSharedBesideFile: the arguments are defaults of the programs, and refused
// only if there is none that can use them.
func TestSharedBesideFile(t *testing.T) {
	if l, _ := programOf(t, catA, "--shared", "--linger=5s").Lifetime.(shared.Lifetime); l.Linger != 5*time.Second {
		t.Errorf("--shared --linger=5s: %+v", l)
	}
	if l, _ := programOf(t, catA+isOne, "--restart=always").Lifetime.(shared.Lifetime); l.Restart != shared.RestartAlways {
		t.Errorf("--restart=always: %+v", l)
	}
	if l := programOf(t, catA+isEach, "--shared", "--linger=5s").Lifetime; l != nil {
		t.Errorf("a program of connections: %+v", l)
	}
	if l, _ := programOf(t, catA+isOne+"start = \"eager\"\n", "--dir="+t.TempDir()).Lifetime.(shared.Lifetime); l.Start != shared.StartEager {
		t.Errorf("beside --dir: %+v", l)
	}
}

// TestSharedReload: changes of the file about lifetime shared take effect for its
// programs, and need a restart for COMMAND only.
func TestSharedReload(t *testing.T) {
	for _, command := range [][]string{nil, {"cat"}} {
		started, r := configured(t, catA, command...)
		if r != nil {
			t.Fatal(r.message)
		}
		next, r := configured(t, "shared = true\nstart = \"eager\"\nlinger = \"5s\"\ninput = \"none\"\nslowclient = \"drop\"\nhistory = 5000\nkeepfirst = 100\nrestart = \"always\"\nwatch = true\n"+catA, command...)
		if r != nil {
			t.Fatal(r.message)
		}
		if got := changes(started.programs, next.programs); got != "; changed: a" {
			t.Errorf("changes: %q", got)
		}
		var out bytes.Buffer
		(&reloader{started: started, log: slog.New(newHandler(&out, "info", "text"))}).sayRestart(next)
		want := ""
		if command != nil {
			want = "Needs a restart             : shared, start, linger, input, slowclient, history, keepfirst, restart, watch, for all but the programs of the file\n"
		}
		if _, got, _ := strings.Cut(out.String(), "|  | "); got != want {
			t.Errorf("with %q: %q", command, got)
		}
	}
}
