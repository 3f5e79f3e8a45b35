package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"websocketd/test/harness"
)

// Commands of the scripts besides those of testscript itself:
//
//	status N websocketd ARGS..   run it and demand the exit status
//	serve ARGS..                 start a server on 127.0.0.1:$PORT
//	stop                         stop it by SIGTERM; it must exit with 0
//	log TEXT / ! log TEXT        wait for a line of its log with TEXT / there is none
//	ws PATH MESSAGE..            connect, send, and print what comes back up to the end
//	http TARGET [HEADER..]       print status, headers and body of a GET
func TestScripts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// What is not served has nothing to do with goroutines, and connect has tests of its own.
	if err := os.Symlink(harness.PlainBinary(t), filepath.Join(dir, "websocketd")); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "serve": serve, "stop": stop, "log": logLine, "ws": ws, "http": httpGet,
		},
	})
}

// scriptT lets a script use the harness.
type scriptT struct {
	*testscript.TestScript
}

func (scriptT) Helper()                             {}
func (t scriptT) Errorf(format string, args ...any) { t.Fatalf(format, args...) }
func (t scriptT) Skipf(format string, args ...any)  { t.Fatalf(format, args...) }
func (t scriptT) Cleanup(f func())                  { t.Defer(f) }
func (t scriptT) Failed() bool                      { return false }

func (t scriptT) TempDir() string {
	dir, err := os.MkdirTemp("", "script-")
	t.Check(err)
	t.Defer(func() { os.RemoveAll(dir) })
	return dir
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, expected %d", strings.Join(args[1:], " "), got, want)
	}
}

// servers are the running servers of the scripts, by script.
var servers sync.Map

func serve(ts *testscript.TestScript, neg bool, args []string) {
	t := scriptT{ts}
	s := harness.Options{Bin: harness.Binary(t), Args: args, Dir: ts.MkAbs("."), Env: serversVariables(ts)}
	server := s.Start(t)
	servers.Store(ts.Name(), server)
	ts.Setenv("PORT", strconv.Itoa(server.Port))
}

// serversVariables are the variables for the server that a script has set.
func serversVariables(ts *testscript.TestScript) (vars []string) {
	for _, name := range []string{"WEBSOCKETD_PORT", "WEBSOCKETD_ADDRESS", "WEBSOCKETD_MAXFORKS", "WEBSOCKETD_MAXLINE", "WEBSOCKETD_HEADER",
		"WEBSOCKETD_ORIGIN", "WEBSOCKETD_BINARY", "WEBSOCKETD_LOGLEVEL", "WEBSOCKETD_CONFIG", "HOME", "XDG_CONFIG_HOME"} {
		if value := ts.Getenv(name); value != "" {
			vars = append(vars, name+"="+value)
		}
	}
	return vars
}

func running(ts *testscript.TestScript) *harness.Server {
	s, ok := servers.Load(ts.Name())
	if !ok {
		ts.Fatalf("no server: use serve first")
	}
	return s.(*harness.Server)
}

func stop(ts *testscript.TestScript, neg bool, args []string) {
	s, t := running(ts), scriptT{ts}
	s.Signal(t, syscall.SIGTERM)
	if got := s.Wait(t); got != 0 {
		ts.Fatalf("stopped by SIGTERM: exit status %d", got)
	}
}

func logLine(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	if neg {
		if found := s.Out.With(args...); len(found) > 0 {
			ts.Fatalf("the log has %q", found)
		}
		return
	}
	fmt.Fprintln(ts.Stdout(), s.Out.Await(scriptT{ts}, args...))
}

func ws(ts *testscript.TestScript, neg bool, args []string) {
	s, t := running(ts), scriptT{ts}
	c := s.ConnectTo(t, args[0])
	for _, message := range args[1:] {
		ts.Check(c.Text(message))
	}
	messages, end := c.Rest(t)
	for _, m := range messages {
		fmt.Fprintln(ts.Stdout(), m)
	}
	fmt.Fprintln(ts.Stdout(), strings.TrimSpace(fmt.Sprintf("closed %d %s", end.Code, end.Reason)))
}

func httpGet(ts *testscript.TestScript, neg bool, args []string) {
	r := harness.Get(args[0])
	for _, header := range args[1:] {
		name, value, _ := strings.Cut(header, ": ")
		r = r.With(name, value)
	}
	c := running(ts).Ask(scriptT{ts}, r)
	out := ts.Stdout()
	fmt.Fprintln(out, c.Response.Status)
	var names []string
	for name := range c.Response.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(out, "%s: %s\n", name, strings.Join(c.Response.Header[name], ", "))
	}
	fmt.Fprintf(out, "\n%s", c.Body)
}
