package libwebsocketd

import (
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/stdio"
)

// TestConfigCheck checks the table of what New refuses; the error names the field.
func TestConfigCheck(t *testing.T) {
	command := []string{"/bin/cat"}
	for field, cfg := range map[string]Config{
		"nothing to serve":         {},
		"Command and Dir":          {Command: command, Dir: "/"},
		"StaticDir and Static":     {StaticDir: "/", Static: os.DirFS("/")},
		"MaxLine is 3":             {Command: command, Settings: Settings{MaxLine: 3}},
		"MaxLine is -1":            {Command: command, Settings: Settings{MaxLine: -1}},
		"Origins: \"http://a/x\"":  {Command: command, Settings: Settings{Origins: []string{"b", "http://a/x"}}},
		"Hosts: \"http://a\"":      {Command: command, Hosts: []string{"http://a"}},
		"CloseDelay":               {Command: command, Settings: Settings{CloseDelay: -time.Second}},
		"Stderr tag":               {Command: command, Settings: Settings{Binary: true, Stderr: StderrTag}},
		"Protocols has \"a b\"":    {Command: command, Settings: Settings{Protocols: []string{"a b"}}},
		"Prefork is negative":      {Command: command, Settings: Settings{Prefork: -1}},
		"PreforkRequest needs":     {Command: command, Settings: Settings{PreforkRequest: true}},
		"Prefork and Dir":          {Dir: "/", Settings: Settings{Prefork: 1}},
		"Prefork needs Command":    {StaticDir: "/", Settings: Settings{Prefork: 1}},
		"Prefork is 3, more":       {Command: command, Settings: Settings{Prefork: 3}, MaxForks: 2},
		"Prefork is 1025, more":    {Command: command, Settings: Settings{Prefork: 1025}},
		`Stderr is "x"`:            {Command: command, Settings: Settings{Stderr: "x"}},
		`Framing is "x"`:           {Command: command, Settings: Settings{Framing: "x"}},
		`Newlines is "x"`:          {Command: command, Settings: Settings{Newlines: "x"}},
		"the framing raw":          {Command: command, Settings: Settings{Framing: stdio.FramingRaw, Binary: true}},
		"the framing null":         {Command: command, Settings: Settings{Framing: stdio.FramingNull, Stderr: StderrTag}},
		"Newlines is for":          {Command: command, Settings: Settings{Framing: stdio.FramingNull, Newlines: stdio.NewlinesEscape}},
		"Newlines is for the":      {Command: command, Settings: Settings{Binary: true, Newlines: stdio.NewlinesReject}},
		"length needs a MaxFrame":  {Command: command, Settings: Settings{Framing: stdio.FramingLength, MaxFrameSize: -1}},
		"Sec-WebSocket-Extensions": {Command: command, HeaderWS: http.Header{"Sec-Websocket-Extensions": {"x"}}},
	} {
		server, err := New(cfg)
		if err == nil {
			server.Shutdown(t.Context())
		}
		if err == nil || !strings.HasPrefix(err.Error(), "config: ") || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestConfigDefaults: zero is the default, negative is none.
func TestConfigDefaults(t *testing.T) {
	cfg := Config{Dir: "/"}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	p := settings(t, cfg)
	if cfg.MaxForks != 1024 || p.MaxFrameSize != 1<<20 || p.MaxLine != 1<<20 || p.PingInterval != 30*time.Second ||
		p.Stderr != StderrLog || cfg.ServerSoftware != "websocketd" || cfg.Logger == nil || cfg.ErrorLog.Writer() != io.Discard {
		t.Errorf("%+v, %+v", cfg, p)
	}
	cfg = Config{Dir: "/", MaxForks: -1, Settings: Settings{MaxFrameSize: -1, PingInterval: -1, MaxLine: 4, PassEnv: []string{}}}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	p = settings(t, cfg)
	if cfg.MaxForks != -1 || p.MaxFrameSize != -1 || p.PingInterval != -1 || p.MaxLine != 4 || len(p.PassEnv) != 0 {
		t.Errorf("%+v, %+v", cfg, p)
	}
}

// settings returns those of the Config's own program, complete.
func settings(t testing.TB, cfg Config) *Program {
	t.Helper()
	p := cfg.own()
	if err := p.complete(); err != nil {
		t.Fatal(err)
	}
	return &p
}

// TestConfigIsCopied: New promises that its Config may be changed later.
func TestConfigIsCopied(t *testing.T) {
	cfg := Config{
		Command:  []string{"/bin/cat", "a"},
		Settings: Settings{Protocols: []string{"one"}},
		Header:   http.Header{"X-A": {"1"}},
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown(t.Context())
	cfg.Command[1] = "b"
	cfg.Protocols[0] = "two"
	cfg.Header.Set("X-A", "2")
	cfg.Header.Set("X-B", "2")
	r := asked{headers: "Sec-WebSocket-Protocol: one, two\r\n"}.request(t)
	to, _ := s.route(r)
	if to.argv[1] != "a" {
		t.Errorf("the command is now %q", to.argv)
	}
	h := to.program.ownHeader()
	to.program.confirm(h, r, slog.New(slog.DiscardHandler))
	if h.Get("X-A") != "1" || h.Get("X-B") != "" || h.Get("Sec-WebSocket-Protocol") != "one" {
		t.Errorf("the headers are now %v", h)
	}
}
