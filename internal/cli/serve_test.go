package cli

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/manager"
	"websocketd/libwebsocketd/session"
	"websocketd/libwebsocketd/shared"
)

func TestConfig(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	script := filepath.Join(os.Getenv("PATH"), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	defaults := func(change func(*libwebsocketd.Config)) libwebsocketd.Config {
		cfg := libwebsocketd.Config{
			Command: []string{script}, Addresses: []string{}, CGIPath: "/", Settings: libwebsocketd.Settings{
				Stderr:       libwebsocketd.StderrLog,
				Framing:      libwebsocketd.FramingLine,
				Newlines:     libwebsocketd.NewlinesPass,
				MaxLine:      1 << 20,
				MaxFrameSize: 1 << 20,
				PingInterval: 30 * time.Second,
			},
			MaxForks: 1024, MaxHeader: libwebsocketd.DefaultMaxHeader, MaxMemory: libwebsocketd.DefaultMaxMemory,
			Header: map[string][]string{}, HeaderWS: map[string][]string{}, HeaderHTTP: map[string][]string{},
		}
		if change != nil {
			change(&cfg)
		}
		return cfg
	}
	const none = -1
	tests := []struct {
		args []string
		want func(*libwebsocketd.Config)
	}{
		{[]string{"script"}, nil},
		{[]string{"script", "--port=1", "--"}, func(c *libwebsocketd.Config) { c.Command = []string{script, "--port=1", "--"} }},
		{[]string{"--maxforks=0", "--maxframesize=0", "--pingms=0", "script"}, func(c *libwebsocketd.Config) {
			c.MaxForks, c.MaxFrameSize, c.PingInterval = none, none, none
		}},
		{[]string{"--pingms=18446744073709551615", "--closems=250", "script"}, func(c *libwebsocketd.Config) {
			c.PingInterval, c.CloseDelay = math.MaxInt64, 250*time.Millisecond
		}},
		{[]string{"--port=1", "--port=8080", "--address=::1", "--address=", "--address", "a,b", "script"}, func(c *libwebsocketd.Config) {
			c.Port, c.Addresses = 8080, []string{"::1", "a", "b"}
		}},
		{[]string{"--passenv=", "--origin=a", "--origin=", "script"}, func(c *libwebsocketd.Config) { c.PassEnv, c.Origins = []string{}, []string{} }},
		{[]string{"--passenv=A, B,", "--host=*", "--protocol=x,y", "--sameorigin", "--reverselookup", "--binary", "script"}, func(c *libwebsocketd.Config) {
			c.PassEnv, c.Hosts, c.Protocols = []string{"A", "B"}, []string{"*"}, []string{"x", "y"}
			c.SameOrigin, c.ReverseLookup, c.Binary = true, true, true
		}},
		{[]string{"--header=a-b: c:d ", "--header", "A-B:e\r\nX: y", "--header=", "--header-ws=Empty:", "--header-http=n:", "script"}, func(c *libwebsocketd.Config) {
			c.Header["A-B"] = []string{"c:d", "e  X: y"}
			c.HeaderWS["Empty"] = []string{""}
			c.HeaderHTTP["N"] = []string{""}
		}},
		{[]string{"--prefork=2000", "--maxforks=0", "--preforkrequest", "script"}, func(c *libwebsocketd.Config) {
			c.Prefork, c.MaxForks, c.PreforkRequest = 2000, none, true
		}},
		{[]string{"--passstderr", "--maxline=64K", "--unixsocket=s", "script"}, func(c *libwebsocketd.Config) {
			c.Stderr, c.MaxLine, c.UnixSocket = libwebsocketd.StderrTag, 65536, "s"
		}},
		{[]string{"--newlines=escape", "script"}, func(c *libwebsocketd.Config) { c.Newlines = libwebsocketd.NewlinesEscape }},
		{[]string{"--shared", "script"}, func(c *libwebsocketd.Config) {
			c.Lifetime = shared.Lifetime{Start: "first", Input: "all", SlowClient: "close", History: 1 << 20, Restart: "never", Isolate: "none"}
		}},
		{[]string{"--shared", "--start=eager", "--linger=1m30s", "--input=none", "--slowclient=block", "--history=4K", "--keepfirst=1K", "--restart=on-failure", "--watch", "script"}, func(c *libwebsocketd.Config) {
			c.Lifetime = shared.Lifetime{Start: shared.StartEager, Linger: 90 * time.Second, Input: shared.InputNone, SlowClient: shared.SlowBlock,
				History: 4096, KeepFirst: 1024, Restart: shared.RestartOnFailure, Watch: true, Isolate: "none"}
		}},
		{[]string{"--watch=false", "--sessionurl=false", "--resume=0", "script"}, nil},
		{[]string{"--resume=5m", "script"}, func(c *libwebsocketd.Config) { c.Lifetime = keptFor(5 * time.Minute) }},
		{[]string{"--resume=never", "--attach=takeover", "--history=4K", "--keepfirst=1K", "--watch", "--sessionurl", "--staticdir=/", "script"}, func(c *libwebsocketd.Config) {
			c.Lifetime = session.Lifetime{Attach: session.TakeOver, History: 4096, KeepFirst: 1024, Watch: true, URL: true}
			c.StaticDir = "/"
		}},
		{[]string{"--framing=raw", "script"}, func(c *libwebsocketd.Config) { c.Framing = libwebsocketd.FramingRaw }},
		{[]string{"--preset=mcp", "script"}, func(c *libwebsocketd.Config) {
			c.Framing, c.Protocols, c.MaxLine, c.MaxFrameSize = libwebsocketd.FramingNDJSON, []string{"mcp"}, 16<<20, 16<<20
		}},
		{[]string{"--maxline=1K", "--protocol=", "--preset=mcp", "--preset=lsp", "script"}, func(c *libwebsocketd.Config) {
			c.Framing, c.Protocols, c.MaxLine, c.MaxFrameSize = libwebsocketd.FramingLSP, []string{}, 1<<10, 16<<20
		}},
		{[]string{"--preset=lsp", "--framing=line", "--maxframesize=0", "--newlines=reject", "script"}, func(c *libwebsocketd.Config) {
			c.Newlines, c.MaxLine, c.MaxFrameSize = libwebsocketd.NewlinesReject, 16<<20, none
		}},
	}
	for _, test := range tests {
		w, _ := resolved(t, nil, test.args...)
		if got, want := w.config(), defaults(test.want); !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n%+v, want\n%+v", test.args, got, want)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("x.sh", []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if w, _ := resolved(t, nil, "./x.sh"); w.command[0] != "./x.sh" {
		t.Errorf("./x.sh becomes %s", w.command[0])
	}
	if w, _ := resolved(t, nil, "--dir=."); w.Program.Dir != here || w.command != nil {
		t.Errorf("--dir=. becomes %s", w.Program.Dir)
	}
	for path, want := range map[string][]string{"": nil, "@name": nil, "s": {filepath.Join(here, "s")}, "/run/s": {"/run/s"}} {
		if got := socketFiles(path); !slices.Equal(got, want) {
			t.Errorf("socket %q has files %q, want %q", path, got, want)
		}
	}
}

// fakeListener has an address and can be closed.
type fakeListener struct {
	net.Listener
	addr   net.Addr
	closed bool
}

func (l *fakeListener) Addr() net.Addr { return l.addr }
func (l *fakeListener) Close() error   { l.closed = true; return nil }

type bannerTest struct {
	cfg       libwebsocketd.Config
	listeners []net.Listener
	want      []string
}

// originBanners returns tests of lists that lock out this server's own pages, or seem
// to.
func originBanners(l net.Listener) (tests []bannerTest) {
	const start, nobody = "Starting WebSocket server   : ws://127.0.0.1:80/", "must both let a page in, and no name of this server is in the list: nobody can connect; leave one of the two out"
	for _, c := range []struct {
		cfg  libwebsocketd.Config
		want string
	}{
		{libwebsocketd.Config{Settings: libwebsocketd.Settings{SameOrigin: true, Origins: []string{"x.com"}}}, "--sameorigin and --origin=x.com " + nobody},
		{libwebsocketd.Config{Settings: libwebsocketd.Settings{SameOrigin: true, Origins: []string{"127.0.0.1:81"}}}, "--sameorigin and --origin=127.0.0.1:81 " + nobody},
		{libwebsocketd.Config{Settings: libwebsocketd.Settings{SameOrigin: true, Origins: []string{"127.0.0.1"}}}, ""},
		{libwebsocketd.Config{Settings: libwebsocketd.Settings{SameOrigin: true, Origins: []string{"x.com"}}, Hosts: []string{"x.com"}}, ""},
		{libwebsocketd.Config{Settings: libwebsocketd.Settings{SameOrigin: true, Origins: []string{"x.com"}}, Hosts: []string{"*"}}, ""},
		{libwebsocketd.Config{Settings: libwebsocketd.Settings{SameOrigin: true, Origins: []string{"https://x.com"}}, Hosts: []string{"x.com"}}, "--sameorigin and --origin=https://x.com " + nobody},
		{libwebsocketd.Config{Settings: libwebsocketd.Settings{SameOrigin: true, Origins: []string{"https://x.com"}}, Hosts: []string{"x.com"}, TrustedProxies: []string{"10.0.0.1"}}, ""},
		{libwebsocketd.Config{TrustedProxies: []string{"10.0.0.0/8", "::/0"}}, "--trustproxy=::/0 believes every client who it is and where it comes from; name the proxy's own address"},
		{libwebsocketd.Config{Settings: libwebsocketd.Settings{SameOrigin: true}}, ""},
		{libwebsocketd.Config{Settings: libwebsocketd.Settings{Origins: []string{"x.com"}}}, ""},
		{libwebsocketd.Config{Settings: libwebsocketd.Settings{Origins: []string{"https://x.com", "y.com"}}, Console: true}, "--origin=https://x.com,y.com does not let the page of --devconsole in: add 127.0.0.1 to it"},
		{libwebsocketd.Config{Settings: libwebsocketd.Settings{Origins: []string{"*"}}, Console: true}, ""},
	} {
		c.cfg.Command, c.cfg.Addresses = []string{"/bin/cat"}, []string{"127.0.0.1"}
		want := []string{"Serving using application   : /bin/cat ", start}
		if c.want != "" {
			want = slices.Insert(want, 1, c.want)
		}
		if c.cfg.Console {
			want = append(want, "Developer console enabled   : http://127.0.0.1:80/")
		}
		tests = append(tests, bannerTest{c.cfg, []net.Listener{l}, want})
	}
	return tests
}

// TestPlaces: what replaces an address that cannot be typed.
func TestPlaces(t *testing.T) {
	four := &fakeListener{addr: &net.TCPAddr{IP: net.IPv4zero, Port: 8080}}
	for _, address := range []string{"0.0.0.0", "::", "[::]", ""} {
		got := places(libwebsocketd.Config{Addresses: []string{address}}, []net.Listener{four})
		if len(got) == 0 || got[0] != "localhost:8080" || len(got) > 1+mostHosts {
			t.Errorf("%q: %q", address, got)
		}
		for _, place := range got {
			if host, _, err := net.SplitHostPort(place); err != nil || isUnspecified(host) {
				t.Errorf("%q: nobody can type %q", address, place)
			}
		}
	}
}

func TestBanner(t *testing.T) {
	four := &fakeListener{addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}}
	six := &fakeListener{addr: &net.TCPAddr{IP: net.IPv6loopback, Port: 80}}
	file := &fakeListener{addr: &net.UnixAddr{Name: "/run/s", Net: "unix"}}
	const loopback = "Listening on loopback only  : --address=0.0.0.0 serves every interface"
	tests := []bannerTest{
		{libwebsocketd.Config{Command: []string{"/bin/cat"}}, []net.Listener{four, six},
			[]string{"Serving using application   : /bin/cat ", "Starting WebSocket server   : ws://localhost:80/", loopback}},
		{libwebsocketd.Config{Command: []string{"/bin/cat", "a", "b c"}, Addresses: []string{"localhost", "[::1]"}}, []net.Listener{four, six},
			[]string{"Serving using application   : /bin/cat a b c", "Starting WebSocket server   : ws://localhost:80/", "Starting WebSocket server   : ws://[::1]:80/"}},
		{libwebsocketd.Config{Dir: "/srv", UnixSocket: "run/s"}, []net.Listener{file},
			[]string{"Serving from directory      : /srv", "Starting WebSocket server   : unix socket at run/s"}},
		{libwebsocketd.Config{Dir: "/srv", UnixSocket: "/run/s", Addresses: []string{"::1"}}, []net.Listener{six, file},
			[]string{"Serving from directory      : /srv", "Starting WebSocket server   : ws://[::1]:80/", "Starting WebSocket server   : unix socket at /run/s"}},
	}
	tests = append(tests, originBanners(four)...)
	one, five := shared.Lifetime{}, session.Lifetime{Resume: 5 * time.Minute}
	tests = append(tests, []bannerTest{
		{libwebsocketd.Config{Command: []string{"/bin/cat"}, UnixSocket: "s", Settings: libwebsocketd.Settings{Lifetime: one}}, []net.Listener{file},
			[]string{"Serving using application   : /bin/cat ", "Sharing processes           : all clients of a URL have one", "Starting WebSocket server   : unix socket at s"}},
		{libwebsocketd.Config{Programs: []libwebsocketd.Program{{Name: "a", Path: "/a", Command: []string{"/bin/cat", "-u"}, Settings: libwebsocketd.Settings{Lifetime: one}}, {Name: "b", Path: "/", Command: []string{"/bin/cat"}}}, UnixSocket: "s"},
			[]net.Listener{file},
			[]string{"Serving program             : a at /a, shared: /bin/cat -u", "Serving program             : b at /: /bin/cat", "Starting WebSocket server   : unix socket at s"}},
		{libwebsocketd.Config{Command: []string{"/bin/cat"}, UnixSocket: "s", Settings: libwebsocketd.Settings{Lifetime: five}}, []net.Listener{file},
			[]string{"Serving using application   : /bin/cat ", "Keeping sessions            : for 5m while no client is attached", "Starting WebSocket server   : unix socket at s"}},
		{libwebsocketd.Config{Programs: []libwebsocketd.Program{{Name: "a", Path: "/a", Command: []string{"/bin/cat"}, Settings: libwebsocketd.Settings{Lifetime: session.Lifetime{}}}}, UnixSocket: "s"},
			[]net.Listener{file},
			[]string{"Serving program             : a at /a, sessions kept for ever: /bin/cat", "Starting WebSocket server   : unix socket at s"}},
	}...)
	for _, test := range tests {
		var out bytes.Buffer
		log := slog.New(newHandler(&out, "info", "text"))
		logWhat(test.cfg, log)
		logWhere(test.cfg, test.listeners, log)
		var got []string
		for line := range strings.Lines(out.String()) {
			_, message, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "|  | ")
			got = append(got, message)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("banner\n%q, want\n%q", got, test.want)
		}
	}
}

// fakeServer serves until Shutdown, which returns when the test wants or with its
// context.
type fakeServer struct {
	mover
	failure error // of Serve, at once
	stopped chan struct{}
	ended   chan struct{} // closed: every process has ended
	left    chan struct{} // closed: every client has left
	killed  bool
	closed  bool
}

func (f *fakeServer) Serve(...net.Listener) error {
	if f.failure == nil {
		<-f.stopped
	}
	return f.failure
}

func (f *fakeServer) Shutdown(ctx context.Context) error {
	close(f.stopped)
	select {
	case <-f.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fakeServer) Reload([]libwebsocketd.Program) error { return nil }

func (f *fakeServer) KillAll()     { f.killed = true }
func (f *fakeServer) Close() error { f.closed = true; return nil }

func TestRun(t *testing.T) {
	ended := make(chan struct{})
	close(ended)
	tests := []struct {
		name    string
		failure error
		ended   chan struct{}
		signals []os.Signal
		status  int
		took    time.Duration
		killed  bool
		log     string
	}{
		{"one signal", nil, ended, []os.Signal{syscall.SIGTERM}, ExitOK, 0, false, "Stopping                    : terminated; a"},
		{"processes that do not end", nil, nil, []os.Signal{os.Interrupt}, ExitOK, shutdownLimit, false, "ERROR  |            |  | Ended by force what was left 10s"},
		{"two signals", nil, nil, []os.Signal{os.Interrupt, syscall.SIGTERM}, 128 + 15, 0, true, "Stopping                    : interrupt"},
		{"another two", nil, nil, []os.Signal{syscall.SIGTERM, os.Interrupt}, 128 + 2, 0, true, "Stopping"},
		{"a listener fails", errors.New("broken"), ended, nil, ExitListen, 0, false, "FATAL  |            |  | Can't start server: broken"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				fake := &fakeServer{failure: test.failure, stopped: make(chan struct{}), ended: test.ended}
				listener := &fakeListener{}
				s := &service{limit: shutdownLimit, server: fake, launcher: fake, listeners: []net.Listener{listener}, log: slog.New(newHandler(&out, "info", "text"))}
				signals := make(chan os.Signal, 2)
				for _, sig := range test.signals {
					signals <- sig
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				start := time.Now()
				if status := s.run(signals); status != test.status {
					t.Errorf("exit status %d, want %d", status, test.status)
				}
				if took := time.Since(start); took != test.took || ctx.Err() != nil {
					t.Errorf("took %v, want %v", took, test.took)
				}
				synctest.Wait()
				if fake.killed != test.killed || !fake.closed {
					t.Errorf("killed %v, closed %v", fake.killed, fake.closed)
				}
				if !strings.Contains(out.String(), test.log) {
					t.Errorf("log %q, want %q", &out, test.log)
				}
				if listener.closed != (test.status > exitBySignal) {
					t.Errorf("listener closed by the command after exit status %d: %v", test.status, listener.closed)
				}
			})
		})
	}
}

// A reload that does not return does not delay the reaction to signals. Reloads
// requested meanwhile are merged into one.
func TestRunWhileReloading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		ended, leave := make(chan struct{}), make(chan struct{})
		close(ended)
		fake := &fakeServer{stopped: make(chan struct{}), ended: ended}
		signals, hangups := make(chan os.Signal, 2), make(chan os.Signal)
		reloaded := 0
		s := &service{limit: shutdownLimit, server: fake, launcher: fake, log: slog.New(newHandler(&out, "info", "text")), hangups: hangups,
			reload: func() { reloaded++; <-leave }}
		status := make(chan int)
		go func() { status <- s.run(signals) }()
		for range 3 {
			hangups <- syscall.SIGHUP
		}
		synctest.Wait()
		start := time.Now()
		signals <- syscall.SIGTERM
		if got := <-status; got != ExitOK || time.Since(start) > reloadPatience || reloaded != 1 {
			t.Errorf("exit status %d after %v, %d reloads", got, time.Since(start), reloaded)
		}
		close(leave)
	})
}

// Without a file a hangup is the first signal, but never the second.
func TestRunHangup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		fake := &fakeServer{stopped: make(chan struct{})} // nothing ends
		signals, hangups := make(chan os.Signal, 2), make(chan os.Signal, 2)
		hangups <- syscall.SIGHUP
		hangups <- syscall.SIGHUP
		s := &service{limit: shutdownLimit, server: fake, launcher: fake, log: slog.New(newHandler(&out, "info", "text")), hangups: hangups}
		if got := s.run(signals); got != ExitOK || fake.killed || !strings.Contains(out.String(), "Stopping                    : hangup") {
			t.Errorf("exit status %d, killed %v: %s", got, fake.killed, &out)
		}
	})
}

// A signal ends a server that does not get as far as serving.
func TestOpenUntil(t *testing.T) {
	signals := make(chan os.Signal, 2)
	signals <- syscall.SIGTERM
	log := slog.New(slog.DiscardHandler)
	s, sig, err := openUntil(signals, libwebsocketd.Config{Command: []string{"/nosuch"}, Addresses: []string{"127.0.0.1"}, Port: 70000}, nil, manager.New(manager.Options{}), log)
	if s != nil || sig != nil || err == nil || len(signals) != 1 { // open returned in time
		t.Errorf("%v, %v, %v, %d signals left", s, sig, err, len(signals))
	}
}
