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

// goneWait is how long the members of a killed session may take to disappear.
const goneWait = 5 * time.Second

// StderrTo says where the standard error of a process goes.
type StderrTo int

const (
	StderrPipe    StderrTo = iota // a pipe of its own, Process.Stderr
	StderrStdout                  // into the pipe of stdout, as 2>&1
	StderrNowhere                 // thrown away
)

// Spec is what to run.
type Spec struct {
	Path   string   // the executable file; nothing is looked up
	Args   []string // argv, with argv[0]
	Env    []string // the whole environment, KEY=VALUE
	Dir    string   // working directory; "" is the server's
	Stderr StderrTo
}

// Process is one run of a program. Its files belong to the caller until Close,
// which closes them; all methods may be called concurrently.
type Process struct {
	Pid    int // also the number of its process group
	Stdin  io.WriteCloser
	Stdout *os.File
	Stderr *os.File // nil unless StderrPipe

	launcher *Launcher
	entry    int  // on the guardian's list
	held     bool // by the launcher, whose lock it is under
	proc     *os.Process
	exited   chan struct{}

	mu       sync.Mutex
	onExit   func()
	onGone   func()
	onStderr watchID
	closed   bool // its files are
	due      schedule
	done     [numActions]bool
	last     Action
	asked    bool          // a ladder was begun
	stopped  chan struct{} // the ladder is over
	kick     chan struct{} // the schedule has changed
	reaped   bool          // the leader is collected
	unkilled error         // what the last signal met
	gone     bool          // the whole session is
	told     bool          // onGone was
	state    *os.ProcessState
	ending   Ending
	reapOnce sync.Once
}

// Exited is closed when the program itself has exited; its descendants and its
// output may still be there.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Ending is how it finished; valid once Reap or Close has returned.
func (p *Process) Ending() Ending {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ending
}

// Asked reports whether the process was asked to end, and by what last.
func (p *Process) Asked() (Action, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last, p.asked
}

// OnExit has f called once when the program has exited, at once if it has
// already. f must not block. There is one f: a later one replaces it, nil takes
// it away, as an owner does who hands the process over.
func (p *Process) OnExit(f func()) {
	p.mu.Lock()
	p.onExit = f
	p.mu.Unlock()
	if !p.running() {
		p.callOnExit()
	}
}

// markExited is called once, by whoever watches the process.
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

// OnGone has f called once when nothing of the process's session is left, at once if
// so it is. That is before Close returns, unless it fails. f must not block.
func (p *Process) OnGone(f func()) {
	p.mu.Lock()
	told := p.told
	if !told {
		p.onGone = f
	}
	p.mu.Unlock()
	if told {
		f()
	}
}

func (p *Process) callOnGone() {
	p.mu.Lock()
	f := p.onGone
	p.onGone, p.told = nil, true
	p.mu.Unlock()
	if f != nil {
		f()
	}
}

// OnStderr has f called once when there is something to read from Stderr: until
// then nobody need wait for it. Where that cannot be told beforehand it is called
// at once. After Close it is not called any more. f must not block.
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

// Stop asks the process to end, step by step, and returns when it has exited,
// or with an error when SIGKILL did not end it within a second. A second Stop
// while one is at work brings forward what it asks for sooner; both return
// together. Signals go to the whole session. A wait is one in which the process could
// run: it is longer where others had all processors. One that has exited already is
// waited for without a limit: the kernel has told its watcher, which is only late.
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

// climb does what is due until the process has exited.
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
		if wait > 0 { // what is asked for at once is not put off
			more = grace.More()
			if more == 0 && hasExited(p.Pid) {
				more = lookPause // it is we who are late
			}
		}
		if more == 0 && action == giveUp {
			return p.stillThere()
		}
		if more == 0 {
			p.perform(action)
		}
		p.delay(more + time.Since(at)) // what follows waits from now on, however late this was
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

// perform does one rung.
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

// signalSession sends sig to every group of the session. The leader is there, if only
// as a zombie, so that no number is a stranger's.
func (p *Process) signalSession(sig syscall.Signal) error {
	groups := p.otherGroups() // before the first dies, and leaves them without a parent
	err := signalGroup(p, sig)
	for group := range groups {
		err = errors.Join(err, killGroup(group, sig))
	}
	return err
}

// Signal sends sig to the whole group. Once the leader is collected nothing is
// sent any more: the number may be somebody else's.
func (p *Process) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return os.ErrProcessDone
	}
	return signalGroup(p, sig)
}

// Reap waits for the exit, kills what is left of the group, and collects the
// leader. Call it when the output has been read. What is left of the session in
// other groups is ended by Close.
func (p *Process) Reap() Ending {
	<-p.exited
	p.reapOnce.Do(func() {
		p.Signal(syscall.SIGKILL)
		p.collect()
	})
	return p.Ending()
}

// collect takes the zombie away. Whoever watches without a handle has done so
// already and left the state.
func (p *Process) collect() {
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
// gone. An error says what is still there: a program that outlived Stop, or others
// of its session. They stay on the lists until they are gone, see OnGone.
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

// End is Stop and Close of a process whose output nobody wants.
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
		limit = time.Second // members are init's to collect, not ours
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
			return fmt.Errorf("of process %d something is still there %s after SIGKILL", p.Pid, limit)
		}
	}
}

// allGone reports whether nothing of the session is left, and kills what is.
func (p *Process) allGone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	isGone := func() bool { return errors.Is(signalGroup(p, 0), os.ErrProcessDone) }
	if !p.gone && !isGone() {
		reapGroup(p) // what is ours to collect is there until it is collected
		if !isGone() {
			return false
		}
	}
	p.gone = p.gone || !p.killRest()
	return p.gone
}
