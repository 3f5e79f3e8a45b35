package cli

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/manager"
	"websocketd/libwebsocketd/poll"
	"websocketd/libwebsocketd/process"
)

const (
	categoryServer = "server"
	shutdownLimit  = 10 * time.Second // for ending all processes after the first signal, in addition to --closems
)

// serve turns settings into a server, the only function that does. It logs, listens,
// serves until a signal, and returns the exit status.
func (i invocation) serve(w *options, notes []string) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	hangups, stopHangups := i.listenForHangups(w)
	defer stopHangups()
	states := make(chan os.Signal, 1)
	notifyState(states)
	defer signal.Stop(states)
	// A broken pipe on standard output must not end the server. An ignored signal would
	// be ignored by every process we start, too.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)

	// Our programs must not inherit what a shell or a container runtime left open.
	if err := process.SealDescriptors(); err != nil {
		notes = append(notes, fmt.Sprintf("descriptors this server inherited are passed on to programs: %v", err))
	}
	file, err := openLogFile(w.Log.Logfile)
	if err != nil {
		return i.refuse(unusable("logfile", err))
	}
	defer file.Close()
	logger, errorLog, closeLogs := openLogs(i.logTo(w.Log, file))
	defer closeLogs()
	server := logger.With(libwebsocketd.CategoryKey, categoryServer)
	for _, note := range notes {
		server.Info(note)
	}
	w.credentials.reports.logTo(server)
	boundGarbage()
	i.sessions.SetLimit(w.maxSessions(w.Admit.Maxforks))
	supervised := superviseWith(logger, w.programs)
	cfg := w.config()
	cfg.Logger, cfg.ErrorLog = logger, errorLog
	cfg.Listeners, cfg.RedirectListeners = i.inherited.clients, i.inherited.redirect
	cfg.Faces = []libwebsocketd.Face{poll.New()}
	w.serveNamed(&cfg)
	managed := i.serveAdmin(w, &cfg, supervised)
	cfg.ServerSoftware = "websocketd/" + i.build.String()
	ended := w.watchEnding(&cfg)
	upgrades := i.newUpgrader(&cfg)
	defer upgrades.stop()
	managed.upgradeBy(upgrades)
	s, sig, err := w.openIssuing(signals, cfg, managed, supervised, server)
	switch {
	case sig != nil:
		return exitStatus(sig)
	case err != nil:
		managed.close()
		i.failStart(server, file, err)
		return ExitListen
	}
	s.hangups, s.states, s.ended = hangups, states, ended
	i.equip(s, w, file, supervised)
	return i.takeOverAndRun(s, upgrades, file, signals, hangups, states)
}

// equip gives a server what makes it read its files again, and what its end depends on.
func (i invocation) equip(s *service, w *options, file *logFile, supervised *manager.Manager) {
	s.tell = notifier{service: i.service, log: s.log}
	var reload func()
	if w.hasFile() {
		reload = (&reloader{again: i.again, started: w, served: w.programs, server: s.server, sessions: i.sessions, supervised: supervised, log: s.log}).reload
	}
	s.reload = i.onHangup(w, file, reload, s.tell)
	s.logState = stateLog{s.server, i.sessions, time.Now(), s.log}.write
	s.patience, s.idle = time.Duration(w.Stop.Shutdown), idle{time.Duration(w.Stop.Exitidle), withReplaced(i.seat, lookAt(s.server, i.sessions))}
}

// watchEnding returns a channel that has how the first process ended with which the server is to
// end, if it is to end with one.
func (w *options) watchEnding(cfg *libwebsocketd.Config) <-chan process.Ending {
	ended := make(chan process.Ending, 1)
	if w.Program.Once || w.Program.Exitwithchild {
		cfg.Ended = func(ending process.Ending) {
			select {
			case ended <- ending:
			default: // the server is ending already
			}
		}
	}
	return ended
}

// failStart logs why the server does not start, and says it to whoever has started it if the log
// is elsewhere.
func (i invocation) failStart(log *slog.Logger, file *logFile, err error) {
	message := fmt.Sprintf("Can't start server: %v", err)
	log.Log(context.Background(), libwebsocketd.LevelFatal, message)
	if file != nil {
		fmt.Fprintln(i.stderr, message)
	}
}

// openLogs starts the log on out, and with it the log of net/http. What clients cause
// net/http to log, about handshakes and headers, gets a level and one line like all
// else. closeLogs writes what is left.
func openLogs(out io.Writer, flags logFlags) (logger *slog.Logger, errorLog *log.Logger, closeLogs func()) {
	h := newHandler(nil, flags.Loglevel, flags.Logformat)
	lines := newAsyncWriter(out, h.lostLines)
	h.out = lines
	http := h.WithAttrs([]slog.Attr{slog.String(libwebsocketd.CategoryKey, "http")})
	return slog.New(h), slog.NewLogLogger(http, libwebsocketd.LevelError), func() { lines.Close() }
}

// lostMessage returns the log line about lines of the log that were dropped.
func lostMessage(lost int) string {
	what := "1 line of the log was"
	if lost != 1 {
		what = fmt.Sprintf("%d lines of the log were", lost)
	}
	return what + " dropped because they could not be written in time"
}

// config returns the Config the flags ask for. In Config zero means the default, so a
// zero that was asked for becomes a negative number.
func (w *options) config() libwebsocketd.Config {
	cfg := libwebsocketd.Config{
		Command:  w.command,
		Programs: w.programs,
		Dir:      w.Program.Dir,
		Settings: libwebsocketd.Settings{
			Prefork:        w.Program.Prefork,
			PreforkRequest: w.Program.Preforkrequest,
			Origins:        w.Admit.Origin,
			SameOrigin:     w.Admit.Sameorigin,
			Auth:           w.Credential.Auth,
			Allow:          w.Credential.Allow,
			Framing:        libwebsocketd.Framing(w.Messages.Framing),
			Newlines:       libwebsocketd.Newlines(w.Messages.Newlines),
			Binary:         w.Messages.Binary,
			Stderr:         libwebsocketd.StderrMode(w.Messages.Stderr),
			MaxLine:        int(w.Messages.Maxline),
			MaxFrameSize:   orNone(w.Messages.Maxframesize),
			PingInterval:   orNone(milliseconds(w.Messages.Pingms)),
			CloseDelay:     milliseconds(w.Program.Closems),
			Protocols:      w.Messages.Protocol,
			Lifetime:       w.lifetime(),
			PassEnv:        w.Program.Passenv,
			Unbuffer:       w.Program.Unbuffer,
			Gzip:           w.Messages.Gzip,
		},
		StaticDir:     w.Beside.Staticdir,
		CGIDir:        w.Beside.Cgidir,
		CGIPath:       w.Beside.Cgipath,
		Console:       w.Beside.Devconsole,
		Addresses:     atCommas(strings.Join(w.Listen.Address, ",")),
		Port:          w.Listen.Port,
		UnixSocket:    w.Listen.Unixsocket,
		SocketGroup:   w.Listen.Socketgroup,
		RedirectPort:  w.Listen.Redirport,
		TLSCert:       w.TLS.Sslcert,
		TLSKey:        w.TLS.Sslkey,
		TLSClientCA:   w.TLS.Sslca,
		Hosts:         w.Admit.Host,
		MaxForks:      orNone(w.Admit.Maxforks),
		MaxConns:      w.Admit.Maxconns,
		MaxPerIP:      w.Address.Maxperip,
		MaxHeader:     int(w.Admit.Maxheader),
		MaxMemory:     int64(w.Admit.Maxmemory),
		Credentials:   w.credentials.all(),
		ReverseLookup: w.Program.Reverselookup,
		Once:          w.Program.Once,
		Header:        w.headers.all,
		HeaderWS:      w.headers.ws,
		HeaderHTTP:    w.headers.http,
	}
	w.setParsed(&cfg)
	if len(w.Admit.Trustproxy) > 0 {
		cfg.TrustedProxies, cfg.ForwardedHeader = w.Admit.Trustproxy, w.Admit.Forwardedheader
	}
	if len(w.command) == 0 && len(w.file.programs) > 0 && w.Program.Dir == "" {
		cfg.Prefork, cfg.PreforkRequest, cfg.Lifetime = 0, false, nil // the programs have their own
	}
	return cfg
}

// setParsed sets what is a text to the grammar. Its form has been checked.
func (w *options) setParsed(cfg *libwebsocketd.Config) {
	cfg.SpawnRate, cfg.SpawnRateOfAll, _ = parseSpawnRate(w.Address.Spawnrate)
	cfg.MessageRate, _ = libwebsocketd.ParseRate(w.Messages.Messagerate)
	cfg.SocketMode, _ = libwebsocketd.ParseSocketMode(w.Listen.Socketmode)
	cfg.User, cfg.Group, cfg.Confinement = string(w.Confine.User), string(w.Confine.Group), w.confinement()
}

// orNone returns n, or -1 for zero and less: no limit, and for pings none at all.
func orNone[N int | int64 | time.Duration](n N) N {
	if n <= 0 {
		return -1
	}
	return n
}

// milliseconds returns the duration, at most the longest there is.
func milliseconds(ms uint) time.Duration {
	const longest = time.Duration(1<<63 - 1)
	if uint64(ms) > uint64(longest/time.Millisecond) {
		return longest
	}
	return time.Duration(ms) * time.Millisecond
}
