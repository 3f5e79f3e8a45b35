package libwebsocketd

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/stdio"
)

// TestProgramHasSettings: Config.Program hands its Settings over, and nothing else but
// headers.
func TestProgramHasSettings(t *testing.T) {
	t.Parallel()
	cfg := Config{MaxForks: 7, Command: []string{"x"}, Settings: Settings{
		Origins: []string{"a.com"}, PassEnv: []string{"A"}, Prefork: 3, Framing: stdio.FramingRaw, MaxLine: 9, Lifetime: someLifetime{"x"},
	}}
	if got := cfg.Program(); !reflect.DeepEqual(got, Program{Settings: cfg.Settings, Header: http.Header{}}) {
		t.Errorf("%+v", got)
	}
	cfg.Header, cfg.HeaderWS = http.Header{"A": {"1"}, "B": {"1"}}, http.Header{"B": {"2"}}
	if got := cfg.Program().Header; !reflect.DeepEqual(got, http.Header{"A": {"1"}, "B": {"2"}}) {
		t.Errorf("the headers are %v", got)
	}
}

// someLifetime is one that nothing is served with.
type someLifetime struct{ fault string }

func (l someLifetime) Check(*Program) error {
	if l.fault != "" {
		return errors.New(l.fault)
	}
	return nil
}

func (someLifetime) Serve(*Runtime) Supervisor { panic("nothing is served") }

// TestProgramCheck checks the table of what New and Reload refuse of a Program.
func TestProgramCheck(t *testing.T) {
	t.Parallel()
	cat := []string{"/bin/cat"}
	s := routing(t, Config{Command: cat})
	before := s.routes.Load()
	for want, programs := range map[string][]Program{
		`program "": it has no Name`:                     {{Command: cat}},
		`program "a": it has no Command`:                 {{Name: "a"}},
		`another has the same Name`:                      {{Name: "a", Command: cat}, {Name: "a", Path: "/b", Command: cat}},
		`program "b": the path /a is taken by program a`: {{Name: "a", Command: cat}, {Name: "b", Path: "/a", Command: cat}},
		`the path / is taken by Command or Dir`:          {{Name: "a", Path: "/", Command: cat}},
		`the path "a" is not clean`:                      {{Name: "a", Path: "a", Command: cat}},
		`the path "/a/" is not clean`:                    {{Name: "a", Path: "/a/", Command: cat}},
		`the path "/a/../b" is not clean`:                {{Name: "a", Path: "/a/../b", Command: cat}},
		`the path "/a?b" is not one of a URL`:            {{Name: "a?b", Command: cat}},
		`the path "/a\x00" is not one`:                   {{Name: "a", Path: "/a\x00", Command: cat}},
		`it does not live`:                               {{Name: "a", Command: cat, Settings: Settings{Lifetime: someLifetime{"it does not live"}}}},
		`Prefork is for processes that belong`:           {{Name: "a", Command: cat, Settings: Settings{Prefork: 1, Lifetime: someLifetime{}}}},
		`contains a NUL`:                                 {{Name: "a", Command: []string{"/bin/cat", "\x00"}}},
		`Env has "A", which is not NAME=VALUE`:           {{Name: "a", Command: cat, Env: []string{"A"}}},
		`"" cannot be a variable's name`:                 {{Name: "a", Command: cat, Env: []string{"=1"}}},
		`REMOTE_ADDR tells a program of`:                 {{Name: "a", Command: cat, Env: []string{"REMOTE_ADDR=1"}}},
		`HTTPS tells a program of`:                       {{Name: "a", Command: cat, Env: []string{"HTTPS=on"}}},
		`MaxLine is 3`:                                   {{Name: "a", Command: cat, Settings: Settings{MaxLine: 3}}},
		`CloseDelay is negative`:                         {{Name: "a", Command: cat, Settings: Settings{CloseDelay: -time.Second}}},
		`Stderr tag`:                                     {{Name: "a", Command: cat, Settings: Settings{Stderr: StderrTag, Binary: true}}},
		`Stderr is "x"`:                                  {{Name: "a", Command: cat, Settings: Settings{Stderr: "x"}}},
		`Prefork is 3, more than the 2`:                  {{Name: "a", Command: cat, Settings: Settings{Prefork: 3}, MaxForks: 2}},
		`PreforkRequest needs`:                           {{Name: "a", Command: cat, Settings: Settings{PreforkRequest: true}}},
		`Prefork is 1025, more than the 1024`:            {{Name: "a", Command: cat, Settings: Settings{Prefork: 1000}}, {Name: "b", Command: cat, Settings: Settings{Prefork: 25}}},
		`Sec-WebSocket-Extensions`:                       {{Name: "a", Command: cat, Header: http.Header{"Sec-Websocket-Extensions": {"x"}}}},
	} {
		cfg := Config{Programs: programs, Command: cat}
		err := cfg.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), "config: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if err := s.Reload(programs); err == nil || !strings.HasPrefix(err.Error(), "reload: config: ") || s.routes.Load() != before {
			t.Errorf("%s: Reload: %v", want, err)
		}
	}
}

// TestProgramIsCopied: New promises that its Config may be changed later.
func TestProgramIsCopied(t *testing.T) {
	t.Parallel()
	programs := []Program{{Name: "a", Command: []string{"/bin/cat", "a"}, Env: []string{"A=1"}, Header: http.Header{"X-A": {"1"}}}}
	s := routing(t, Config{Programs: programs})
	before := s.routes.Load().programs[0]
	if err := s.Reload(programs); err != nil || s.routes.Load().programs[0] != before {
		t.Errorf("the same again: %v, %v", err, s.routes.Load().programs[0])
	}
	programs[0].Command[1], programs[0].Env[0] = "b", "A=2"
	programs[0].Header.Set("X-A", "2")
	if before.Command[1] != "a" || before.Env[0] != "A=1" || before.Header.Get("X-A") != "1" {
		t.Errorf("%+v", before.Program)
	}
	if err := s.Reload(programs); err != nil || s.routes.Load().programs[0] == before {
		t.Errorf("changed: %v", err)
	}
}

// TestRequestVariables: the list of names that cannot be set is what is set.
func TestRequestVariables(t *testing.T) {
	t.Parallel()
	var names []string
	for _, entry := range environmentOf(t, catOnly, asked{}.request(t)) {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "HTTP_") && name != "SERVER_SOFTWARE" {
			names = append(names, name)
		}
	}
	if !slices.Equal(names, requestVariables) {
		t.Errorf("set are %q\nlisted are %q", names, requestVariables)
	}
}

// TestProgramEnvironment: Env is added to what PassEnv names, and stands in its place.
func TestProgramEnvironment(t *testing.T) {
	t.Setenv("PASSED", "one")
	t.Setenv("OTHER", "two")
	p := Program{Name: "a", Command: []string{"/bin/cat"}, Settings: Settings{PassEnv: []string{"PASSED", "OTHER"}},
		Env: []string{"ADDED= a\nb ", "PASSED=mine", "EMPTY=", "SERVER_SOFTWARE=mine"}}
	got := environmentOf(t, Config{Programs: []Program{p}}, asked{target: "/a"}.request(t))
	for _, want := range []string{"ADDED= a\nb ", "PASSED=mine", "OTHER=two", "EMPTY=", "SERVER_SOFTWARE=mine", "SCRIPT_NAME=/a"} {
		name, value, _ := strings.Cut(want, "=")
		if v, ok := lookup(got, name); !ok || v != value {
			t.Errorf("%s is %q, %v", name, v, ok)
		}
	}
}
