package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"websocketd/libwebsocketd/process"
)

// runMain makes this test binary the command itself.
const runMain = "CLI_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	process.GuardianMain()
	if os.Getenv(runMain) != "" {
		os.Exit(Main(testBuild))
	}
	goleak.VerifyTestMain(m)
}

var testBuild = Build{Version: "1.2.3", Info: "today", License: "the licence\n"}

// command returns the real command as a process, with no environment but the one
// given.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append([]string{runMain + "=1", "PATH=" + os.Getenv("PATH"), "GOCOVERDIR=" + t.TempDir()}, env...)
	return cmd
}

// invoke runs the command in this process with the environment given.
func invoke(env map[string]string, args ...string) (status int, stdout, stderr string) {
	var out, errOut bytes.Buffer
	status = invocation{
		build:   testBuild,
		name:    "websocketd",
		args:    args,
		environ: entries(env),
		stdout:  &out,
		stderr:  &errOut,
	}.run()
	return status, out.String(), errOut.String()
}

// entries returns variables as the system passes them.
func entries(env map[string]string) (entries []string) {
	for name, value := range env {
		entries = append(entries, name+"="+value)
	}
	return entries
}

// theParser is one parser for the tests of what it makes of settings, one after the other: reading the
// grammar takes most of the time of such a test.
var theParser = sync.OnceValue(newParser)

// resolved returns what would be served; it fails the test when nothing would.
func resolved(t *testing.T, env map[string]string, args ...string) (*options, []string) {
	t.Helper()
	i := invocation{args: args, environ: entries(env)}
	p := theParser()
	line, err := scan(p.Model.Flags, args)
	if err != nil {
		t.Fatal(err)
	}
	w, notes, r := i.resolve(p, line)
	if r != nil {
		t.Fatalf("refused: %s", r.message)
	}
	return w, notes
}

// TestRefusals is the table of what does not start, in its order, with its
// streams and exit statuses.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	const missing = "Please specify COMMAND or provide --dir, --staticdir or --cgidir argument."
	const both = "ambiguous: provided COMMAND and --dir argument, please only specify one"
	const tagBinary = "please only specify one of --binary and --passstderr"
	tests := []struct {
		name   string
		env    string // NAME=VALUE
		args   []string
		status int
		stdout string // first line
		stderr string // first line
		more   string // the rest of standard error: usage, help, or nothing
	}{
		{"unknown flag", "", []string{"--nosuch"}, 2, "", "flag provided but not defined: --nosuch", "help"},
		{"unknown flag before help", "", []string{"--nosuch", "--help"}, 2, "", "flag provided but not defined: --nosuch", "help"},
		{"bad number", "", []string{"-port=abc"}, 2, "", `invalid value "abc" for flag --port: must be a number from 0 to 65535`, "help"},
		{"empty number", "", []string{"-port="}, 2, "", `invalid value "" for flag --port: must be a number from 0 to 65535`, "help"},
		{"big number", "", []string{"--port", "99999999999999999999"}, 2, "", `invalid value "99999999999999999999" for flag --port: must be a number from 0 to 65535`, "help"},
		{"negative number", "", []string{"--closems=-1"}, 2, "", `invalid value "-1" for flag --closems: must be a whole number that is not negative`, "help"},
		{"bad boolean", "", []string{"--binary=maybe"}, 2, "", `invalid boolean value "maybe" for --binary: must be true or false`, "help"},
		{"no value", "", []string{"--port"}, 2, "", "flag needs an argument: --port=PORT", "help"},
		{"three hyphens", "", []string{"---port=1"}, 2, "", "bad flag syntax: ---port=1", "help"},
		{"bad choice", "", []string{"--stderr=x"}, 2, "", `invalid value "x" for flag --stderr: must be one of log, tag, merge, discard`, "help"},
		{"small size", "", []string{"--maxline=3"}, 2, "", `invalid value "3" for flag --maxline: must be at least 4`, "help"},
		{"bad value before version", "", []string{"--port=x", "--version"}, 2, "", `invalid value "x" for flag --port: must be a number from 0 to 65535`, "help"},
		{"nothing", "", nil, 1, "Command line arguments are missing.", "", "usage"},
		{"version", "", []string{"--version", "--loglevel=x"}, 0, "websocketd 1.2.3 (", "", ""},
		{"version despite environment", "WEBSOCKETD_PORT=x", []string{"--version"}, 0, "websocketd 1.2.3 (", "", ""},
		{"environment", "WEBSOCKETD_PORT=x", []string{"cat"}, 2, "", `invalid value "x" for environment variable WEBSOCKETD_PORT: must be a number from 0 to 65535`, ""},
		{"log level", "", []string{"--loglevel=x", "--binary", "--passstderr"}, 1, "Incorrect loglevel flag 'x'. Use --help to see allowed values.", "", "help"},
		{"empty log level", "", []string{"--loglevel=", "cat"}, 1, "Incorrect loglevel flag ''. Use --help to see allowed values.", "", "help"},
		{"log level of the environment", "WEBSOCKETD_LOGLEVEL=x", []string{"cat"}, 2, "", `invalid value "x" for environment variable WEBSOCKETD_LOGLEVEL: must be one of debug, trace, access, info, error, fatal, none`, ""},
		{"binary and passstderr", "", []string{"--binary", "--passstderr"}, 1, "", tagBinary, ""},
		{"binary and tag", "", []string{"--binary", "--stderr=tag", "cat"}, 1, "", tagBinary, ""},
		{"binary and tag of the environment", "WEBSOCKETD_PASSSTDERR=1", []string{"--binary", "cat"}, 1, "", tagBinary, ""},
		{"passstderr and another mode", "", []string{"--passstderr", "--stderr=merge", "cat"}, 1, "", "please only specify one of --passstderr and --stderr=merge; --passstderr is --stderr=tag", ""},
		{"binary and framing", "", []string{"--binary", "--framing=raw", "cat"}, 1, "", "please only specify one of --binary and --framing=raw", ""},
		{"binary and lines", "", []string{"--binary", "--framing=line", "cat"}, 1, "", "please only specify one of --binary and --framing=line", ""},
		{"binary and preset", "", []string{"--binary", "--preset=mcp", "cat"}, 1, "", "please only specify one of --binary and --preset=mcp", ""},
		{"tag and framing", "", []string{"--passstderr", "--framing=null", "cat"}, 1, "", "please only specify one of --stderr=tag and --framing=null: tagged streams are lines", ""},
		{"tag and preset of the environment", "WEBSOCKETD_PRESET=lsp", []string{"--stderr=tag", "cat"}, 1, "", "please only specify one of --stderr=tag and --preset=lsp: tagged streams are lines", ""},
		{"newlines and framing", "", []string{"--newlines=pass", "--framing=lsp", "cat"}, 1, "", "please only specify one of --newlines and --framing=lsp: newlines matter where messages are lines", ""},
		{"newlines and binary", "", []string{"--newlines=escape", "--binary", "cat"}, 1, "", "please only specify one of --newlines and --binary: newlines matter where messages are lines", ""},
		{"length without limit", "", []string{"--framing=length", "--maxframesize=0", "cat"}, 1, "", "please specify a limit as --maxframesize when requesting --framing=length: a message must be whole before it is passed on", ""},
		{"preset without limit", "", []string{"--preset=mcp", "--maxframesize=0", "cat"}, 1, "", "please specify a limit as --maxframesize when requesting --preset=mcp: a message must be whole before it is passed on", ""},
		{"bad preset", "", []string{"--preset=x", "cat"}, 2, "", `invalid value "x" for flag --preset: must be one of none, mcp, lsp`, "help"},
		{"extensions header", "", []string{"--header=sec-websocket-extensions: x", "cat"}, 2, "", `invalid value "sec-websocket-extensions: x" for flag --header: would make clients refuse every connection: extensions are negotiated, leave this header out`, "help"},
		{"header without a name", "", []string{"--header-ws=: x", "cat"}, 2, "", `invalid value ": x" for flag --header-ws: must be NAME:VALUE, with letters, digits and hyphens for NAME`, "help"},
		{"nothing to serve", "", []string{"--port=1"}, 1, "", missing, "usage"},
		{"nothing behind --", "", []string{"--"}, 1, "", missing, "usage"},
		{"nothing but environment", "WEBSOCKETD_PORT=1", nil, 1, "", missing, "usage"},
		{"command and dir", "", []string{"--dir=" + dir, "cat"}, 1, "", both, "help"},
		{"command and dir of the environment", "WEBSOCKETD_DIR=" + dir, []string{"cat"}, 1, "", both + " (--dir comes from WEBSOCKETD_DIR)", "help"},
		{"negative prefork", "", []string{"--prefork=-1", "cat"}, 2, "", `invalid value "-1" for flag --prefork: must be a whole number that is not negative`, "help"},
		{"prefork and dir", "", []string{"--prefork=1", "--dir=" + dir}, 1, "", "please only specify one of --prefork and --dir: it is not known ahead which script will be asked for", ""},
		{"prefork of files", "", []string{"--prefork=1", "--staticdir=" + dir}, 1, "", "please specify COMMAND when requesting --prefork", ""},
		{"prefork over maxforks", "", []string{"--prefork=3", "--maxforks=2", "cat"}, 1, "", "please specify at most --prefork=2, or a larger --maxforks: processes that are started ahead count, too", ""},
		{"preforkrequest alone", "", []string{"--preforkrequest", "cat"}, 1, "", "please specify --prefork when requesting --preforkrequest", ""},
		{"preforkrequest of the environment", "WEBSOCKETD_PREFORKREQUEST=1", []string{"cat"}, 1, "", "please specify --prefork when requesting --preforkrequest", ""},
		{"time without a unit", "", []string{"--linger=5", "cat"}, 2, "", `invalid value "5" for flag --linger: has no unit: write 5s for seconds`, "help"},
		{"history of nothing", "", []string{"--history=0", "cat"}, 2, "", `invalid value "0" for flag --history: must be at least 4096`, "help"},
		{"start alone", "", []string{"--start=first", "cat"}, 1, "", "please specify --shared or --mcp when requesting --start", ""},
		{"linger alone", "", []string{"--linger=5s", "cat"}, 1, "", "please specify --shared or --mcp when requesting --linger", ""},
		{"input alone", "", []string{"--input=none", "cat"}, 1, "", "please specify --shared when requesting --input", ""},
		{"slowclient alone", "", []string{"--slowclient=drop", "cat"}, 1, "", "please specify --shared when requesting --slowclient", ""},
		{"history alone", "", []string{"--history=4K", "cat"}, 1, "", "please specify --shared or --resume or --mcp or --pow when requesting --history", ""},
		{"restart alone", "", []string{"--restart=always", "cat"}, 1, "", "please specify --shared or --mcp when requesting --restart", ""},
		{"watch alone", "", []string{"--watch", "cat"}, 1, "", "please specify --shared or --resume or --mcp when requesting --watch", ""},
		{"watch of files", "", []string{"--watch", "--staticdir=" + dir}, 1, "", "please specify --shared or --resume or --mcp when requesting --watch", ""},
		{"linger of the environment", "WEBSOCKETD_LINGER=5s", []string{"--shared=false", "cat"}, 1, "", "please specify --shared or --mcp when requesting --linger", ""},
		{"shared of files", "", []string{"--shared", "--staticdir=" + dir}, 1, "", "please specify COMMAND or --dir when requesting --shared", ""},
		{"shared and prefork", "WEBSOCKETD_SHARED=1", []string{"--prefork=1", "cat"}, 1, "", "please only specify one of --shared and --prefork: what is started ahead is for one client", ""},
		{"shared without limit", "", []string{"--shared", "--maxframesize=0", "cat"}, 1, "", "please specify a limit as --maxframesize when requesting --shared: a message must be whole before it goes between those of others", ""},
		{"once and shared", "", []string{"--once", "--shared", "cat"}, 1, "", "please only specify one of --once and --shared: all clients have one process, and --exitwithchild ends with it", ""},
		{"eager and dir", "", []string{"--shared", "--start=eager", "--dir=" + dir}, 1, "", "please only specify one of --start=eager and --dir: it is not known ahead which script will be asked for", ""},
		{"no such command", "", []string{"no-such-command"}, 1, "", "unable to locate specified COMMAND 'no-such-command' in OS path", "help"},
		{"command not executable", "", []string{file}, 1, "", file + " may not be executed; chmod +x makes it so", "help"},
		{"empty command", "", []string{""}, 1, "", "COMMAND is empty: the name of a program is missing", "help"},
		{"command like a flag", "", []string{"--", "-x"}, 1, "", "unable to locate specified COMMAND '-x' in OS path", "help"},
		{"no such dir", "", []string{"--dir=" + dir + "/none"}, 1, "", "could not find your script dir '" + dir + "/none': there is no such directory", "help"},
		{"dir is a file", "", []string{"--dir=" + file}, 1, "", "did you mean to specify COMMAND instead of --dir '" + file + "'?", "help"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name, value, _ := strings.Cut(test.env, "=")
			status, stdout, stderr := invoke(map[string]string{name: value}, test.args...)
			if status != test.status {
				t.Errorf("exit status %d, want %d", status, test.status)
			}
			if first, _, _ := strings.Cut(stdout, "\n"); !strings.HasPrefix(first, test.stdout) || (test.stdout == "") != (stdout == "") {
				t.Errorf("stdout starts %q, want %q", first, test.stdout)
			}
			first, more := "", stderr
			if stdout == "" {
				first, more, _ = strings.Cut(stderr, "\n")
			}
			if first != test.stderr {
				t.Errorf("stderr starts %q, want %q", first, test.stderr)
			}
			want := map[string]string{"": "", "help": "websocketd --help shows every option.\n", "usage": "Usage:\n"}[test.more]
			if !strings.Contains(more, want) || test.more != "usage" && more != want {
				t.Errorf("then %q, want %q", more, want)
			}
		})
	}
}
