package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// goneWait limits how long the members of a killed session may take to disappear.
const goneWait = 5 * time.Second

// Process is one run of a program. Its files belong to the caller until Close, which
// closes them. All methods may be called concurrently.
type Process struct {
	Pid    int // also the number of its process group
	Stdin  io.WriteCloser
	Stdout *os.File
	Stderr *os.File // nil unless StderrPipe

	launcher *Launcher
	cgroup   *cgroup     // nil: it has none of its own
	entry    int         // on the guardian's list
	held     bool        // by the launcher, guarded by its lock
	proc     *os.Process // nil with a parent
	parent   Parent      // whose child it is; nil: this process's
	exited   chan struct{}

	mu       sync.Mutex
	onExit   func()
	onGone   func()
	onStderr watchID
	closed   bool // its files are closed
	due      schedule
	done     [numActions]bool
	last     Action
	asked    bool          // a ladder was begun
	stopped  chan struct{} // the ladder is over
	kick     chan struct{} // the schedule has changed
	reaped   bool          // the leader is collected
	unkilled error         // error of the last signal
	gone     bool          // the whole session is gone
	notified bool          // onGone was called
	state    *os.ProcessState
	ending   Ending
	reapOnce sync.Once
}

// Exited returns a channel that is closed when the program itself has exited. Its
// descendants and its output may still be there.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Ending returns how the process finished. That is unknown before Reap has returned, and
// after a Close that could not end the process.
func (p *Process) Ending() Ending {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		return endingOf(nil)
	}
	return p.ending
}

// Asked reports whether the process was asked to end, and returns the last action.
func (p *Process) Asked() (Action, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last, p.asked
}

// OnExit sets the function that is called once when the program has exited, or at
// once if it has exited already. f must not block. A later call replaces f; nil
// removes it, as an owner does that hands the process over.
func (p *Process) OnExit(f func()) {
	p.mu.Lock()
	p.onExit = f
	p.mu.Unlock()
	if !p.running() {
		p.callOnExit()
	}
}

// markExited is called once, by the goroutine that watches the process.
func (p *Process) markExited() {
	close(p.exited)
	p.callOnExit()
}

func (p *Process) callOnExit() {
	p.mu.Lock()
	f := p.onExit
	p.onExit = nil
	p.mu.Unlock()
	if f != nil {
		f()
	}
}

// OnGone sets the function that is called once when nothing of the process's session
// is left, or at once if nothing is. The call comes before Close returns, unless
// Close fails. f must not block.
func (p *Process) OnGone(f func()) {
	p.mu.Lock()
	notified := p.notified
	if !notified {
		p.onGone = f
	}
	p.mu.Unlock()
	if notified {
		f()
	}
}

func (p *Process) callOnGone() {
	p.mu.Lock()
	f := p.onGone
	p.onGone, p.notified = nil, true
	p.mu.Unlock()
	if f != nil {
		f()
	}
}

// OnStderr calls f once when there is something to read from Stderr, so that no
// goroutine need wait for it before. Where this cannot be watched, f is called at
// once. After Close it is not called. f must not block.
func (p *Process) OnStderr(f func()) {
	if !p.watchStderr(f) {
		f()
	}
}

func (p *Process) watchStderr(f func()) (watched bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.launcher.watch == nil || p.closed {
		return p.closed
	}
	var err error
	p.onStderr, err = p.launcher.watch.addPipe(p.Stderr, f)
	return err == nil
}

// Stop asks the process to end, step by step, and returns when it has exited. It
// returns an error when SIGKILL did not end the process within a second. Signals go
// to the whole session.
//
// A second Stop, while another is at work, moves forward each action that it wants
// sooner; both return together. A wait is extended while the process could not run
// because others had all processors. A process that has exited already is waited for
// without a limit: the kernel has reported its exit, and only its watcher is late.
func (p *Process) Stop(l Ladder) error {
	if !p.running() {
		return nil
	}
	p.mu.Lock()
	p.due.merge(l, time.Now())
	first := !p.asked
	p.asked = true
	p.mu.Unlock()
	if first {
		defer close(p.stopped)
		return p.climb()
	}
	select {
	case p.kick <- struct{}{}:
	default: // a kick is on its way already
	}
	<-p.stopped
	return p.stillThere()
}

// climb performs each action when it is due, until the process has exited.
func (p *Process) climb() error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	grace := p.Grace()
	for p.running() {
		p.mu.Lock()
		action, at, ok := p.due.next(&p.done)
		p.mu.Unlock()
		wait := time.Until(at)
		if ok {
			timer.Reset(wait)
		} else { // a ladder that does not end in Kill waits for the exit
			timer.Stop()
		}
		select {
		case <-p.exited:
			return nil
		case <-p.kick:
			continue
		case <-timer.C:
		}
		var more time.Duration
		if wait > 0 { // an action without a wait is not put off
			grace.killed = action == giveUp
			more = grace.More()
			if more == 0 && hasExited(p.Pid) {
				more = lookPause // our watcher is late
			}
		}
		if more == 0 && action == giveUp {
			return p.stillThere()
		}
		if more == 0 {
			p.perform(action)
		}
		p.delay(more + time.Since(at)) // the next wait begins now, however late this action was
	}
	return nil
}

func (p *Process) delay(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.due.delay(&p.done, by)
}

func (p *Process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

func (p *Process) stillThere() error {
	if p.running() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if errors.Is(p.unkilled, os.ErrPermission) {
			return fmt.Errorf("SIGKILL did not terminate %d: it runs as another user, and this server may not signal it", p.Pid)
		}
		return fmt.Errorf("SIGKILL did not terminate %d", p.Pid)
	}
	return nil
}

// perform carries out one rung of the ladder.
func (p *Process) perform(a Action) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[a] = true
	p.last = a
	switch {
	case a == CloseStdin:
		p.Stdin.Close()
	case !p.reaped:
		p.unkilled = p.signalSession(actionSignals[a])
	}
}

// signalSession sends sig to every group of the session. The leader is still there,
// if only as a zombie, so no number can belong to a foreign process.
func (p *Process) signalSession(sig syscall.Signal) error {
	groups := p.otherGroups() // listed before the first group dies and orphans them
	err := signalGroup(p, sig)
	for group := range groups {
		err = errors.Join(err, killGroup(group, sig))
	}
	return err
}

// Signal sends sig to the whole group. Once the leader is collected nothing is sent
// any more: the number may belong to a foreign group.
func (p *Process) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return os.ErrProcessDone
	}
	return signalGroup(p, sig)
}

// Reap waits for the exit, kills what is left of the group, and collects the leader.
// Call it when the output has been read. Close ends what is left of the session in
// other groups.
func (p *Process) Reap() Ending {
	<-p.exited
	p.reapOnce.Do(func() {
		p.Signal(syscall.SIGKILL)
		p.collect()
	})
	return p.Ending()
}

// collect waits for the zombie. Where that could not be helped it was collected at its
// exit, and has left its state.
func (p *Process) collect() {
	if p.parent != nil {
		ending := p.parent.Reap(p.Pid)
		p.mu.Lock()
		p.reaped, p.ending = true, ending
		p.mu.Unlock()
		return
	}
	state := p.state
	if state == nil {
		state, _ = p.proc.Wait()
	}
	p.mu.Lock()
	p.state, p.reaped = state, true
	p.ending = endingOf(state)
	p.mu.Unlock()
}

// Close closes the process's files, reaps it, and returns when its whole session is
// gone. The error names what is still there: a program that outlived Stop, or other
// members of its session. They stay on the lists until they are gone, see OnGone.
func (p *Process) Close() error {
	p.closeFiles()
	err := p.stillThere()
	if err == nil {
		p.Reap()
		err = p.awaitRest()
	}
	if err != nil {
		return p.launcher.hold(p, err)
	}
	p.launcher.forget(p)
	return nil
}

// End calls Stop and Close, for a process whose output is not wanted.
func (p *Process) End(l Ladder) error {
	err := p.Stop(l)
	if closeErr := p.Close(); err == nil {
		err = closeErr
	}
	return err
}

func (p *Process) closeFiles() {
	p.mu.Lock()
	if p.closed = true; p.onStderr != 0 {
		p.launcher.watch.take(p.onStderr)
	}
	p.mu.Unlock()
	p.Stdin.Close()
	closeAll([]*os.File{p.Stdout, p.Stderr})
}

// awaitRest waits until nothing of the session is left.
func (p *Process) awaitRest() error {
	if p.allGone() { // nearly always
		return nil
	}
	limit := goneWait
	if p.launcher.orphans == nil {
		limit = time.Second // init collects the members, not this process
	}
	end := time.NewTimer(limit)
	defer end.Stop()
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if p.allGone() {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-end.C:
			timer.Stop()
			if p.onlyZombies() {
				return nil
			}
			return fmt.Errorf("something of process %d is still there %s after SIGKILL", p.Pid, limit)
		}
	}
}

// allGone kills what is left of the session and reports whether nothing was.
func (p *Process) allGone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.parent != nil {
		p.gone = p.gone || p.parent.Sweep(p.Pid)
		return p.gone
	}
	isGone := func() bool { return errors.Is(signalGroup(p, 0), os.ErrProcessDone) }
	if !p.gone && !isGone() {
		reapGroup(p) // zombies of ours count until they are collected
		if !isGone() {
			return false
		}
	}
	p.gone = p.gone || !p.killRest() && p.cgroup.end()
	return p.gone
}
