package connect

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/internal/terminal"
	"websocketd/libwebsocketd/bridge"
)

// remote is a connection to a server.
type remote interface {
	bridge.Endpoint
	ReceiveEach(each func([]bridge.Message)) error
	Parts() int64 // changes while a message comes that has not come whole
}

// server is the other end, in the place of a program. It is left when its time after the
// end of the input is over, and when the local side wants that: with a close frame.
type server struct {
	remote
	local    context.Context // of the local side: its cause is why the server is left
	idle     *idle
	received chan struct{} // closed when everything was received
	left     atomic.Bool   // this side has closed
	closing  sync.Once
	err      error // of Close
}

// newServer returns a server that is left when local is done, or when nothing of a message
// has come for wait after the end of the input; never if wait is negative.
func newServer(r remote, local context.Context, wait time.Duration) *server {
	s := &server{remote: r, local: local, received: make(chan struct{})}
	s.idle = &idle{wait: wait, over: s.leave, parts: r.Parts}
	return s
}

// leave closes this side, unless it has been closed.
func (s *server) leave() {
	if !s.left.Swap(true) {
		s.remote.CloseSend(s.farewell())
	}
}

// farewell returns what the server is told: what the local side cannot take or make, that
// the user has gone, or nothing.
func (s *server) farewell() error {
	cause := context.Cause(s.local)
	var refused *bridge.RefusedError
	var broken *bridge.BrokenError
	switch {
	case errors.Is(cause, terminal.ErrLeft):
		return nil
	case cause == nil, errors.As(cause, &refused), errors.As(cause, &broken):
		return cause
	}
	return &bridge.CloseWith{Code: bridge.CloseGoingAway}
}

// ReceiveEach calls each with every batch, and returns how the server ended.
func (s *server) ReceiveEach(each func([]bridge.Message)) error {
	defer close(s.received)
	err := s.remote.ReceiveEach(func(batch []bridge.Message) {
		s.idle.pause()
		each(batch)
		s.idle.resume()
	})
	s.idle.end()
	if s.left.Load() && !tellsEnd(err) {
		return terminal.ErrLeft
	}
	return err
}

// CloseSend notes the end of the input.
func (s *server) CloseSend(cause error) error {
	if cause == io.EOF {
		s.idle.begin()
	}
	return nil
}

// Close leaves the server, and waits for what is still to come of it.
func (s *server) Close() error {
	s.closing.Do(func() {
		s.idle.end()
		s.leave()
		<-s.received
		s.err = s.remote.Close()
		s.idle.running.Wait()
	})
	return s.err
}

// idle is the wait for messages after the end of the input. Time in which a message is
// being printed does not count.
type idle struct {
	wait time.Duration
	over func() // called when nothing has come in time
	// parts returns a number that changes while a message comes that is not whole: then the
	// time begins anew when it is over, unless there is none.
	parts func() int64

	running sync.WaitGroup // a timer that is set, or over

	mu     sync.Mutex
	begun  bool
	paused bool
	ended  bool
	timer  *time.Timer
	turn   int   // counts the changes
	seen   int64 // parts when the timer was set
}

func (i *idle) begin()  { i.change(func() { i.begun = true }) }
func (i *idle) pause()  { i.change(func() { i.paused = true }) }
func (i *idle) resume() { i.change(func() { i.paused = false }) }
func (i *idle) end()    { i.change(func() { i.ended = true }) }

// change starts the timer if it is to run then, and stops it otherwise.
func (i *idle) change(set func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	set()
	i.turn++
	if i.timer != nil && i.timer.Stop() {
		i.running.Done()
	}
	if i.wait >= 0 && i.begun && !i.paused && !i.ended {
		i.running.Add(1)
		i.start(i.turn)
	}
}

// start sets the timer; i.mu is held.
func (i *idle) start(turn int) {
	i.seen = i.parts()
	i.timer = time.AfterFunc(i.wait, func() { i.look(turn) })
}

// lastLook is time for a message that has come while this process had no processor.
const lastLook = 20 * time.Millisecond

// look waits a little longer when the time is over, unless that has changed meanwhile.
func (i *idle) look(turn int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if turn != i.turn {
		i.running.Done()
		return
	}
	i.timer = time.AfterFunc(lastLook, func() { i.decide(turn) })
}

// decide leaves, or waits once more if a message is coming.
func (i *idle) decide(turn int) {
	i.mu.Lock()
	unchanged := turn == i.turn
	coming := unchanged && i.wait > 0 && i.parts() != i.seen
	if coming {
		i.start(turn)
	}
	i.mu.Unlock()
	if coming {
		return
	}
	defer i.running.Done()
	if unchanged {
		i.over()
	}
}
