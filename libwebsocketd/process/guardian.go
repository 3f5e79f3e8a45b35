//go:build unix

package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"websocketd/libwebsocketd/internal/backoff"
)

// readyWait limits how long the first start waits for a guardian that hangs.
const readyWait = 5 * time.Second

// guardian is the server's side of the process that outlives it. It keeps one
// running, and keeps in a table what that process has to know. A nil guardian does
// nothing.
type guardian struct {
	table   *table
	orders  string
	settled func() // called when the first one is ready or has failed
	first   chan struct{}

	mu    sync.Mutex
	ended bool
	pid   int      // 0 while there is none
	pipe  *os.File // its end means to the guardian that the server has ended
}

func newGuardian(sockets []string) (*guardian, error) {
	table, err := newTable()
	if err != nil {
		return nil, fmt.Errorf("share memory with the guardian: %w", err)
	}
	g := &guardian{table: table, orders: ordersFor(sockets), first: make(chan struct{})}
	g.settled = sync.OnceFunc(func() { close(g.first) })
	return g, nil
}

// await returns when programs may be started.
func (g *guardian) await(quit <-chan struct{}) {
	if g == nil {
		return
	}
	timer := time.NewTimer(readyWait)
	defer timer.Stop()
	select {
	case <-g.first:
	case <-timer.C:
	case <-quit:
	}
}

// run keeps a guardian running until end is called. One that is gone is replaced at
// once. One that never got ready is replaced after a pause, longer each time; the first
// is short, because it may have been killed.
// Meanwhile the server serves all the same, and reports it.
func (g *guardian) run(quit <-chan struct{}, onError func(error)) {
	failures := backoff.Pause{First: time.Millisecond}
	ready := g.settled
	for {
		born := time.Now()
		err := g.live(ready)
		g.settled()
		switch {
		case g.over():
			return
		case err == nil:
			failures.Reset()
			ready = func() { onError(errors.New("the guardian was gone and is started again")) }
			continue
		}
		pause := failures.Fail(born, time.Now())
		onError(fmt.Errorf("there is no guardian, programs may survive a killed server: %w; the next try is in %s", err, pause))
		select {
		case <-time.After(pause):
		case <-quit:
			return
		}
	}
}

// live starts a guardian and returns when it has ended. The error is that of a
// guardian that never got ready.
func (g *guardian) live(ready func()) error {
	pid, readyPipe, err := g.start()
	if err != nil {
		return err
	}
	result := make(chan error, 1)
	go func() {
		_, err := readyPipe.Read(make([]byte, 1))
		if err == nil {
			ready()
		}
		result <- err
	}()
	awaitExit(pid)
	g.mu.Lock()
	g.pid = 0
	g.pipe.Close()
	g.mu.Unlock()
	err = <-result // the pipe ended with the guardian
	readyPipe.Close()
	if err != nil {
		return errors.New("it ended before it was ready")
	}
	return nil
}

// start starts a guardian, which writes to the pipe returned when it is ready.
func (g *guardian) start() (pid int, readyPipe *os.File, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return 0, nil, ErrClosed
	}
	g.pid, g.pipe, readyPipe, err = startGuardian(g.table.file, g.orders)
	return g.pid, readyPipe, err
}

// awaitExit collects a guardian. One that was stopped cannot do its work and is
// killed.
func awaitExit(pid int) {
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(pid, &status, syscall.WUNTRACED, nil)
		switch {
		case err == nil && status.Stopped():
			syscall.Kill(pid, syscall.SIGKILL)
		case err != syscall.EINTR:
			return
		}
	}
}

// announce, enter, add, withdraw and remove call the table's methods.
func (g *guardian) announce() (entry int, err error) {
	if g == nil {
		return 0, nil
	}
	return g.table.announce()
}

func (g *guardian) enter(pid int) (entry int, err error) {
	if g == nil {
		return 0, nil
	}
	return g.table.enter(pid)
}

func (g *guardian) add(entry, pid int) {
	if g != nil {
		g.table.add(entry, pid)
	}
}

func (g *guardian) withdraw(entry int) {
	if g != nil {
		g.table.withdraw(entry)
	}
}

func (g *guardian) remove(entry int) {
	if g != nil {
		g.table.remove(entry)
	}
}

// is reports whether pid is the guardian.
func (g *guardian) is(pid int) bool {
	if g == nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pid == pid
}

func (g *guardian) over() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ended
}

// end lets the guardian exit: the end of its pipe is all it waits for.
func (g *guardian) end() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	if g.pid != 0 {
		g.pipe.Close()
	}
}

// close releases the table. Call it when run has returned.
func (g *guardian) close() {
	if g != nil {
		g.table.close()
	}
}

// orders are passed to a guardian when it is started.
type orders struct {
	Session int // the server's
	Server  int // its pid, by which its control groups are named
	Sockets []socketFile
}

// socketFile identifies the file of a socket the server listens on, so that a file
// that has replaced it since is not taken for it.
type socketFile struct {
	Path     []byte // bytes, because JSON would change what is not UTF-8
	Dev, Ino uint64
}

func ordersFor(sockets []string) string {
	o := orders{Session: SessionOf(0), Server: os.Getpid()}
	for _, path := range sockets {
		if file := (socketFile{Path: []byte(path)}); file.look() == nil {
			o.Sockets = append(o.Sockets, file)
		}
	}
	text, _ := json.Marshal(o) // numbers and bytes cannot fail
	return string(text)
}

// look stores the identity of the file at Path.
func (f *socketFile) look() error {
	var s syscall.Stat_t
	err := syscall.Lstat(string(f.Path), &s)
	f.Dev, f.Ino = uint64(s.Dev), uint64(s.Ino)
	return err
}

// remove removes the file, unless another is in its place. The file of a successor
// may have got the same number; but that server has the lock.
func (f socketFile) remove() (done bool) {
	if !f.isThere() {
		return true
	}
	lock, err := LockSocket(string(f.Path))
	if err != nil {
		return false
	}
	defer lock.Unlock()
	if f.isThere() {
		os.Remove(string(f.Path))
	}
	return true
}

func (f socketFile) isThere() bool {
	now := socketFile{Path: f.Path}
	return now.look() == nil && now.Dev == f.Dev && now.Ino == f.Ino
}
