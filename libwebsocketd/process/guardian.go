package process

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// tellWait is how long a guardian may take to take a line. One that does not
// read any more is replaced.
const tellWait = 2 * time.Second

// unreadLimit is what a guardian leaves in its pipe until it is rung: waking it for
// every line costs an eighth of what a short connection does. A pipe holds at least
// 4 KiB, and 8 where Linux gives a user no more of the large ones.
const unreadLimit = 2 << 10

// guardian is the server's side of the process that outlives it. A nil guardian
// does nothing.
type guardian struct {
	sockets []string
	deaths  chan struct{} // the guardian must be started again

	mu     sync.Mutex
	ended  bool
	proc   *os.Process
	pipe   *os.File // nil while there is none
	bell   *os.File // rung when it should read
	unread int      // bytes told since
	born   time.Time
	groups map[int]bool
}

func newGuardian(sockets []string) *guardian {
	return &guardian{
		sockets: sockets,
		deaths:  make(chan struct{}, 1),
		groups:  make(map[int]bool),
	}
}

// begin starts the first one. Where that fails the server serves all the same,
// says so, and tries again.
func (g *guardian) begin(l *Launcher) {
	if g == nil {
		return
	}
	if err := g.start(l); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		l.o.OnError(fmt.Errorf("there is no guardian, programs may survive a killed server: %w", err))
		l.later(time.Minute, g.deaths)
	}
}

func (g *guardian) start(l *Launcher) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return nil
	}
	proc, pipe, bell, err := startGuardian()
	if err != nil {
		return err
	}
	g.proc, g.pipe, g.bell, g.born, g.unread = proc, pipe, bell, time.Now(), 0
	for _, path := range g.sockets {
		g.tell("socket %q\n", path)
	}
	for pgid := range g.groups {
		g.tell("%+d\n", pgid)
	}
	l.watchOther(proc, g.bury)
	return nil
}

// tell writes one line; g.mu is held. What cannot be told is told to the next
// guardian, from the list.
func (g *guardian) tell(format string, args ...any) {
	if g.pipe == nil {
		return
	}
	g.pipe.SetWriteDeadline(time.Now().Add(tellWait))
	n, err := fmt.Fprintf(g.pipe, format, args...)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		g.proc.Kill()
	}
	if g.unread += n; g.unread > unreadLimit {
		g.unread = 0
		g.bell.SetWriteDeadline(time.Now().Add(tellWait))
		g.bell.Write([]byte{'\n'})
	}
}

func (g *guardian) add(pgid int) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.groups[pgid] = true
	g.tell("%+d\n", pgid)
}

func (g *guardian) remove(pgid int) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.groups, pgid)
	g.tell("%+d\n", -pgid)
}

// bury is called when the guardian has exited.
func (g *guardian) bury() {
	g.mu.Lock()
	g.proc.Wait()
	g.pipe.Close()
	g.bell.Close()
	g.pipe = nil
	g.mu.Unlock()
	g.deaths <- struct{}{} // has room: there is one guardian at a time
}

// died is readable when a new guardian is needed.
func (g *guardian) died() <-chan struct{} {
	if g == nil {
		return nil
	}
	return g.deaths
}

// restart replaces a dead guardian: at once, but never more than one a second.
func (g *guardian) restart(l *Launcher) {
	g.mu.Lock()
	pause := time.Second - time.Since(g.born)
	g.mu.Unlock()
	if pause > 0 {
		l.later(pause, g.deaths)
		return
	}
	if err := g.start(l); err != nil {
		l.o.OnError(fmt.Errorf("the guardian is gone and cannot be started: %w", err))
		l.later(time.Minute, g.deaths)
		return
	}
	l.o.OnError(errors.New("the guardian was gone and is started again"))
}

// is reports whether pid is the guardian.
func (g *guardian) is(pid int) bool {
	if g == nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.proc != nil && g.proc.Pid == pid
}

// end lets the guardian go: the end of its pipe is all it waits for.
func (g *guardian) end() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	if g.pipe != nil {
		g.pipe.Close()
		g.bell.Close()
	}
}

// wait returns when the guardian has done its work.
func (g *guardian) wait() {
	if g != nil && g.proc != nil {
		g.proc.Wait()
	}
}
