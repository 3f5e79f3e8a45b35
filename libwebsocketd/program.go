package libwebsocketd

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/process"
)

// Program is one of the programs of Config.Programs: what runs, at which URL, for
// whom, and how it is bridged. A zero field is the default, as in Config. The Config's
// own settings do not apply to it: [Config.Program] returns a Program that begins with
// them.
type Program struct {
	// Name names the program in the log and in errors. It must be unique.
	Name string

	// Path is the URL path it is served at, and everything below it, decoded and
	// clean; "" is a slash and Name. A request is for the Program with the longest
	// Path that is its path or a part of it up to a slash; the rest is PATH_INFO.
	Path string

	// Command[0] is the path of an executable file, the rest its arguments. A
	// relative path is resolved from the server's working directory.
	Command []string
	WorkDir string // of the process; "" is the server's

	// Env are variables, NAME=VALUE, in addition to those of PassEnv, which they
	// replace if they have the same name. They cannot set those of the request.
	Env []string

	// MaxForks is how many processes of this Program may run at once; 0 and less is
	// no limit. All of them also count against Config.MaxForks.
	MaxForks int

	Params Params     // that a caller by name may give it
	Result ResultMode // what it returns to a caller; "" is ResultNone

	Settings

	Header http.Header // of a successful upgrade
}

// Program returns a Program with c's Settings and headers, and nothing else: a template
// for Programs that share them. It shares its slices and header values with c.
func (c *Config) Program() Program {
	header := http.Header{}
	for _, headers := range []http.Header{c.Header, c.HeaderWS} {
		for name, values := range headers {
			header[name] = values
		}
	}
	return Program{Settings: c.Settings, Header: header}
}

// own returns the program of Command and Dir, whose settings are also those of CGI
// scripts.
func (c *Config) own() Program {
	p := c.Program()
	p.Path, p.Command = "/", c.Command
	return p
}

// complete copies what a checked Program shares with the caller's, and fills the
// defaults in.
func (p *Program) complete() (err error) {
	p.Settings.complete()
	p.Command, p.Env = slices.Clone(p.Command), slices.Clone(p.Env)
	p.Header, p.Params = p.Header.Clone(), p.Params.clone()
	p.MaxForks = max(p.MaxForks, 0)
	if p.Path == "" {
		p.Path = "/" + p.Name
	}
	if p.Confinement.Sandbox, err = p.Confinement.Sandbox.Absolute(); err != nil {
		return err
	}
	if p.WorkDir != "" { // a relative path would be another file there
		p.Command[0], err = filepath.Abs(p.Command[0])
	}
	return err
}

// check returns the first fault of the settings.
func (p *Program) check() error {
	switch {
	case p.MaxLine < 0 || p.MaxLine > 0 && p.MaxLine < utf8.UTFMax:
		return fieldError("MaxLine is %d, it must hold a character: at least %d", p.MaxLine, utf8.UTFMax)
	case p.MaxLine > mostMaxLine:
		return fieldError("MaxLine is %d, more than %d", p.MaxLine, mostMaxLine)
	case p.CloseDelay < 0:
		return fieldError("CloseDelay is negative: %s", p.CloseDelay)
	case p.Binary && p.Stderr == StderrTag:
		return fieldError("Stderr tag makes text messages and cannot go with Binary")
	case p.Prefork < 0:
		return fieldError("Prefork is negative: %d", p.Prefork)
	case p.PreforkRequest && p.Prefork == 0:
		return fieldError("PreforkRequest needs Prefork")
	case p.MaxForks > 0 && p.Prefork > p.MaxForks:
		return fieldError("Prefork is %d, more than the %d processes of MaxForks", p.Prefork, p.MaxForks)
	case p.Header.Get("Sec-WebSocket-Extensions") != "":
		return errors.New("a header Sec-WebSocket-Extensions would promise what is not spoken here")
	}
	switch p.Result {
	case "", ResultNone, ResultLastLineJSON:
	default:
		return fieldError("Result is %q; it may be none or lastline-json", p.Result)
	}
	if err := p.Params.check(); err != nil {
		return err
	}
	switch p.Stderr {
	case "", StderrLog, StderrTag, StderrMerge, StderrDiscard:
	default:
		return fieldError("Stderr is %q; it may be log, tag, merge or discard", p.Stderr)
	}
	for _, protocol := range p.Protocols {
		if !text.IsToken(protocol) {
			return fieldError("Protocols has %q, which cannot be a subprotocol's name (RFC 6455 section 4.1)", protocol)
		}
	}
	for _, origin := range p.Origins {
		if err := gate.CheckOrigin(origin); err != nil {
			return fieldError("Origins: %w", err)
		}
	}
	if err := p.MessageRate.Check(); err != nil {
		return fieldError("MessageRate: %w", err)
	}
	if _, err := process.FindAccount(p.User, p.Group); err != nil {
		return fieldError("User and Group: %w", err)
	}
	if err := p.Confinement.Check(); err != nil {
		return fieldError("Confinement: %w", err)
	}
	if err := p.checkFraming(); err != nil || p.Lifetime == nil {
		return err
	}
	if p.Prefork > 0 {
		return fieldError("Prefork is for processes that belong to a connection, and cannot go with a Lifetime")
	}
	return p.Lifetime.Check(p)
}

// checkListed returns the first fault of a Program in Config.Programs.
func (p *Program) checkListed() error {
	switch {
	case p.Name == "":
		return errors.New("it has no Name")
	case len(p.Command) == 0 || p.Command[0] == "":
		return errors.New("it has no Command")
	case slices.ContainsFunc(p.Command, hasNUL), hasNUL(p.WorkDir):
		return fieldError("Command or WorkDir contains a NUL")
	}
	if err := CheckPath(orDefault(p.Path, "/"+p.Name)); err != nil {
		return err
	}
	for _, entry := range p.Env {
		name, _, ok := strings.Cut(entry, "=")
		if !ok || hasNUL(entry) {
			return fieldError("Env has %q, which is not NAME=VALUE", entry)
		}
		if err := CheckEnvName(name); err != nil {
			return err
		}
	}
	return p.check()
}

// CheckPath returns an error if no Program can be served at p.
func CheckPath(p string) error {
	switch {
	case !strings.HasPrefix(p, "/"), path.Clean(p) != p:
		return fmt.Errorf("the path %q is not clean: it begins with a slash, ends without one, and has neither empty parts nor . nor .. in it", p)
	case strings.ContainsAny(p, "?#%"), strings.ContainsFunc(p, unicode.IsControl):
		return fmt.Errorf("the path %q is not one of a URL, decoded: without ?, #, %% and control characters", p)
	}
	return nil
}

// CheckEnvName returns an error if Program.Env cannot have a variable of that name.
func CheckEnvName(name string) error {
	switch {
	case name == "" || strings.ContainsAny(name, "=\x00"):
		return fmt.Errorf("%q cannot be a variable's name", name)
	case name == "HTTPS", name == "PREFORKED", slices.ContainsFunc(requestVariables, func(v string) bool { return v == name }):
		return fmt.Errorf("the variable %s tells a program of the request, and cannot be set", name)
	}
	return nil
}

func hasNUL(s string) bool { return strings.ContainsRune(s, 0) }
