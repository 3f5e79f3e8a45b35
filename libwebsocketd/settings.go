package libwebsocketd

import (
	"slices"
	"time"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// Settings are common to a Config, for its own program, and to a Program: who may come
// in, how the processes are started, and how they are bridged. The zero value of every
// field is its default.
type Settings struct {
	// Origins and SameOrigin are the flags --origin and --sameorigin; see package gate. The
	// hosts in a Program's own Origins are let in as Host for that Program alone.
	Origins    []string
	SameOrigin bool

	// Auth names the kinds of Config.Credentials of which a client needs one; empty is all
	// of them, and gate.NoAuth lets everyone in. Allow names users, and groups as @NAME;
	// empty is everyone who is known.
	Auth, Allow []string

	// PassEnv names variables of the server's environment that a process sees; nil is
	// the platform's default, an empty list none. Unbuffer sets variables that make
	// programs write every line at once: Python's, stdbuf's.
	PassEnv  []string
	Unbuffer bool

	// User and Group are who the processes run as, by name or number; "" is the user's group, or
	// the server's user. Only root may have others. Confinement is what they may not have or do;
	// Config.Launcher must be one with Confine then.
	User, Group string
	Confinement process.Confinement

	// Prefork is how many processes are kept started ahead, so that a client does not
	// wait for the program to get ready. They count against MaxForks. Their environment
	// has nothing of a request: what PassEnv names, SERVER_SOFTWARE, GATEWAY_INTERFACE
	// and PREFORKED=1. With PreforkRequest the first line of every process's input,
	// started ahead or not, is one JSON object with all variables that a process
	// started for the request has.
	Prefork        int
	PreforkRequest bool

	// The bridge.
	Framing      stdio.Framing  // "" is FramingLine
	Newlines     stdio.Newlines // inside a client's message, with FramingLine; "" is NewlinesPass
	Binary       bool           // each read in a binary frame instead of lines in text frames; not with another Framing
	Stderr       StderrMode     // "" is StderrLog; StderrTag goes with FramingLine only
	MaxLine      int            // bytes of a message of the program; longer lines are delivered in pieces; 0 is DefaultMaxLine
	MaxFrameSize int64          // bytes of one client message; 0 is DefaultMaxFrameSize, negative streams without limit
	MessageRate  gate.Rate      // of one client's messages, beyond which they are read more slowly; zero is no limit
	PingInterval time.Duration  // 0 is DefaultPingInterval, negative no pings and no liveness check
	CloseDelay   time.Duration  // added to each wait when a process is ended
	Gzip         bool           // compresses answers over plain HTTP, but for scripts and files; see exchange.Gzip
	Protocols    []string       // subprotocols to accept, the first one a client offers is confirmed; * is any

	// Lifetime decides how long processes live; nil: as long as their connection.
	Lifetime Lifetime
}

// complete copies what checked settings share with the caller's, and fills the defaults
// in.
func (s *Settings) complete() {
	for _, list := range []*[]string{&s.PassEnv, &s.Origins, &s.Protocols, &s.Auth, &s.Allow} {
		*list = slices.Clone(*list)
	}
	s.Confinement = s.Confinement.Clone()
	s.MaxLine = orDefault(s.MaxLine, DefaultMaxLine)
	s.MaxFrameSize = orDefault(s.MaxFrameSize, DefaultMaxFrameSize)
	s.PingInterval = min(orDefault(s.PingInterval, DefaultPingInterval), mostWait)
	s.CloseDelay = min(s.CloseDelay, mostWait)
	s.Stderr = orDefault(s.Stderr, StderrLog)
	if s.PassEnv == nil {
		s.PassEnv = defaultPassEnv()
	}
}
