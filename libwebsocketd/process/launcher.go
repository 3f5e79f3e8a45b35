package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// ErrClosed is returned by Start on a closed Launcher.
var ErrClosed = errors.New("launcher is closed")

// Launcher starts processes, one at a time, and keeps those that are not gone yet.
// Its methods may be called concurrently.
type Launcher struct {
	o       LauncherOptions
	starts  chan *start
	quit    chan struct{}
	once    sync.Once
	running sync.WaitGroup
	watch   *watcher  // nil: a goroutine waits for each exit
	guard   *guardian // nil without Guard
	orphans *orphans  // nil: this process does not adopt them
	cgroups cgroups
	reserve int // descriptors that may be used, see UsableDescriptors

	mu    sync.Mutex
	procs map[int]*Process
	held  int // how many of procs could not be ended
}

// LauncherOptions configure a Launcher. The zero value suits a library. Every other
// value changes the whole operating system process, and is for a command.
type LauncherOptions struct {
	// Guard starts a guardian: the executable of this program, which must call
	// GuardianMain first thing in main. The guardian ends the sessions of processes that
	// are still running when this process is killed with SIGKILL. Unix only. No
	// goroutine of such a program may end locked to its thread.
	Guard bool
	// Subreaper makes this process the parent of orphaned descendants
	// (PR_SET_CHILD_SUBREAPER; Linux only) and collects them, as PID 1 must. With it,
	// the whole session of a process ends with it; without, its group.
	Subreaper bool
	// Confine lets a Spec have a Confinement. The executable of this program, which must
	// call ConfineMain first thing in main, is started for it. Unix only.
	Confine bool
	// Sockets are unix socket files that the guardian removes.
	Sockets []string
	// OnError is called with errors of background work. It must not block.
	OnError func(error)
}

// start is a request to the forking goroutine and its answer.
type start struct {
	spec      Spec
	stdin     io.WriteCloser
	near, far [3]*os.File // our ends of the other pipes, and the child's ends of all
	confined  *confined   // nil without a Confinement
	proc      *Process
	err       error
	done      chan struct{}
}

// NewLauncher returns a Launcher with its goroutines running. Close it after the last
// process is closed.
func NewLauncher(o LauncherOptions) (*Launcher, error) {
	l := &Launcher{
		o:       o,
		starts:  make(chan *start),
		quit:    make(chan struct{}),
		procs:   make(map[int]*Process),
		reserve: UsableDescriptors(),
	}
	if o.OnError == nil {
		l.o.OnError = func(error) {}
	}
	var err error
	if l.watch, err = newWatcher(); err != nil {
		return nil, fmt.Errorf("watch processes: %w", err)
	}
	if l.watch != nil {
		l.running.Go(l.watch.run)
	}
	if o.Subreaper && becomeSubreaper() == nil {
		l.orphans = newOrphans()
	}
	if o.Guard {
		l.engageGuardian()
	}
	l.running.Go(l.fork)
	return l, nil
}

// engageGuardian starts a guardian. Without one the server still serves.
func (l *Launcher) engageGuardian() {
	var err error
	if l.guard, err = newGuardian(l.o.Sockets); err == nil {
		l.running.Go(func() { l.guard.run(l.quit, l.o.OnError) })
	} else if !errors.Is(err, errors.ErrUnsupported) {
		l.o.OnError(fmt.Errorf("there is no guardian, programs may survive a killed server: %w", err))
	}
}

// Start runs spec. The error wraps that of the system call: use errors.Is with
// os.ErrNotExist, syscall.EAGAIN and so on.
func (l *Launcher) Start(spec Spec) (*Process, error) {
	s := &start{spec: spec, done: make(chan struct{})}
	if err := l.pipes(s); err != nil {
		return nil, fmt.Errorf("make pipes for %s: %w", spec.Path, err)
	}
	if s.confined, s.err = l.newConfined(&spec); s.err == nil {
		l.startOne(s)
	}
	closeAll(s.far[:])
	if s.confined != nil {
		s.awaitConfined()
	}
	if s.err != nil {
		s.closeOurs()
		return nil, fmt.Errorf("start %s: %w", spec.Path, s.err)
	}
	return s.proc, nil
}

// startOne has the forking goroutine start a process.
func (l *Launcher) startOne(s *start) {
	select {
	case l.starts <- s:
		<-s.done
	case <-l.quit:
		s.err = ErrClosed
	}
}

// fork runs in the one goroutine that starts processes. It also collects orphans:
// only here is it certain that no child has just been started whose pid is not
// recorded yet.
//
// A child dies with the thread that forked it (PR_SET_PDEATHSIG). A thread of Go's
// ends only with a goroutine that returns while locked to it. In a library,
// goroutines of others may do that, so there all forks come from a thread that is
// kept. A command has no such goroutine, and changing threads twice costs a quarter
// of a start.
func (l *Launcher) fork() {
	if !l.o.Guard {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread() // keep the thread: its end would kill the children
	}
	reaper := newOrphanReaper(l.o.Subreaper)
	defer reaper.stop()
	l.guard.await(l.quit)
	for {
		select {
		case s := <-l.starts:
			s.proc, s.err = l.forkOne(s)
			close(s.done)
		case <-reaper.signals:
			reaper.arm()
		case <-reaper.timer.C:
			reaper.reap(l.knows)
		case <-l.quit:
			return
		}
	}
}

// forkOne starts a process. It is on the guardian's list before it can start another.
func (l *Launcher) forkOne(s *start) (*Process, error) {
	entry, err := l.guard.announce()
	if err != nil {
		return nil, err
	}
	proc, err := s.fork()
	if err != nil {
		l.guard.withdraw(entry)
		return nil, err
	}
	l.guard.add(entry, proc.Pid)
	p := &Process{
		Pid:      proc.Pid,
		entry:    entry,
		cgroup:   s.confined.group(),
		launcher: l,
		proc:     proc,
		Stdin:    s.stdin,
		Stdout:   s.near[1],
		Stderr:   s.near[2],
		exited:   make(chan struct{}),
		stopped:  make(chan struct{}),
		kick:     make(chan struct{}, 1),
	}
	l.mu.Lock()
	l.procs[p.Pid] = p
	l.mu.Unlock()
	l.watchExit(p)
	return p, nil
}

// fork starts the program, or what confines itself and then becomes it.
func (s *start) fork() (*os.Process, error) {
	defer BeginFork()()
	path, args, attr := s.spec.Path, s.spec.Args, &os.ProcAttr{
		Dir:   s.spec.Dir,
		Env:   s.spec.Env,
		Files: s.far[:],
		Sys:   runAs(groupAttributes(true), s.spec.Account),
	}
	if s.confined != nil {
		var err error
		if path, args, err = s.confined.through(path, args, attr); err != nil {
			return nil, err
		}
	}
	return os.StartProcess(path, args, attr)
}

// watchExit arranges the call of p.markExited. Without a watcher, or a handle to
// watch, a goroutine waits.
func (l *Launcher) watchExit(p *Process) {
	if l.watch != nil && l.watch.addProcess(p.proc, p.markExited) == nil {
		return
	}
	l.running.Go(func() {
		state := waitForExit(p.proc)
		p.mu.Lock()
		p.state = state
		p.mu.Unlock()
		p.markExited()
	})
}

// pipes makes the pipes of a child: our ends and the child's.
func (l *Launcher) pipes(s *start) (err error) {
	defer func() {
		if err != nil {
			s.closeOurs()
			closeAll(s.far[:])
		}
	}()
	if s.far[0], s.stdin, err = newInputPipe(); err != nil {
		return err
	}
	if s.near[1], s.far[1], err = newOutputPipe(); err != nil {
		return err
	}
	switch s.spec.Stderr {
	case StderrPipe:
		s.near[2], s.far[2], err = newOutputPipe()
	case StderrStdout:
		s.far[2] = s.far[1]
	case StderrNowhere:
		s.far[2], err = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	}
	if err == nil && s.spec.Account != nil {
		err = s.openToOthers()
	}
	if err == nil && l.reserve > 0 && int(s.far[2].Fd()) >= l.reserve {
		// The system hands out the lowest free descriptor: a high number means the table is
		// nearly full. Refuse now, while there are descriptors left to report it.
		err = os.NewSyscallError("pipe", syscall.EMFILE)
	}
	return err
}

// openToOthers lets a process of another user open its pipes by name, as /dev/stderr. Nobody else finds
// them: that takes the right to trace the process.
func (s *start) openToOthers() error {
	for i, far := range s.far {
		if i == 2 && s.spec.Stderr != StderrPipe {
			break
		}
		if err := far.Chmod(0o666); err != nil {
			return err
		}
	}
	return nil
}

func (s *start) closeOurs() {
	if s.stdin != nil {
		s.stdin.Close()
	}
	closeAll(s.near[:])
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

func (l *Launcher) knows(pid int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.procs[pid] != nil || l.guard.is(pid)
}

// forget removes a process of which nothing is left from the lists.
func (l *Launcher) forget(p *Process) {
	l.mu.Lock()
	known := l.procs[p.Pid] == p
	if known {
		delete(l.procs, p.Pid)
	}
	if known && p.held {
		l.held--
	}
	l.mu.Unlock()
	if known {
		l.guard.remove(p.entry)
		p.callOnGone()
	}
}

// hold keeps a process that SIGKILL did not end on the lists until it is gone after
// all. Until then its slot stays taken. It returns cause, extended by this.
func (l *Launcher) hold(p *Process, cause error) error {
	l.mu.Lock()
	again := p.held
	p.held = true
	if !again {
		l.held++
	}
	held := l.held
	l.mu.Unlock()
	if !again {
		l.running.Go(func() { l.awaitGone(p) })
	}
	return fmt.Errorf("%w; its place is taken until it has gone (so held: %d)", cause, held)
}

// awaitGone waits until the process is gone or the launcher closes.
func (l *Launcher) awaitGone(p *Process) {
	select {
	case <-p.exited:
		p.Reap()
	case <-l.quit:
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for !p.allGone() && !p.onlyZombies() {
		select {
		case <-tick.C:
		case <-l.quit:
			return
		}
	}
	l.forget(p)
}

// Held returns how many processes could not be ended and are still there.
func (l *Launcher) Held() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// KillAll sends SIGKILL to every group that is still there, also to those of processes that are lent.
func (l *Launcher) KillAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.procs {
		p.Signal(syscall.SIGKILL)
	}
}

// Close ends the launcher's goroutines and its guardian, which kills whatever
// is still listed.
func (l *Launcher) Close() error {
	l.once.Do(func() {
		close(l.quit)
		l.guard.end()
		if l.watch != nil {
			l.watch.close()
		}
		l.running.Wait()
		l.guard.close()
		l.cgroups.close()
		l.orphans.close()
	})
	return nil
}
