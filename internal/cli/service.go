package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"websocketd/internal/upgrade"
	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/credential"
	"websocketd/libwebsocketd/manager"
	"websocketd/libwebsocketd/process"
)

// service is a server together with what the command owns for it.
type service struct {
	server interface {
		Serve(listeners ...net.Listener) error
		Shutdown(ctx context.Context) error
		Reload(programs []libwebsocketd.Program) error
		GoingAway() bool
		mover
		watched
	}
	launcher interface {
		KillAll()
		Held() int
		Close() error
	}
	commands  []*credential.Command
	admin     *admin // nil without --admin
	programs  *manager.Manager
	listeners []net.Listener
	patience  time.Duration // for clients after a signal: --shutdown
	limit     time.Duration // for Shutdown
	log       *slog.Logger
	file      *logFile // of log; nil: it has none, or nobody takes this server's place

	ended    <-chan process.Ending // with the first, the server ends too
	hangups  <-chan os.Signal      // each asks for a reload, or without a file for the end
	reload   func()                // what is read again; nil: nothing
	states   <-chan os.Signal      // each asks for logState
	logState func()                // what goes on in the server
	tell     notifier              // of the service manager
	idle     idle                  // when nobody needs it any more
	drains   bool                  // the end was asked for by a signal: clients may go on

	upgrades upgrader
}

// open starts everything cfg asks for except serving, and logs it. Listening comes
// first: the guardian is given the socket file's path, and must find our file there,
// never that of another server.
func open(cfg libwebsocketd.Config, managed *admin, supervised *manager.Manager, log *slog.Logger) (*service, error) {
	logWhat(cfg, log)
	// Each of the three polite steps of the ladder takes CloseDelay longer.
	limit := shutdownLimit + 3*min(cfg.CloseDelay, time.Hour) + grace(cfg.Programs)
	s := &service{limit: limit, admin: managed, programs: supervised, log: log}
	var err error
	if s.listeners, err = libwebsocketd.Listen(cfg); err != nil {
		return nil, fmt.Errorf("%w%s", err, wayOut(err, cfg))
	}
	err = s.admin.open(log)
	if err == nil {
		err = s.start(cfg)
	}
	if err != nil {
		s.closeListeners()
		if s.launcher != nil { // the last: its guardian waits for the locks of the sockets
			s.launcher.Close()
		}
		return nil, err
	}
	logWhere(cfg, s.listeners, log)
	s.admin.logWhere(log)
	return s, nil
}

// openPatience limits how long open may go on after a signal.
const openPatience = time.Second

// openUntil calls open, and gives it up after a signal if it does not return by
// itself: a file system that does not answer may hold a certificate. The signal is
// left for run.
func openUntil(signals chan os.Signal, cfg libwebsocketd.Config, managed *admin, supervised *manager.Manager, log *slog.Logger) (*service, os.Signal, error) {
	var s *service
	var err error
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		s, err = open(cfg, managed, supervised, log)
	}()
	select {
	case <-opened:
		return s, nil, err
	case sig := <-signals:
		select {
		case signals <- sig:
		default: // the channel holds more signals
		}
		patience := time.NewTimer(openPatience)
		defer patience.Stop()
		select {
		case <-opened:
			return s, nil, err
		case <-patience.C:
			return nil, sig, nil
		}
	}
}

// start creates the launcher and the server. After an error there may be a launcher, which the caller
// closes.
func (s *service) start(cfg libwebsocketd.Config) error {
	launcher, err := process.NewLauncher(process.LauncherOptions{
		Guard:     true,
		Subreaper: true,
		Confine:   true,
		Sockets:   append(ownSockets(cfg), s.admin.sockets()...),
		OnError: func(err error) {
			s.log.Error(err.Error(), libwebsocketd.CategoryKey, "process")
		},
	})
	if err != nil {
		return err
	}
	cfg.Launcher, s.launcher = launcher, launcher
	s.commands = startCommands(cfg.Credentials, launcher)
	server, err := libwebsocketd.New(cfg)
	if err != nil {
		return err
	}
	s.server = server
	s.programs.Steer(server)
	s.admin.steer(server)
	return nil
}

// closeListeners closes the listeners, which also removes the socket file if it is ours.
func (s *service) closeListeners() {
	for _, l := range s.listeners {
		l.Close()
	}
	s.admin.closeListeners()
}

// ownSockets returns the file of the unix socket for clients, if we have made it.
func ownSockets(cfg libwebsocketd.Config) []string {
	if len(cfg.Listeners) > 0 {
		return nil
	}
	return socketFiles(cfg.UnixSocket)
}

// socketFiles returns the absolute path of a unix socket's file, if it has one: Linux
// has sockets without a file, named @NAME.
func socketFiles(path string) []string {
	if path == "" || libwebsocketd.IsAbstractSocket(path) {
		return nil
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil
	}
	return []string{absolute}
}

// run serves until a listener fails or the first signal, ends every process, and
// returns the exit status. It reacts to signals even while a reload hangs.
func (s *service) run(signals <-chan os.Signal) int {
	s.admin.serve(s.log)
	served := make(chan error, 1)
	go func() {
		defer close(served)
		served <- s.server.Serve(s.listeners...)
	}()
	reloads := newReloads(s.reload)
	defer reloads.close()
	endSigns := s.showSigns()
	defer endSigns()
	unused, endIdle := s.idle.watch()
	defer endIdle()
	s.tell.ready()
	serving, u := served, &s.upgrades
	for {
		select {
		case call := <-u.asked:
			u.begin(s, call)
		case <-u.signals:
			u.begin(s, newUpgradeCall())
		case done := <-u.done:
			reload := u.deferred()
			if sig, replaced := u.finish(s.log, done); replaced {
				endSigns()
				s.reloadRest(done.rest, reload)
				return s.remain(done.rest, served, signals, sig)
			} else if sig != nil {
				return s.stopped(sig, served, signals)
			} else if reload {
				reloads.ask()
			}
		case <-u.seat.First():
			s.log.Error("The first server was killed : this one, which has replaced it, ends too")
			s.launcher.KillAll()
			return exitStatus(syscall.SIGKILL)
		case err := <-serving:
			if err != nil || u.done == nil {
				return s.stop(s.failed(err), served, signals)
			}
			serving = nil // another server has the listeners
		case sig := <-s.hangups:
			if s.reload != nil && !u.defers() {
				reloads.ask()
			} else if s.reload == nil && !u.giveUp(sig) {
				return s.stopped(sig, served, signals)
			}
		case sig := <-signals:
			if status, ends := s.signalled(sig, served, signals); ends {
				return status
			}
		case <-u.unlessUnderWay(unused):
			s.log.Info("Stopping                    : nobody was connected and nothing ran for " + brief(s.idle.after))
			return s.stop(ExitOK, served, signals)
		case ending := <-s.ended:
			s.log.Info(fmt.Sprintf("Stopping                    : with the program, %v", ending))
			return s.stop(statusOf(ending), served, signals)
		}
	}
}

// signalled reacts to a signal. The first one gives up an upgrade that is under way, and ends the server
// when that has ended; the second one does not wait for it.
func (s *service) signalled(sig os.Signal, served <-chan error, signals <-chan os.Signal) (status int, ends bool) {
	switch u := &s.upgrades; {
	case u.signal != nil:
		return s.stopAtOnce(sig), true
	case u.giveUp(sig):
		return 0, false
	}
	return s.stopped(sig, served, signals), true
}

// stopped calls stop for a first signal. A hangup never counts as a second one: a
// closing terminal sends several.
func (s *service) stopped(sig os.Signal, served <-chan error, signals <-chan os.Signal) int {
	s.log.Info(fmt.Sprintf("Stopping                    : %v%s; a second signal stops at once", sig, s.goOn()))
	s.drains = true
	return s.stop(ExitOK, served, signals)
}

// showSigns shows the service manager that the server lives, and logs the state whenever a signal
// asks for that, until the returned function is called.
func (s *service) showSigns() (end func()) {
	stopBeat, endStates := s.tell.beat(s.alive), showStates(s.states, s.logState)
	return func() {
		stopBeat()
		endStates()
	}
}

// alive returns once what every client needs can be had: the locks of the server and of the
// launcher.
func (s *service) alive() {
	s.server.GoingAway()
	s.launcher.Held()
}

// failed returns the exit status when serving ended without a signal.
func (s *service) failed(err error) int {
	if err == nil {
		return ExitOK
	}
	s.log.Log(context.Background(), libwebsocketd.LevelFatal, fmt.Sprintf("Can't start server: %v", err))
	return ExitListen
}

// stop ends the server in its order, and returns status. A signal makes all that immediate:
// processes are killed, nothing is waited for, and the exit status reflects the signal.
func (s *service) stop(status int, served <-chan error, signals <-chan os.Signal) int {
	s.tell.stopping(s.waits() + s.limit)
	for _, command := range s.commands {
		command.Close()
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.waitForClients(ctx)
		s.end(ctx)
		<-served
		s.admin.close() // before the guardian ends, which waits for the locks of the sockets
		s.launcher.Close()
	}()
	select {
	case <-done:
		return status
	case sig := <-signals:
		return s.stopAtOnce(sig)
	}
}

// stopAtOnce kills every process, waits for nothing, and returns the exit status for a second signal.
func (s *service) stopAtOnce(sig os.Signal) int {
	s.launcher.KillAll()
	s.closeListeners()
	return exitStatus(sig)
}

// end ends every process and every connection, by force what is left when the limit has passed.
func (s *service) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	if err := s.server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		s.log.Error(fmt.Sprintf("Ended by force what was left %v after the signal", s.waits()+s.limit))
	}
}

// statusOf returns the status of a command that ends with a program, as a shell
// returns the status of its last command.
func statusOf(ending process.Ending) int {
	switch {
	case ending.Signal != 0:
		return exitStatus(ending.Signal)
	case ending.Code < 0: // unknown
		return ExitUsage
	}
	return ending.Code
}

// exitStatus returns the status a shell reports for a process that a signal ended.
func exitStatus(sig os.Signal) int {
	return exitBySignal + int(signalNumber(sig))
}

// signalNumber returns the number of a signal, which this process or a server before it has got.
func signalNumber(sig os.Signal) syscall.Signal {
	if relayed, ok := sig.(upgrade.Relayed); ok {
		return syscall.Signal(relayed)
	}
	number, _ := sig.(syscall.Signal)
	return number
}
