package process

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Parent is the process that has started others, and remains their parent in the eyes of the
// system when another one has taken them over. Only it can collect them.
type Parent interface {
	// Watch calls exited, once, when the process has exited, or at once if it has.
	Watch(pid int, exited func())

	// Reap kills what is left of the group of a process that has exited, and collects it.
	// An ending is unknown when the Parent itself is gone.
	Reap(pid int) Ending

	// Sweep kills what is left of the session of a process that was collected, and reports
	// whether nothing was.
	Sweep(pid int) (gone bool)
}

// Adopted describes a process that another one has started. Its files become the caller's
// Process's.
type Adopted struct {
	Pid                   int
	Stdin, Stdout, Stderr *os.File // Stdin may be nil: it is closed. Stderr may be nil
	Parent                Parent
}

// Adopt makes a process this Launcher's that another one has started and lent. It is on the
// guardian's list like those that were started here.
func (l *Launcher) Adopt(a Adopted) (*Process, error) {
	entry, err := l.guard.enter(a.Pid)
	if err != nil {
		return nil, err
	}
	p := &Process{
		Pid:      a.Pid,
		entry:    entry,
		launcher: l,
		parent:   a.Parent,
		Stdin:    adoptInput(a.Stdin),
		Stdout:   a.Stdout,
		Stderr:   a.Stderr,
		exited:   make(chan struct{}),
		stopped:  make(chan struct{}),
		kick:     make(chan struct{}, 1),
	}
	l.mu.Lock()
	l.procs[p.Pid] = p
	l.mu.Unlock()
	a.Parent.Watch(a.Pid, p.markExited)
	return p, nil
}

// adoptedLook is how often AwaitAdopted looks.
const adoptedLook = 10 * time.Millisecond

// AwaitAdopted returns when nothing is left of the processes that were adopted and are not handed over:
// their Parent kills what no other process looks after. One that is not being ended is an error, and so
// is one that is still there when ctx is done.
func (l *Launcher) AwaitAdopted(ctx context.Context, handed func(pid int) bool) error {
	tick := time.NewTicker(adoptedLook)
	defer tick.Stop()
	for {
		rest := l.adoptedBut(handed)
		for _, p := range rest {
			if _, asked := p.Asked(); !asked && p.running() {
				return fmt.Errorf("process %d of an earlier server is kept here, and cannot be handed over: end it, or try again when it has no clients", p.Pid)
			}
		}
		if len(rest) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("process %d of an earlier server is just being ended: try again later", rest[0].Pid)
		}
	}
}

// adoptedBut returns the processes that were adopted, but for some, and for those that could not be ended.
func (l *Launcher) adoptedBut(handed func(pid int) bool) (all []*Process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.procs {
		if p.parent != nil && !p.held && !handed(p.Pid) {
			all = append(all, p)
		}
	}
	return all
}

// closedInput is the input of a process that has none any more.
type closedInput struct{}

func (closedInput) Write([]byte) (int, error) { return 0, os.ErrClosed }
func (closedInput) Close() error              { return os.ErrClosed }

// Lend closes the files of a process that another one has taken over with duplicates of them,
// and lets its owner here forget it: OnGone is called, and OnExit is not any more. The Launcher
// remains its Parent, by the methods of Loan. own is false of a process that was adopted itself, which
// remains its Parent's.
func (l *Launcher) Lend(p *Process) (loan Loan, own bool) {
	p.OnExit(nil)
	p.closeFiles()
	if p.parent != nil {
		l.forget(p)
		return Loan{}, false
	}
	p.callOnGone()
	return Loan{p}, true
}

// Parent returns whose child an adopted process is, nil if it is this process's.
func (p *Process) Parent() Parent { return p.parent }

// Loan is a process that another one looks after. Its methods may be called concurrently.
type Loan struct{ p *Process }

// Pid returns the process's number.
func (l Loan) Pid() int { return l.p.Pid }

// Exited returns a channel that is closed when the process has exited.
func (l Loan) Exited() <-chan struct{} { return l.p.Exited() }

// Reap does what Process.Reap does.
func (l Loan) Reap() Ending { return l.p.Reap() }

// Sweep reports whether nothing is left of the session of a process that was collected, and
// forgets it then.
func (l Loan) Sweep() (gone bool) {
	if !l.p.allGone() && !l.p.onlyZombies() {
		return false
	}
	l.p.launcher.forget(l.p)
	return true
}

// Kill ends the process by force, with everything of its session: nobody looks after it.
func (l Loan) Kill() { l.p.End(KillNow) }
