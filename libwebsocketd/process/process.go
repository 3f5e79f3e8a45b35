package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// killWait is how long a process may take to die of SIGKILL before it is given
// up and said so: only the kernel can hold it that long.
const killWait = time.Second

// groupWait is how long the members of a killed group may take to disappear.
const groupWait = 5 * time.Second

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
	proc     *os.Process
	exited   chan struct{}

	mu       sync.Mutex
	onExit   func()
	onStderr watchID
	closed   bool // its files are
	due      schedule
	done     [numActions]bool
	last     Action
	asked    bool          // a ladder was begun
	stopped  chan struct{} // the ladder is over
	kick     chan struct{} // the schedule has changed
	reaped   bool          // the leader is collected
	gone     bool          // the whole group is
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
// together. Signals go to the whole group.
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
	for p.running() {
		p.mu.Lock()
		action, at, ok := p.due.next(&p.done)
		killed := p.done[Kill]
		if killed {
			at = p.due[Kill].Add(killWait)
		}
		p.mu.Unlock()
		switch {
		case killed:
			timer.Reset(time.Until(at))
		case ok:
			timer.Reset(time.Until(at))
		default: // a ladder that does not end in Kill waits for the exit
			timer.Stop()
		}
		select {
		case <-p.exited:
			return nil
		case <-p.kick:
		case <-timer.C:
			if killed {
				return p.stillThere()
			}
			p.perform(action)
		}
	}
	return nil
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
		return fmt.Errorf("SIGKILL did not terminate %d", p.Pid)
	}
	return nil
}

// perform does one rung.
func (p *Process) perform(a Action) {
	p.mu.Lock()
	p.done[a] = true
	p.last = a
	p.mu.Unlock()
	if a == CloseStdin {
		p.Stdin.Close()
		return
	}
	p.Signal(actionSignals[a])
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
// leader. Call it when the output has been read.
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

// Close closes the process's files, reaps it, and returns when the whole group
// is gone. An error says what is still there: a program that outlived Stop, or
// a member of its group. The guardian keeps such a group on its list until it
// is gone.
func (p *Process) Close() error {
	p.closeFiles()
	if err := p.stillThere(); err != nil {
		p.launcher.abandon(p)
		return err
	}
	p.Reap()
	if err := p.awaitGroup(); err != nil {
		p.launcher.abandon(p)
		return err
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

// awaitGroup waits until nothing of the group is left.
func (p *Process) awaitGroup() error {
	if p.groupGone() { // nearly always
		return nil
	}
	limit := groupWait
	if !p.launcher.subreaper {
		limit = time.Second // members are init's to collect, not ours
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if p.groupGone() {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("process group %d is still there %s after SIGKILL", p.Pid, limit)
		}
	}
}

func (p *Process) groupGone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	isGone := func() bool { return errors.Is(signalGroup(p, 0), os.ErrProcessDone) }
	if p.gone = p.gone || isGone(); !p.gone {
		reapGroup(p) // what is ours to collect is there until it is collected
		p.gone = isGone()
	}
	return p.gone
}
