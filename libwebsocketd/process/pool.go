package process

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"websocketd/libwebsocketd/internal/backoff"
)

// lastWordsWait limits how long reading the stderr of a dead member may take. A
// descendant that left the session, and so outlives the member, may keep it open.
const lastWordsWait = 100 * time.Millisecond

// refillPause is how long no replacement is started after a member was taken. With
// it, the first line of the member taken comes in half the time.
const refillPause = 5 * time.Millisecond

// mostLastWords limits what is kept of a dead member's stderr: as much as a pipe
// holds unless it was made larger.
const mostLastWords = 64 << 10

// Pool keeps processes that were started ahead, so that a client need not wait for a
// start. Its methods may be called concurrently; a nil Pool is always empty.
//
// A member's files belong to the caller of Take. Until then nothing is read: its
// output on stdout and stderr waits in the pipes, so that nothing is lost. A member
// that writes more than a pipe holds has to wait.
type Pool struct {
	o        PoolOptions
	launcher *Launcher
	work     chan struct{} // there may be work
	quit     chan struct{}
	once     sync.Once
	running  sync.WaitGroup

	mu       sync.Mutex
	ready    []*member // the oldest first
	pause    backoff.Pause
	taken    time.Time  // when the last member was
	starting bool       // a member is being started
	started  *sync.Cond // signals that starting is false again
	closed   bool
}

// PoolOptions configure a Pool. The functions are called by the pool's own
// goroutines, by several at once only in Close. Without Acquire there is always a
// slot; any other nil function does nothing.
type PoolOptions struct {
	Spec Spec
	Size int // members to keep ready; none for less than 1

	// Acquire takes a slot before a start. It returns false if none is free; a call of
	// Pool.Wake makes the pool try again.
	Acquire func() bool
	// Release returns the slot of a member that ended unused.
	Release func()
	// OnError is called with the error of a member that could not be started, or with an
	// *UnusedError for one that ended unused. It must not block.
	OnError func(error)
	// Ladder is the ladder Close ends unused members by; nil means DefaultLadder(0).
	Ladder Ladder
}

// member is a process in the pool.
type member struct {
	*Process
	born time.Time
}

// UnusedError reports the end of a member that was never taken.
type UnusedError struct {
	Pid    int
	Ending Ending
	Stderr []byte        // what it had written to stderr, at most 64 KiB
	Pause  time.Duration // before the next one is started
}

func (e *UnusedError) Error() string {
	return fmt.Sprintf("process %d was started ahead and has ended unused: %s; another is started in %s", e.Pid, e.Ending, e.Pause)
}

// NewPool returns a Pool, which starts its first members in the background at once.
// Close it before the Launcher.
//
// A member that ended is replaced after the pause of package backoff. The pause is
// reset when a member is taken or has lived for a second.
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

// Take returns the oldest ready process, or nil if there is none. Its slot then
// belongs to the caller. Take waits for a process that is being started, because no
// other would be there sooner. The caller learns of the exit by OnExit, even if the
// process exits at this very moment. The replacement is started a moment later:
// forking, and a program that gets ready, would take the processors from the client
// that is being served.
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

// takeLocked skips members that have exited but are not removed yet.
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

// Ready returns how many members wait to be taken.
func (p *Pool) Ready() int {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.ready)
}

// Wake tells the pool that a slot was freed, so that it may start a member. It does
// not block.
func (p *Pool) Wake() {
	if p == nil {
		return
	}
	select {
	case p.work <- struct{}{}:
	default: // woken already
	}
}

// Close ends the members that were never taken, all at once, each by the ladder. It
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
		for _, m := range p.ready { // no other goroutine is left that uses it
			p.running.Go(func() { p.end(m) })
		}
		p.running.Wait()
	})
}

// run keeps the pool full until Close.
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

// bury removes the members that have exited and frees their slots.
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

// lastWords returns what is left in the stderr of a dead member.
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

// fill starts one member if one is missing, the pause is over, and there is a slot.
// It returns what is left of the pause, else 0.
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

// start starts a member. In any case it wakes the goroutines that wait in Take.
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

// launch starts a member; on an error it releases its slot.
func (p *Pool) launch() (*member, error) {
	proc, err := p.launcher.Start(p.o.Spec)
	if err != nil {
		p.o.Release()
		return nil, err
	}
	m := &member{proc, time.Now()}
	m.OnExit(p.Wake) // before it can be taken by a caller that sets another function
	return m, nil
}
