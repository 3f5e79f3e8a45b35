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

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

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

	ended   <-chan process.Ending // the first is that of the server, too
	hangups <-chan os.Signal      // each asks for a reload, or for an end where there is none
	reload  func()                // nil without --config
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

// openPatience is how long open may go on after a signal.
const openPatience = time.Second

// openUntil is open. A signal, which is left to run, ends it if it does not come to an
// end by itself: a file system that does not answer may hold a certificate.
func openUntil(signals chan os.Signal, cfg libwebsocketd.Config, log *slog.Logger) (*service, os.Signal, error) {
	var s *service
	var err error
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		s, err = open(cfg, log)
	}()
	select {
	case <-opened:
		return s, nil, err
	case sig := <-signals:
		select {
		case signals <- sig:
		default: // there are more
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
	if path == "" || libwebsocketd.IsAbstractSocket(path) {
		return nil
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil
	}
	return []string{absolute}
}

// run serves until a listener fails or the first signal, ends every process,
// and returns the exit status. Signals are answered whatever a reload waits for.
func (s *service) run(signals <-chan os.Signal) int {
	served := make(chan error, 1)
	go func() {
		defer close(served)
		served <- s.server.Serve(s.listeners...)
	}()
	reloads := newReloads(s.reload)
	defer reloads.close()
	for {
		select {
		case err := <-served:
			return s.stop(s.failed(err), served, signals)
		case sig := <-s.hangups:
			if s.reload == nil {
				return s.stopped(sig, served, signals)
			}
			reloads.ask()
		case sig := <-signals:
			return s.stopped(sig, served, signals)
		case ending := <-s.ended:
			s.log.Info(fmt.Sprintf("Stopping                    : with the program, %v", ending))
			return s.stop(statusOf(ending), served, signals)
		}
	}
}

// stopped is stop for a first signal. A hangup is never a second one: a closing
// terminal sends several.
func (s *service) stopped(sig os.Signal, served <-chan error, signals <-chan os.Signal) int {
	s.log.Info(fmt.Sprintf("Stopping                    : %v; a second signal stops at once", sig))
	return s.stop(ExitOK, served, signals)
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

// statusOf is the status of the command when it ends with a program, as a shell tells
// that of its last one.
func statusOf(ending process.Ending) int {
	switch {
	case ending.Signal != 0:
		return exitStatus(ending.Signal)
	case ending.Code < 0: // nobody knows
		return ExitUsage
	}
	return ending.Code
}

// exitStatus is the status of a process a signal ended, as a shell tells it.
func exitStatus(sig os.Signal) int {
	number, _ := sig.(syscall.Signal)
	return exitBySignal + int(number)
}
