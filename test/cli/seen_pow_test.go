package cli

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// calling is o with --dir and scripts, which can be called by name.
func calling(t *testing.T, o harness.Options, scripts map[string]string) harness.Options {
	o.Dir = harness.Scripts(t, scripts)
	o.Args = append([]string{"--dir=."}, o.Args...)
	return o
}

// whereCalled is the path below which programs can be called by name.
func whereCalled(t *testing.T, o harness.Options) string {
	s := calling(t, o, map[string]string{"hi": "echo hi"}).Start(t)
	for _, base := range []string{"/pow/", "/one/"} {
		c := s.Ask(t, harness.Handshake(base).Add("Sec-WebSocket-Protocol", "pow-1"))
		if c.Status() != http.StatusSwitchingProtocols {
			continue
		}
		c.Binary([]byte(`{"call":"hi"}`))
		c.Expect(t, "hi\n", `{"status":"fulfilled","value":null}`)
		return base
	}
	return "nowhere"
}

// keptUntil is how long the server says that it keeps calls: to wait for it takes a minute at
// least. That it does is tested with a clock that is none, in package pow.
func keptUntil(t *testing.T, o harness.Options) string {
	o.Args = append([]string{"--pow"}, o.Args...)
	s := calling(t, o, map[string]string{"hi": "echo hi"}).Start(t)
	_, kept, _ := strings.Cut(s.Out.Await(t, "Keeping calls over HTTP"), ": for ")
	kept, _, _ = strings.Cut(kept, " after")
	return kept
}

// called makes a call over HTTP, and returns its output once it has ended.
func called(t *testing.T, s *harness.Server, name string) string {
	t.Helper()
	var id string
	if c := s.Ask(t, harness.Post("/pow/new", `{"call":"`+name+`"}`)); c.Status() != http.StatusOK || json.Unmarshal([]byte(c.Body), &id) != nil {
		t.Fatalf("%d %s", c.Status(), c.Body)
	}
	var state struct {
		Buffer string
		Result struct{ Status string }
	}
	harness.Until(t, "the call ends", func() bool {
		c := s.Ask(t, harness.Get("/pow/status/"+id))
		if err := json.Unmarshal([]byte(c.Body), &state); err != nil {
			t.Fatalf("%d %s: %v", c.Status(), c.Body, err)
		}
		return state.Result.Status == "fulfilled"
	})
	return state.Buffer
}

// linesKept is how many lines of a call's output can be asked for.
func linesKept(t *testing.T, o harness.Options) string {
	o.Args = append([]string{"--pow"}, o.Args...)
	s := calling(t, o, map[string]string{"count": "seq 3000"}).Start(t)
	lines := strings.Split(called(t, s, "count"), "\n")
	if lines[len(lines)-1] != "3000" {
		t.Errorf("the last line is %q", lines[len(lines)-1])
	}
	return strconv.Itoa(len(lines))
}

// --history bounds the bytes of a call's output, and --maxsessions the calls.
func TestSessionFlagsOfCalls(t *testing.T) {
	t.Parallel()
	o := harness.Options{Bin: harness.Binary(t), Args: []string{"--pow", "--history=4K", "--maxsessions=1"}}
	s := calling(t, o, map[string]string{"count": "seq 3000", "wait": "exec cat"}).Start(t)
	output := called(t, s, "count")
	if n := len(output); n > 4096 || n < 2048 || !strings.HasSuffix(output, "\n2999\n3000") {
		t.Errorf("%d bytes are kept: %q", n, output)
	}
	wait := harness.Post("/pow/new", `{"call":"wait"}`)
	if c := s.Ask(t, wait); c.Status() != http.StatusOK { // in the place of the one that is over
		t.Errorf("a call: %d %s", c.Status(), c.Body)
	}
	if c := s.Ask(t, wait); c.Status() != http.StatusTooManyRequests || !strings.Contains(c.Body, "(see --maxsessions)") {
		t.Errorf("the second: %d %s", c.Status(), c.Body)
	}
}

// What a file says of calls takes effect on SIGHUP for programs; the rest needs a restart.
func TestCallsOverReload(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f.toml")
	write := func(global, keys string) {
		harness.WriteFile(t, file, "pow = true\n"+global+"[program.say]\ncommand = [\"echo\"]\n"+keys, 0o644)
	}
	write("", "params = []\n")
	s := harness.Start(t, harness.Binary(t), "--config="+file)
	call := func(params, value string) {
		t.Helper()
		c := s.Open(t, harness.Handshake("/pow/").Add("Sec-WebSocket-Protocol", "pow-1"))
		c.Binary([]byte(`{"call":"say","params":[` + params + `]}`))
		got, end := c.Rest(t)
		if last := got[len(got)-1]; end.Code != 1000 || last != value {
			t.Errorf("with %s: %q, %v, expected %s", params, got, end, value)
		}
	}
	call(`"1"`, `{"status":"rejected","reason":"failed to get process: invalid args: 1 parameter is given, none is taken"}`)
	write("powlines = 2000\nhistory = 5000\n", "params = [\"[0-9]\"]\nresult = \"lastline-json\"\n")
	s.Signal(t, syscall.SIGHUP)
	s.Out.Await(t, "Configuration read again", "changed: say")
	s.Out.Await(t, "Needs a restart             : history, powlines")
	call(`"1"`, `{"status":"fulfilled","value":1}`)
	call(`"12"`, `{"status":"rejected","reason":"failed to get process: invalid args: parameter 1 is not of the form that is wanted there"}`)
}
