package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/poll"
	"websocketd/libwebsocketd/process"
)

const (
	categoryServer = "server"
	shutdownLimit  = 10 * time.Second // for ending all processes after the first signal, besides --closems
)

// serve is the only place where settings become a server: it logs, listens,
// serves until a signal, and returns the exit status.
func (i invocation) serve(w *wish, notes []string) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	hangups := make(chan os.Signal, 1)
	if w.file.faults.file != "" {
		signal.Notify(hangups, syscall.SIGHUP)
		defer signal.Stop(hangups)
	}
	// A broken pipe on standard output must not end the server. Ignoring the
	// signal instead would be inherited by every process we start.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)

	// What a shell or a container runtime left open is not for our programs.
	if err := process.SealDescriptors(); err != nil {
		notes = append(notes, fmt.Sprintf("descriptors this server inherited are passed on to programs: %v", err))
	}
	logger, errorLog, closeLogs := openLogs(i.stdout, i.stderr, w.Log)
	defer closeLogs()
	server := logger.With(libwebsocketd.CategoryKey, categoryServer)
	for _, note := range notes {
		server.Info(note)
	}
	cfg := w.config()
	cfg.Logger, cfg.ErrorLog = logger, errorLog
	cfg.Faces = []libwebsocketd.Face{poll.New()}
	cfg.ServerSoftware = "websocketd/" + i.build.String()
	s, err := open(cfg, server)
	if err != nil {
		server.Log(context.Background(), libwebsocketd.LevelFatal, fmt.Sprintf("Can't start server: %v", err))
		return ExitListen
	}
	s.hangups = hangups
	s.reload = (&reloader{again: i.again, started: w, served: w.programs, server: s.server, log: server}).reload
	return s.run(signals)
}

// openLogs starts the log on out and net/http's own on errOut. closeLogs
// writes what is left of both.
func openLogs(out, errOut io.Writer, flags logFlags) (logger *slog.Logger, errorLog *log.Logger, closeLogs func()) {
	h := newHandler(nil, flags.Loglevel, flags.Logformat)
	lines := newAsyncWriter(out, h.lostLines)
	h.out = lines
	errLines := newAsyncWriter(errOut, func(lost int) []byte {
		return []byte(time.Now().Format("2006/01/02 15:04:05 ") + lostMessage(lost) + "\n")
	})
	return slog.New(h), log.New(errLines, "", log.LstdFlags), func() {
		lines.Close()
		errLines.Close()
	}
}

// lostMessage is what the log says when lines of it were dropped.
func lostMessage(lost int) string {
	return fmt.Sprintf("%d lines of the log were dropped because nobody read them in time", lost)
}

// config is what the flags ask of a server. In Config zero means the default,
// so that a zero somebody asked for becomes a negative number.
func (w *wish) config() libwebsocketd.Config {
	cfg := libwebsocketd.Config{
		Command:        w.command,
		Programs:       w.programs,
		Dir:            w.Program.Dir,
		Prefork:        w.Program.Prefork,
		PreforkRequest: w.Program.Preforkrequest,
		StaticDir:      w.Beside.Staticdir,
		CGIDir:         w.Beside.Cgidir,
		Console:        w.Beside.Devconsole,
		Addresses:      atCommas(strings.Join(w.Listen.Address, ",")),
		Port:           w.Listen.Port,
		UnixSocket:     w.Listen.Unixsocket,
		RedirectPort:   w.Listen.Redirport,
		TLSCert:        w.TLS.Sslcert,
		TLSKey:         w.TLS.Sslkey,
		TLSClientCA:    w.TLS.Sslca,
		Hosts:          w.Admit.Host,
		Origins:        w.Admit.Origin,
		SameOrigin:     w.Admit.Sameorigin,
		MaxForks:       orNone(w.Admit.Maxforks),
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
		ReverseLookup:  w.Program.Reverselookup,
		Header:         w.headers.all,
		HeaderWS:       w.headers.ws,
		HeaderHTTP:     w.headers.http,
	}
	if len(w.command) == 0 && len(w.file.programs) > 0 && w.Program.Dir == "" {
		cfg.Prefork, cfg.PreforkRequest, cfg.Lifetime = 0, false, nil // those of the programs have been taken from here
	}
	return cfg
}

// orNone is n, or -1 for zero and less: no limit, and for pings none at all.
func orNone[N int | int64 | time.Duration](n N) N {
	if n <= 0 {
		return -1
	}
	return n
}

// milliseconds is the duration, at most the longest there is.
func milliseconds(ms uint) time.Duration {
	const longest = time.Duration(1<<63 - 1)
	if uint64(ms) > uint64(longest/time.Millisecond) {
		return longest
	}
	return time.Duration(ms) * time.Millisecond
}

// service is a server with what the command owns around it.
type service struct {
	server interface {
		Serve(listeners ...net.Listener) error
		Shutdown(ctx context.Context) error
		Reload(programs []libwebsocketd.Program) error
	}
	launcher interface {
		KillAll()
		Close() error
	}
	listeners []net.Listener
	limit     time.Duration // for Shutdown
	log       *slog.Logger

	hangups <-chan os.Signal // each asks for a reload; nil, or never, without --config
	reload  func()
}

// open starts everything cfg asks for but serving, and says so in the log.
// Listening comes first: the guardian must find our socket file, never a
// stranger's, when it is told of it.
func open(cfg libwebsocketd.Config, log *slog.Logger) (*service, error) {
	logWhat(cfg, log)
	// Each of the three polite steps of the ladder takes CloseDelay longer.
	s := &service{limit: shutdownLimit + 3*min(cfg.CloseDelay, time.Hour), log: log}
	var err error
	if s.listeners, err = libwebsocketd.Listen(cfg); err != nil {
		return nil, fmt.Errorf("%w%s", err, wayOut(err, cfg))
	}
	if err := s.start(cfg); err != nil {
		s.closeListeners()
		return nil, err
	}
	logWhere(cfg, s.listeners, log)
	return s, nil
}

// start makes the launcher and the server.
func (s *service) start(cfg libwebsocketd.Config) error {
	launcher, err := process.NewLauncher(process.LauncherOptions{
		Guard:     true,
		Subreaper: true,
		Sockets:   socketFiles(cfg.UnixSocket),
		OnError: func(err error) {
			s.log.Error(err.Error(), libwebsocketd.CategoryKey, "process")
		},
	})
	if err != nil {
		return err
	}
	cfg.Launcher, s.launcher = launcher, launcher
	if s.server, err = libwebsocketd.New(cfg); err != nil {
		launcher.Close()
	}
	return err
}

// closeListeners stops listening, which removes the socket file too.
func (s *service) closeListeners() {
	for _, l := range s.listeners {
		l.Close()
	}
}

// socketFiles is the absolute path of a unix socket's file, if there is one:
// Linux has sockets without a file, named @NAME.
func socketFiles(path string) []string {
	if path == "" || strings.HasPrefix(path, "@") {
		return nil
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil
	}
	return []string{absolute}
}

// run serves until a listener fails or the first signal, ends every process,
// and returns the exit status.
func (s *service) run(signals <-chan os.Signal) int {
	served := make(chan error, 1)
	go func() {
		defer close(served)
		served <- s.server.Serve(s.listeners...)
	}()
	for {
		select {
		case err := <-served:
			return s.stop(s.failed(err), served, signals)
		case <-s.hangups:
			s.reload()
		case sig := <-signals:
			s.log.Info(fmt.Sprintf("Stopping                    : %v; a second signal stops at once", sig))
			return s.stop(ExitOK, served, signals)
		}
	}
}

// failed is the exit status when serving ended without a signal.
func (s *service) failed(err error) int {
	if err == nil {
		return ExitOK
	}
	s.log.Log(context.Background(), libwebsocketd.LevelFatal, fmt.Sprintf("Can't start server: %v", err))
	return ExitListen
}

// stop ends every process, then the server and its launcher, and returns
// status; the server ends processes by force once the limit has passed.
// A signal makes all that immediate: processes are killed, nothing is waited
// for, and the exit status tells the signal.
func (s *service) stop(status int, served <-chan error, signals <-chan os.Signal) int {
	ctx, cancel := context.WithTimeout(context.Background(), s.limit)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		err := s.server.Shutdown(ctx)
		<-served
		s.launcher.Close()
		done <- err
	}()
	select {
	case err := <-done:
		if errors.Is(err, context.DeadlineExceeded) {
			s.log.Error(fmt.Sprintf("Ended by force what was left %v after the signal", s.limit))
		}
		return status
	case sig := <-signals:
		s.launcher.KillAll()
		s.closeListeners()
		return exitStatus(sig)
	}
}

// exitStatus is the status of a process a signal ended, as a shell tells it.
func exitStatus(sig os.Signal) int {
	number, _ := sig.(syscall.Signal)
	return exitBySignal + int(number)
}
