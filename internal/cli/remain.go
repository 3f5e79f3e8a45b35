package cli

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"websocketd/internal/upgrade"
)

// remain is what a server does that was replaced: it lets the clients go on that live with their
// connection, and stays as long as one of its processes does; the first server stays until the last
// one ends. sig is a signal that has come meanwhile, or nil. It returns the exit status.
func (s *service) remain(rest *upgrade.Rest, served <-chan error, signals <-chan os.Signal, sig os.Signal) int {
	ctx, hasten := context.WithCancel(context.Background())
	defer hasten()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		var managed sync.WaitGroup
		managed.Go(s.admin.close)
		s.drain(ctx)
		<-served
		managed.Wait()
	}()
	isFirst, ended, idle := s.upgrades.seat.IsFirst(), rest.Ended(), rest.Idle()
	stopping := s.letGoOn(hasten)
	defer stopping.end()
	if sig != nil { // it was for the server, which is another one now
		stopping.signal()
		s.pass(rest, true, sig)
	}
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for drained != nil || idle != nil || isFirst && ended != nil {
		select {
		case sig := <-signals:
			stopping.signal()
			s.pass(rest, isFirst || isRelayed(sig), sig)
		case sig := <-s.hangups: // of the next two kinds none is for a server that was replaced: the first one may not know yet
			s.pass(rest, true, sig)
		case sig := <-s.upgrades.signals:
			s.pass(rest, true, sig)
		case sig := <-s.states:
			s.pass(rest, isFirst || isRelayed(sig), sig)
		case call := <-s.upgrades.asked:
			call.result <- upgraded{nil, errors.New("this server was replaced")}
		case <-drained:
			rest.Left()
			drained = nil
		case <-idle:
			idle = nil
		case <-ended:
			if status, ok := rest.Status(); !ok || status != ExitOK || stopping.signals == 0 {
				hasten()
			}
			ended = nil
		case <-look.C:
			s.file.follow()
		}
	}
	if !isFirst {
		s.passPending(rest, signals)
	}
	rest.Leave()
	s.launcher.Close()
	if status, ok := rest.Status(); isFirst && ok {
		return status
	} else if isFirst {
		return exitStatus(syscall.SIGKILL)
	}
	return ExitOK
}

// lettingGoOn is the end of a server that was replaced, as --shutdown wants it: its clients have as
// long as those of the server that goes on.
type lettingGoOn struct {
	patience time.Duration
	hasten   func() // ends them
	kill     func() // ends all processes
	signals  int
	over     *time.Timer // nil: it does not run
}

// letGoOn returns what calls hasten when the clients have had their time.
func (s *service) letGoOn(hasten func()) *lettingGoOn {
	return &lettingGoOn{patience: s.patience, hasten: hasten, kill: s.launcher.KillAll}
}

// signal takes a signal to stop; the second one leaves no time.
func (l *lettingGoOn) signal() {
	l.signals++
	switch {
	case l.signals > 1:
		l.hasten()
		l.kill()
	case l.patience == 0:
		l.hasten()
	default:
		l.over = time.AfterFunc(l.patience, l.hasten)
	}
}

// end ends the waiting.
func (l *lettingGoOn) end() {
	if l.over != nil {
		l.over.Stop()
	}
}

// pass passes a signal on to the server that takes requests now, if it is for that one: what has started
// the first server knows no other.
func (s *service) pass(rest *upgrade.Rest, isForIt bool, sig os.Signal) {
	if isForIt {
		rest.Signal(signalNumber(sig))
	}
}

// passPending passes on what has come for the server that goes on, and that this one has not got to: it
// ends.
func (s *service) passPending(rest *upgrade.Rest, signals <-chan os.Signal) {
	for {
		select {
		case sig := <-signals:
			s.pass(rest, isRelayed(sig), sig)
		case sig := <-s.states:
			s.pass(rest, isRelayed(sig), sig)
		case sig := <-s.hangups:
			s.pass(rest, true, sig)
		case sig := <-s.upgrades.signals:
			s.pass(rest, true, sig)
		default:
			return
		}
	}
}

// isRelayed reports whether a server before has passed a signal on, for whoever is the server.
func isRelayed(sig os.Signal) bool {
	_, is := sig.(upgrade.Relayed)
	return is
}

// drain returns when the last client has left that came before the server was replaced. When ctx is
// done it ends them.
func (s *service) drain(ctx context.Context) {
	s.server.Yield(ctx)
	end, cancel := context.WithTimeout(context.Background(), s.limit)
	defer cancel()
	for _, command := range s.commands {
		command.Close()
	}
	s.server.Shutdown(end)
}
