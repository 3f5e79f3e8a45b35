package shared

import (
	"errors"
	"slices"
	"sync"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/stdio"
)

// successor is a process that is started while another one runs, whose place it takes when it is
// ready. Its output is kept meanwhile; when that is as much as may be kept, the process waits.
type successor struct {
	libwebsocketd.Endpoint
	limit  int             // bytes of output
	took   func(end error) // see Replace
	placed chan struct{}   // closed when it has taken the place of the other one
	pump   sync.WaitGroup

	mu      sync.Mutex
	stirred sync.Cond // of mu: the fields below have changed
	kept    []*libwebsocketd.Chunk
	bytes   int
	err     error // of Receive
	taken   bool  // Receive is called for a hub
	unheard bool  // nobody will: what it writes is dropped, so that it can end
	over    bool  // the pump has ended
}

func newSuccessor(program libwebsocketd.Endpoint, limit int, took func(error)) *successor {
	s := &successor{Endpoint: program, limit: limit, took: took, placed: make(chan struct{})}
	s.stirred.L = &s.mu
	s.pump.Go(s.keep)
	return s
}

// Pid returns the process's number, 0 if it is not known.
func (s *successor) Pid() int {
	if p, ok := s.Endpoint.(interface{ Pid() int }); ok {
		return p.Pid()
	}
	return 0
}

// keep receives output until Receive is called, which gets the rest.
func (s *successor) keep() {
	for s.waitForRoom() {
		batch, err := s.Endpoint.Receive()
		s.mu.Lock()
		if err == nil && !s.unheard {
			chunk := libwebsocketd.NewChunk(batch)
			s.kept, s.bytes = append(s.kept, chunk), s.bytes+chunk.Size()+overhead
		}
		s.err = err
		s.stirred.Broadcast()
		s.mu.Unlock()
	}
}

// waitForRoom waits until more may be kept. It returns false, and ends the pump, when Receive gets
// what follows.
func (s *successor) waitForRoom() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.taken && !s.unheard && s.err == nil && s.bytes >= s.limit {
		s.stirred.Wait()
	}
	s.over = s.taken || s.err != nil
	s.stirred.Broadcast()
	return !s.over
}

// Receive returns what was kept, and then what follows.
func (s *successor) Receive() ([]libwebsocketd.Message, error) {
	s.mu.Lock()
	s.taken = true
	s.stirred.Broadcast()
	for len(s.kept) == 0 && !s.over {
		s.stirred.Wait()
	}
	if len(s.kept) > 0 {
		first := s.kept[0]
		s.kept = s.kept[1:]
		s.mu.Unlock()
		return slices.Collect(first.Messages(0)), nil
	}
	err := s.err
	if err == stdio.ErrPaused { // the pump was the first to be told
		s.err = nil
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.Endpoint.Receive()
}

// Close ends the process by the ladder. Its Endpoint waits then until the rest of the output was
// received: by the hub, or else by the pump, which goes on to the end.
func (s *successor) Close() error {
	s.mu.Lock()
	if s.unheard = !s.taken; s.unheard {
		s.kept = nil
	}
	s.stirred.Broadcast()
	s.mu.Unlock()
	err := s.Endpoint.Close()
	s.pump.Wait()
	return err
}

// errStopped is the error of Replace when the hub ends meanwhile.
var errStopped = errors.New("the program is being stopped")

// Replace calls start for another process while the one that runs goes on, and has it take the
// place of that one as soon as ready has returned nil: the one that runs is ended then, its last
// output comes first, and what the other one has written follows after a note. Viewers stay, and
// what they send goes to the one that runs until it ends. If ready returns an error the other
// process is ended instead, what it has written is nobody's, and nothing has changed. Replace
// returns when all that is done. One caller at a time may call it.
//
// took is called with the ending of the one before when the other one takes its place, before
// the Keeper is asked anything about that one. It may be that none runs then, because the Keeper
// has the Hub wait, or that another one had been started meanwhile: the place is taken all the same.
func (h *Hub) Replace(start func() (libwebsocketd.Endpoint, *gate.Refusal), ready func() error, took func(end error)) error {
	program, refusal := start()
	if refusal != nil {
		return errors.New(refusal.Reason)
	}
	s := newSuccessor(program, h.Life.History, took)
	if err := ready(); err != nil {
		s.Close()
		return err
	}
	if !h.announce(s) {
		s.Close()
		return errStopped
	}
	select {
	case <-s.placed:
		return nil
	case <-h.done:
		return errStopped
	}
}

// announce makes s the process that follows, and asks for the restart: both at once, for the other
// process may end by itself at any time. It returns false if none may follow.
func (h *Hub) announce(s *successor) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing || h.Stop.Err() != nil {
		return false
	}
	h.follows = s
	h.Restart()
	return true
}

// isFollowed reports whether there is a process that takes the place of the one that has ended.
func (h *Hub) isFollowed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.follows != nil
}

// takeSuccessor returns that process, nil if there is none. That Replace has asked for a restart is
// settled by it, also where the other process has ended by itself.
func (h *Hub) takeSuccessor() *successor {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.follows
	if h.follows = nil; s != nil {
		h.settle()
	}
	return s
}

// place returns that process when it takes the place of one that has ended like that; nil if
// there is none, or if none may follow because the hub ends.
func (h *Hub) place(ending error) *successor {
	if h.isClosing() || h.Stop.Err() != nil {
		return nil
	}
	s := h.takeSuccessor()
	if s == nil {
		return nil
	}
	s.took(ending)
	h.noteRestart(ending)
	close(s.placed)
	return s
}
