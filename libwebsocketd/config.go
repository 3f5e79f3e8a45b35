package libwebsocketd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
)

// Defaults of Config. Zero in a Config field means the default.
const (
	DefaultMaxForks     = 1024
	DefaultMaxFrameSize = 1 << 20
	DefaultMaxLine      = 1 << 20
	DefaultPingInterval = 30 * time.Second
	DefaultMaxHeader    = 32 << 10
	DefaultMaxMemory    = 256 << 20
)

// StderrMode says what happens to the process's standard error.
type StderrMode string

const (
	StderrLog     StderrMode = "log"     // every line goes to the log (default)
	StderrTag     StderrMode = "tag"     // both streams to the client, each line as {"stream":..,"data":..}; stderr also to the log
	StderrMerge   StderrMode = "merge"   // one stream with stdout, like 2>&1
	StderrDiscard StderrMode = "discard" // thrown away
)

// Config is what a Server does. The zero value of every field is its default;
// New checks it once and copies it, so it may be changed or used again later.
type Config struct {
	// At most one of Command and Dir. Command[0] is the path of an executable
	// file (see exec.LookPath), the rest its arguments; it is served at every URL.
	// Dir is a directory whose executable files are served by URL path.
	Command []string
	Dir     string

	// Settings are those of Command and Dir, and of CGI scripts. With Dir there is no
	// Prefork.
	Settings

	// Programs are served each at its own path. Command or Dir serves all other paths.
	// Programs have their own settings: of those below only MaxForks, ReverseLookup
	// and ServerSoftware are for all. Server.Reload replaces them.
	Programs []Program

	// What requests that are no WebSocket handshakes get: a CGI script, a static
	// file, the console, in this order. The console alone is not enough to serve. It
	// shows the programs and what they write to standard error to everyone who opens
	// it: it is for development.
	//
	// The files are those of StaticDir or of Static, such as an embed.FS. Hidden ones are
	// not served, nor is CGIDir within StaticDir. Links do not lead out of StaticDir; those
	// of an os.DirFS in Static lead anywhere, as short names (GIT~1) of Windows do there.
	StaticDir string
	Static    fs.FS
	CGIDir    string
	CGIPath   string // the URL path of CGIDir; "" is /
	Console   bool

	// Where to listen, for Listen. No Addresses: 127.0.0.1 and ::1. An address
	// is a name or an IP, IPv6 with or without brackets. Port 0 is 80, with TLS
	// 443. A UnixSocket without any of the others is the only listener.
	Addresses  []string
	Port       int
	UnixSocket string

	// Who may connect to the file of UnixSocket. SocketMode 0 is 0600, or 0660 with a
	// SocketGroup, which is a name or a number.
	SocketMode  os.FileMode
	SocketGroup string

	// RedirectPort answers plain HTTP, on the same addresses, with a redirect to
	// Port; 0 is off.
	RedirectPort int

	// Listeners are open already, those of TCP first: Listen returns them and opens nothing
	// for Addresses, Port and UnixSocket, which say what they are. RedirectListeners are the
	// same for RedirectPort.
	Listeners, RedirectListeners []net.Listener

	// TLS on every listener: files in PEM form, read again when they change, or an Issuer
	// instead of TLSCert and TLSKey. With a TLSClientCA a client needs a certificate signed
	// by it.
	TLSCert, TLSKey, TLSClientCA string
	Issuer                       Issuer

	// Who may come in, in addition to what Settings says. Hosts is the flag --host;
	// see package gate.
	Hosts    []string
	MaxForks int // processes at once; 0 is DefaultMaxForks, negative no limit

	// What strangers can make the server hold. A negative number is no limit.
	MaxConns  int   // connections at once; 0 is three quarters of the descriptors, less those kept back
	MaxHeader int   // bytes of a request's line and headers; 0 is DefaultMaxHeader
	MaxMemory int64 // bytes of all client messages together that have not come whole or that no program has taken, and a quarter as much of headers, and as much again to compress answers; 0 is DefaultMaxMemory

	// What one address can make the server do; an IPv6 address counts with all of its /64.
	// MaxPerIP is how many conversations and requests for programs it may have at once; 0 is
	// no limit. SpawnRate is how often processes are started for it, SpawnRateOfAll for all
	// clients together; restarts, and processes that are started ahead, do not count.
	MaxPerIP                  int
	SpawnRate, SpawnRateOfAll Rate

	// Once lets one client in to a program; later ones are answered 503. It cannot be
	// combined with a Lifetime.
	Once bool

	// Ended is called with how a client's process ended, after the client was sent its
	// close code. Of a Lifetime's processes it is called only for those that none
	// follows. It may be called from any goroutine, at any time, and must not wait for
	// the Server.
	Ended func(process.Ending)

	// Faces are offered, in this order, requests that are no WebSocket handshakes;
	// CGI scripts come first. Dialects are offered handshakes.
	Faces    []Face
	Dialects []Dialect

	// Mounts come before all programs. New panics if two of their patterns conflict.
	Mounts []Mounted

	// TrustedProxies are addresses and networks, and "unix" for the clients of UnixSocket,
	// that are believed which client they send a request for. They say it in
	// ForwardedHeader, which is "" for X-Forwarded-For or may be Forwarded, and whether the
	// client speaks TLS in X-Forwarded-Proto or Forwarded. See gate.Proxies.
	TrustedProxies  []string
	ForwardedHeader string

	// Credentials are the kinds of proof of who a client is. Where there are any, nobody
	// gets in without one of those that Auth names. Nil: clients have no identity.
	Credentials *gate.Credentials

	// Observer is notified of what happens, to count it; may be nil.
	Observer Observer

	// What the process sees in addition to the request and what Settings says.
	ReverseLookup  bool   // REMOTE_HOST is the peer's name once it is known
	ServerSoftware string // SERVER_SOFTWARE; "" is "websocketd"

	// Headers of answers: HeaderWS on a successful upgrade, HeaderHTTP on all
	// answers to other requests, Header on both.
	Header, HeaderWS, HeaderHTTP http.Header

	// The logs; nil discards. ErrorLog is that of net/http.
	Logger   *slog.Logger
	ErrorLog *log.Logger

	// Launcher starts the processes; nil makes one owned by the Server.
	Launcher *process.Launcher

	// Begun is closed when TakeOver has been called for everything that another server hands
	// over: until then no Lifetime starts a process by itself. nil: there is nothing to take over.
	Begun <-chan struct{}
}

// headerBytes returns MaxHeader as net/http counts it: net/http reads 4 KiB more.
func (c *Config) headerBytes() int {
	if c.MaxHeader < 0 {
		return math.MaxInt32
	}
	return max(c.MaxHeader-4<<10, 1)
}

// leastHeld is what unfinished headers, and Gzip, may cost however small MaxMemory is.
const leastHeld = 8 << 20

// mostHeld returns what headers that have not come whole may cost together, and Settings.Gzip as
// much again; 0 for no limit.
func (c *Config) mostHeld() int64 {
	if c.MaxMemory <= 0 {
		return 0
	}
	return max(c.MaxMemory/4, leastHeld)
}

// WantsTLS reports whether the listeners speak TLS.
func (c *Config) WantsTLS() bool { return c.TLSCert != "" || c.Issuer != nil }

func (c *Config) hasFiles() bool { return c.StaticDir != "" || c.Static != nil }

const (
	mostMaxLine = 1 << 30
	mostWait    = 24 * time.Hour // longer intervals change nothing, and sums of them overflow
)

// Validate returns the error that New(c) would return for the fields of c. It opens
// nothing and starts nothing.
func (c Config) Validate() error { return c.complete() }

// complete checks the configuration, copies what it shares with the caller's, and
// fills the defaults in.
func (c *Config) complete() error {
	if err := c.check(); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	c.Settings.complete()
	for _, list := range []*[]string{&c.Command, &c.Addresses, &c.Hosts, &c.TrustedProxies} {
		*list = slices.Clone(*list)
	}
	for _, header := range []*http.Header{&c.Header, &c.HeaderWS, &c.HeaderHTTP} {
		*header = header.Clone()
	}
	c.MaxForks = orDefault(c.MaxForks, DefaultMaxForks)
	c.MaxConns = orDefault(c.MaxConns, defaultMaxConns())
	c.MaxHeader = orDefault(c.MaxHeader, DefaultMaxHeader)
	c.MaxMemory = orDefault(c.MaxMemory, DefaultMaxMemory)
	c.ServerSoftware = orDefault(c.ServerSoftware, "websocketd")
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.ErrorLog == nil {
		c.ErrorLog = log.New(io.Discard, "", 0)
	}
	c.Faces, c.Dialects, c.Programs = slices.Clone(c.Faces), slices.Clone(c.Dialects), slices.Clone(c.Programs)
	for i := range c.Programs {
		if err := c.Programs[i].complete(); err != nil {
			return fmt.Errorf("config: program %q: %w", c.Programs[i].Name, err)
		}
	}
	return nil
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

func (c *Config) check() error {
	switch {
	case len(c.Command) == 0 && c.Dir == "" && len(c.Programs) == 0 && !c.hasFiles() && c.CGIDir == "" && len(c.Dialects) == 0:
		return errors.New("there is nothing to serve: set Command, Dir, Programs, Dialects, StaticDir, Static or CGIDir")
	case c.StaticDir != "" && c.Static != nil:
		return fieldError("StaticDir and Static are both set")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return fieldError("TLSCert and TLSKey go together")
	case c.Issuer != nil && c.TLSCert != "":
		return fieldError("Issuer and TLSCert are both set")
	case c.MaxPerIP < 0:
		return fieldError("MaxPerIP is negative: %d", c.MaxPerIP)
	case c.TLSClientCA != "" && !c.WantsTLS():
		return fieldError("TLSClientCA needs TLSCert and TLSKey, or an Issuer")
	case len(c.Command) > 0 && c.Dir != "":
		return fieldError("Command and Dir are both set")
	case c.Prefork > 0 && c.Dir != "":
		return fieldError("Prefork and Dir are both set: it is not known ahead which script will be asked for")
	case c.Prefork > 0 && len(c.Command) == 0:
		return fieldError("Prefork needs Command")
	}
	for _, rate := range []Rate{c.SpawnRate, c.SpawnRateOfAll} {
		if err := rate.Check(); err != nil {
			return fieldError("SpawnRate: %w", err)
		}
	}
	for _, host := range c.Hosts {
		if err := gate.CheckHost(host); err != nil {
			return fieldError("Hosts: %w", err)
		}
	}
	if _, err := gate.NewProxies(c.TrustedProxies, c.ForwardedHeader); err != nil {
		return fieldError("TrustedProxies: %w", err)
	}
	if c.Once && len(c.Dialects) > 0 {
		return fieldError("Once and Dialects are both set: a Dialect serves any number of clients")
	}
	if c.Once && (c.Lifetime != nil || slices.ContainsFunc(c.Programs, func(p Program) bool { return p.Lifetime != nil })) {
		return fieldError("Once and a Lifetime are both set: its processes do not belong to one client")
	}
	if err := CheckPath(orDefault(c.CGIPath, "/")); err != nil {
		return fmt.Errorf("CGIPath: %w", err)
	}
	own := c.own()
	if err := own.check(); err != nil {
		return err
	}
	if err := c.checkAccess(&c.Settings); err != nil {
		return err
	}
	return c.checkPrograms()
}

// checkAccess returns an error if Auth or Allow name what is not there, or a Lifetime needs
// to know its clients and does not.
func (c *Config) checkAccess(settings *Settings) error {
	access, err := c.Credentials.Access(settings.Auth, settings.Allow)
	if err != nil {
		return err
	}
	if life, ok := settings.Lifetime.(interface{ NeedsUsers() bool }); ok && life.NeedsUsers() && access == nil {
		return fieldError("Lifetime needs to know who its clients are, and nobody has to prove that: set Credentials, and leave Auth none out")
	}
	return nil
}

// fieldError returns an error that begins with the name of a field as Go spells it,
// capitalized.
func fieldError(format string, args ...any) error { return fmt.Errorf(format, args...) }

// checkPrograms returns the first fault of a Program, or of all of them together.
func (c *Config) checkPrograms() error {
	names, paths := map[string]bool{}, map[string]string{}
	if len(c.Command) > 0 || c.Dir != "" {
		paths["/"] = "Command or Dir"
	}
	prefork := c.Prefork
	for i := range c.Programs {
		p := &c.Programs[i]
		if err := p.checkListed(); err != nil {
			return fmt.Errorf("program %q: %w", p.Name, err)
		}
		if err := c.checkAccess(&p.Settings); err != nil {
			return fmt.Errorf("program %q: %w", p.Name, err)
		}
		at := orDefault(p.Path, "/"+p.Name)
		if other, taken := paths[at]; taken {
			return fmt.Errorf("program %q: the path %s is taken by %s", p.Name, at, other)
		}
		if names[p.Name] {
			return fmt.Errorf("program %q: another has the same Name", p.Name)
		}
		paths[at], names[p.Name] = "program "+p.Name, true
		prefork += p.Prefork
	}
	if most := orDefault(c.MaxForks, DefaultMaxForks); most > 0 && prefork > most {
		return fieldError("Prefork is %d, more than the %d processes of MaxForks", prefork, most)
	}
	return nil
}
