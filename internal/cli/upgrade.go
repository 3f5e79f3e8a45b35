package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"websocketd/internal/upgrade"
	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/listen"
	"websocketd/libwebsocketd/process"
)

// upgrader replaces the server by a new one, of the executable's file as it is then.
type upgrader struct {
	seat    *upgrade.Seat
	options upgrade.Options
	asked   chan *upgradeCall // by the operator; nil without --admin
	signals chan os.Signal    // each asks for it too
	why     error             // why there may be none
	begun   chan struct{}     // closed when everything is taken over from the server before

	// Of the upgrade under way; only for service.run.
	call   *upgradeCall
	done   chan upgraded // nil: there is none
	cancel context.CancelCauseFunc
	signal os.Signal // that has come meanwhile
	reload bool      // SIGHUP has come meanwhile: it is for whoever serves then
}

// mover is a server that another one can go on for.
type mover interface {
	Lift(ctx context.Context) (all []libwebsocketd.Handed, settle func(taken bool) []process.Loan, err error)
	TakeOver(h libwebsocketd.Handed) (begin func(), err error)
	Drain(ctx context.Context) error
	Yield(ctx context.Context) error
}

// upgradeCall is a request to replace the server.
type upgradeCall struct {
	ctx    context.Context
	result chan upgraded
}

var (
	errUnderWay = errors.New("another upgrade is under way, or the server ends")
	errEnds     = errors.New("this server is to end with a program that lives for a connection (--once, --exitwithchild): no other one takes its place")
)

// newUpgradeCall returns one that nobody waits for.
func newUpgradeCall() *upgradeCall {
	return &upgradeCall{ctx: context.Background(), result: make(chan upgraded, 1)}
}

// upgraded is what has become of it.
type upgraded struct {
	rest *upgrade.Rest
	err  error
}

// executable is the path of the executable's file, also when another one lies there later.
var executable, errExecutable = executableFrom(os.Args[0])

// executableFrom returns the path by which this process's executable was called, which may be a link
// that leads to a newer one later. If that was not its path, it is that of the file.
func executableFrom(called string) (string, error) {
	file, err := os.Executable()
	if err != nil {
		return "", err
	}
	path, err := exec.LookPath(called)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil || !sameFile(path, file) {
		return file, nil
	}
	return path, nil
}

// sameFile reports whether two paths lead to one file.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// newUpgrader returns an upgrader of a server with these settings, which it makes wait for what it is to
// take over from the server before, if there is one.
func (i invocation) newUpgrader(cfg *libwebsocketd.Config) *upgrader {
	signals := make(chan os.Signal, 1)
	notifyUpgrade(signals)
	begun := make(chan struct{})
	if i.seat.IsNew() {
		cfg.Begun = begun
	}
	u := &upgrader{seat: i.seat, asked: make(chan *upgradeCall), signals: signals, begun: begun, options: upgrade.Options{
		Path: executable, Args: append([]string{os.Args[0]}, i.args...), Env: i.environ,
		Stdout: asFile(i.stdout), Stderr: asFile(i.stderr), Sessions: i.sessions,
	}}
	if cfg.Once || cfg.Ended != nil && cfg.Lifetime == nil {
		u.why = errEnds
	}
	for _, socket := range i.sockets {
		u.options.Sockets = append(u.options.Sockets, upgrade.Socket(socket))
	}
	if i.service.Listens() {
		u.options.Notify, u.options.Watchdog = i.service.Pass, i.service.Watchdog()
	}
	return u
}

// stop ends the reaction to signals.
func (u *upgrader) stop() { signal.Stop(u.signals) }

func asFile(w io.Writer) *os.File {
	f, _ := w.(*os.File)
	return f
}

// Ask replaces the server, and returns the pid of the new one. It is for the operator's side, whose
// request may be the last that this server answers.
func (u *upgrader) Ask(ctx context.Context) (pid int, err error) {
	call := &upgradeCall{ctx: ctx, result: make(chan upgraded, 1)}
	select {
	case u.asked <- call:
	case <-ctx.Done():
		return 0, errUnderWay
	}
	done := <-call.result
	if done.err != nil {
		return 0, done.err
	}
	return done.rest.Server(), nil
}

// begin begins an upgrade, unless one is under way. Its result comes through done.
func (u *upgrader) begin(s *service, call *upgradeCall) {
	if u.done != nil {
		call.result <- upgraded{nil, errUnderWay}
		return
	}
	done := make(chan upgraded, 1)
	u.call, u.done = call, done
	var ctx context.Context
	ctx, u.cancel = context.WithCancelCause(call.ctx)
	o := u.options
	o.Listeners, o.Lift = u.ownListeners(s), s.lift
	go func() {
		if err := cmp.Or(u.why, errExecutable); err != nil {
			done <- upgraded{nil, err}
			return
		}
		rest, err := u.seat.Upgrade(ctx, o)
		done <- upgraded{rest, err}
	}()
}

// ownListeners returns what is handed over beside the sockets of the service manager.
func (u *upgrader) ownListeners(s *service) []net.Listener {
	return slices.DeleteFunc(append(s.bareListeners(), s.admin.handable()...), func(l net.Listener) bool {
		return slices.ContainsFunc(u.options.Sockets, func(socket upgrade.Socket) bool { return socket.Listener == l })
	})
}

// giveUp gives up an upgrade that is under way, because of a signal that ends the server. It returns
// false if none is.
func (u *upgrader) giveUp(sig os.Signal) bool {
	if u.done == nil {
		return false
	}
	u.signal = sig
	u.cancel(fmt.Errorf("the server has got the signal %q", sig))
	return true
}

// defers reports whether a reload has to wait for the end of an upgrade: the new server may have read
// its file before.
func (u *upgrader) defers() bool {
	u.reload = u.reload || u.done != nil
	return u.done != nil
}

// deferred returns whether one has waited, and forgets it.
func (u *upgrader) deferred() bool {
	defer func() { u.reload = false }()
	return u.reload
}

// reloadRest has the new server read its file again, if somebody has asked for it during the upgrade.
func (s *service) reloadRest(rest *upgrade.Rest, asked bool) {
	if asked {
		rest.Signal(syscall.SIGHUP)
	}
}

// finish tells who has asked what has become of an upgrade, and logs it. It reports whether another
// server has taken this one's place, and returns the signal that came meanwhile, nil if there was
// none.
func (u *upgrader) finish(log *slog.Logger, done upgraded) (sig os.Signal, replaced bool) {
	u.cancel(nil)
	if done.err != nil && u.signal != nil {
		log.Error(fmt.Sprintf("Not replaced                : %v", done.err))
	} else if done.err != nil {
		log.Error(fmt.Sprintf("Not replaced                : %v; this server goes on", done.err))
	} else {
		log.Info(fmt.Sprintf("Replaced                    : process %d is the server now", done.rest.Server()))
	}
	u.call.result <- done
	u.call, u.done = nil, nil
	return u.signal, done.err == nil
}

// lift makes the server and the operator's side stand still: its channels when nothing is said any more
// in those that another server goes on with.
func (s *service) lift(ctx context.Context) (*upgrade.Lifted, error) {
	release := s.admin.hold()
	all, settle, err := s.server.Lift(ctx)
	if err != nil {
		release(false)
		return nil, err
	}
	channels, settleChannels := s.admin.lift()
	return &upgrade.Lifted{All: all, Channels: channels, Settle: func(taken bool) []process.Loan {
		settleChannels(taken)
		loans := settle(taken)
		release(taken)
		return loans
	}}, nil
}

// successor is a new server with its operator's side. It implements upgrade.Server.
type successor struct {
	mover
	admin *admin
}

// TakeOverChannel implements upgrade.Server.
func (s successor) TakeOverChannel(data []byte) error {
	if s.admin == nil {
		return nil // there is no --admin any more
	}
	return s.admin.TakeOver(data)
}

// bareListeners returns the listeners of the main port, and of what is beside it.
func (s *service) bareListeners() (all []net.Listener) {
	for _, l := range s.listeners {
		all = append(all, libwebsocketd.Bare(l))
	}
	return all
}

// claimListeners makes the listeners of the server before this one's: they were its own until now.
func (s *service) claimListeners() {
	for _, l := range append(s.bareListeners(), s.admin.handable()...) {
		listen.Claim(l)
	}
}

// takeOverAndRun takes everything over from the server before, if there is one, and serves. It returns
// the exit status.
func (i invocation) takeOverAndRun(s *service, upgrades *upgrader, file *logFile, signals, hangups, states chan os.Signal) int {
	s.upgrades, s.file = *upgrades, file
	if err := i.takeOver(s, relayTo(signals, hangups, states, upgrades.signals)); err != nil {
		i.failStart(s.log, file, err)
		return s.giveUp()
	}
	status := s.run(signals)
	i.seat.End(status)
	return status
}

// takeOver takes everything over from the server before, if there is one. After an error nothing begins: all
// is that server's still.
func (i invocation) takeOver(s *service, relay func(upgrade.Relayed)) error {
	defer listen.DropInherited()
	if !i.seat.IsNew() {
		return nil
	}
	if err := i.seat.TakeOver(successor{s.server, s.admin}, i.sessions, relay); err != nil {
		return err
	}
	s.claimListeners()
	s.admin.begin()
	s.log.Info(fmt.Sprintf("Took over                   : process %d is the server now", os.Getpid()))
	close(s.upgrades.begun)
	return nil
}

// giveUp ends a new server that could not take over. What it would have is the old server's.
func (s *service) giveUp() int {
	ctx, cancel := context.WithTimeout(context.Background(), s.limit)
	defer cancel()
	s.server.Shutdown(ctx)
	s.admin.close()
	s.closeListeners()
	s.launcher.Close()
	return ExitListen
}
