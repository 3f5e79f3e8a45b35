package process

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"websocketd/libwebsocketd/internal/backoff"
)

// lastWordsWait is how long a descendant that left its session, and so outlives a
// dead member, may keep the rest of the member's stderr from being read.
const lastWordsWait = 100 * time.Millisecond

// refillPause is how long whoever took a member has the processors to himself:
// with it the first line comes in half the time.
const refillPause = 5 * time.Millisecond

// mostLastWords is what is kept of a dead member's stderr: as much as a pipe
// holds unless somebody made it larger.
const mostLastWords = 64 << 10

// Pool keeps processes that were started ahead, so that whoever needs one does
// not wait for its start. Its methods may be called concurrently; a nil Pool is
// one that is always empty.
//
// A member's files belong to whoever takes it. Until then nothing is read: what
// it says on stdout and stderr waits in the pipes, so that nothing of it is
// lost, and a member that says more than a pipe holds waits with it.
type Pool struct {
	o        PoolOptions
	launcher *Launcher
	work     chan struct{} // something may be to be done
	quit     chan struct{}
	once     sync.Once
	running  sync.WaitGroup

	mu       sync.Mutex
	ready    []*member // the oldest first
	pause    backoff.Pause
	taken    time.Time  // when the last one was
	starting bool       // a member is being started
	started  *sync.Cond // or not any more
	closed   bool
}

// PoolOptions are what a pool keeps, and at whose cost. The functions are called
// by the pool's own goroutines, by several at once only in Close. Without
// Acquire there is always a slot; a nil function does nothing.
type PoolOptions struct {
	Spec Spec
	Size int // members to keep ready; none for less than 1

	// Acquire asks for a slot before a start. False is that there is none now;
	// Pool.Wake tells when to ask again.
	Acquire func() bool
	// Release gives the slot of a member back that ended unused.
	Release func()
	// OnError is told of a member that could not be started, or, by an
	// *UnusedError, that ended unused. It must not block.
	OnError func(error)
	// Ladder is how unused members are ended by Close; nil is the default one.
	Ladder Ladder
}

// member is a process in the pool.
type member struct {
	*Process
	born time.Time
}

// UnusedError is the end of a member that nobody had taken.
type UnusedError struct {
	Pid    int
	Ending Ending
	Stderr []byte        // what it had said there, at most 64 KiB
	Pause  time.Duration // before the next one is started
}

func (e *UnusedError) Error() string {
	return fmt.Sprintf("process %d was started ahead and has ended unused: %s; another is started in %s", e.Pid, e.Ending, e.Pause)
}

// NewPool makes a Pool, which starts its first members in the background at
// once. Close it before the Launcher.
//
// A member that ended is replaced after the pause of package backoff, which ends when
// one is taken or has lived for a second.
func (l *Launcher) NewPool(o PoolOptions) *Pool {
	if o.Acquire == nil {
		o.Acquire = func() bool { return true }
	}
	if o.Release == nil {
		o.Release = func() {}
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	if o.Ladder == nil {
		o.Ladder = DefaultLadder(0)
	}
	p := &Pool{o: o, launcher: l, work: make(chan struct{}, 1), quit: make(chan struct{})}
	p.started = sync.NewCond(&p.mu)
	p.running.Go(p.run)
	return p
}

// Take is the oldest ready process, whose slot then belongs to the caller, or
// nil if there is none; it waits for one that is being started, because that is
// sooner there than any other. The caller is told of its exit by OnExit, also if
// it exits in this very moment. Its replacement is started a moment later: forking,
// and a program that gets ready, would take the processors from whoever is being
// served.
func (p *Pool) Take() *Process {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.closed {
		if m := p.takeLocked(); m != nil {
			p.taken = time.Now()
			p.Wake()
			return m.Process
		}
		if !p.starting {
			break
		}
		p.started.Wait()
	}
	return nil
}

// takeLocked passes over those that have exited but are not buried yet.
func (p *Pool) takeLocked() *member {
	for i, m := range p.ready {
		if m.running() {
			p.ready = slices.Delete(p.ready, i, i+1)
			p.pause.Reset()
			m.OnExit(nil)
			return m
		}
	}
	return nil
}

// Wake tells that a slot was freed, so that a member may be started. It does not
// block.
func (p *Pool) Wake() {
	if p == nil {
		return
	}
	select {
	case p.work <- struct{}{}:
	default: // told already
	}
}

// Close ends the members nobody took, all at once, each by the ladder, and
// returns when their groups are gone. Take returns nil from then on.
func (p *Pool) Close() {
	if p == nil {
		return
	}
	p.once.Do(func() {
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		close(p.quit)
		p.running.Wait()
		for _, m := range p.ready { // nobody else is left who would touch it
			p.running.Go(func() { p.end(m) })
		}
		p.running.Wait()
	})
}

// run is the goroutine that keeps the pool full.
func (p *Pool) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		p.bury()
		if wait := p.fill(); wait > 0 {
			timer.Reset(wait)
		}
		select {
		case <-p.work:
		case <-timer.C:
		case <-p.quit:
			return
		}
	}
}

// bury takes the dead out and frees their slots.
func (p *Pool) bury() {
	var dead []*member
	p.mu.Lock()
	p.ready = slices.DeleteFunc(p.ready, func(m *member) bool {
		if m.running() {
			return false
		}
		dead = append(dead, m)
		return true
	})
	p.mu.Unlock()
	for _, m := range dead {
		died := time.Now()
		unused := &UnusedError{Pid: m.Pid, Ending: m.Reap(), Stderr: m.lastWords()}
		p.mu.Lock()
		unused.Pause = p.pause.Fail(m.born, died)
		p.mu.Unlock()
		p.o.OnError(unused)
		p.end(m)
	}
}

// lastWords is what a dead member has left in its stderr.
func (m *member) lastWords() []byte {
	if m.Stderr == nil || m.Stderr.SetReadDeadline(time.Now().Add(lastWordsWait)) != nil {
		return nil
	}
	words, _ := io.ReadAll(io.LimitReader(m.Stderr, mostLastWords))
	return words
}

// end ends a member, if it has not ended yet, and frees its slot when it is gone.
func (p *Pool) end(m *member) {
	m.OnGone(p.o.Release)
	if err := m.End(p.o.Ladder); err != nil {
		p.o.OnError(err)
	}
}

// fill starts one member if one is missing, if it is time, and if there is a
// slot. It returns how long to wait when it is not time yet, else 0.
func (p *Pool) fill() (wait time.Duration) {
	p.mu.Lock()
	missing := !p.closed && len(p.ready) < p.o.Size
	now := time.Now()
	wait = max(p.pause.Left(now), p.taken.Add(refillPause).Sub(now), 0)
	p.starting = missing && wait == 0
	starting := p.starting
	p.mu.Unlock()
	switch {
	case !missing:
		return 0
	case starting:
		p.start()
	}
	return wait
}

// start starts a member, and wakes those who wait in Take in any case.
func (p *Pool) start() {
	var m *member
	var err error
	acquired := p.o.Acquire()
	if acquired {
		m, err = p.launch()
	}
	p.mu.Lock()
	p.starting = false
	p.started.Broadcast()
	if m != nil {
		p.ready = append(p.ready, m)
	}
	var pause time.Duration
	if now := time.Now(); err != nil {
		pause = p.pause.Fail(now, now)
	}
	p.mu.Unlock()
	if err != nil {
		p.o.OnError(fmt.Errorf("no process could be started ahead: %w; the next try is in %s", err, pause))
	}
	if acquired {
		p.Wake() // there may be more to start
	}
}

// launch makes a member; on an error its slot is free again.
func (p *Pool) launch() (*member, error) {
	proc, err := p.launcher.Start(p.o.Spec)
	if err != nil {
		p.o.Release()
		return nil, err
	}
	m := &member{proc, time.Now()}
	m.OnExit(p.Wake) // before anybody can take it, who sets a function of his own
	return m, nil
}
