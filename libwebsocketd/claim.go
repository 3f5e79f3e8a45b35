package libwebsocketd

import (
	"fmt"
	"log/slog"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
)

// claim is what a client is served with: a process that was started ahead and
// brings its slots, or slots to start one, or a refusal.
func (s *Server) claim(p *served, log *slog.Logger) (ready *process.Process, refusal *gate.Refusal) {
	if ready = p.pool.Take(); ready != nil {
		return ready, nil
	}
	if refusal = s.acquire(p); refusal == nil {
		return nil, nil
	}
	// The pool may have been faster with the last slot.
	if ready = p.pool.Take(); ready != nil {
		return ready, nil
	}
	return nil, s.claimSlot(p, log)
}

// acquire takes two slots for a process: one of its program's and one of the
// server's. After a refusal it holds none.
func (s *Server) acquire(p *served) *gate.Refusal {
	if refusal := p.acquire(); refusal != nil {
		return refusal
	}
	refusal := s.slots.Acquire()
	if refusal != nil {
		p.slots.Release()
	}
	return refusal
}

// acquire takes a slot of the program itself.
func (p *served) acquire() *gate.Refusal {
	refusal := p.slots.Acquire()
	if refusal != nil {
		refusal.Reason = fmt.Sprintf("every one of the %d processes that program %s may have at once is taken (its maxforks): try again later",
			p.slots.Limit(), p.Name)
	}
	return refusal
}

// claimSlot is acquire for a process the pool does not have. When all slots of
// the server are taken, a pool gives up a process that nobody has asked for.
func (s *Server) claimSlot(p *served, log *slog.Logger) *gate.Refusal {
	if refusal := p.acquire(); refusal != nil {
		return refusal
	}
	refusal := s.slots.Acquire()
	if refusal == nil {
		return nil
	}
	for _, other := range s.table.Load().programs {
		if ready := other.pool.Take(); ready != nil {
			s.discard(ready, log)
			other.slots.Release()
			return nil
		}
	}
	p.slots.Release()
	return refusal
}

// discard ends a process that is not needed; its slots stay the caller's. The
// ladder is without CloseDelay, because somebody waits for an answer.
func (s *Server) discard(ready *process.Process, log *slog.Logger) {
	if err := ready.End(process.DefaultLadder(0)); err != nil {
		logAt(log, LevelError, "process", err.Error(), "pid", ready.Pid)
	}
}

// giveUp frees what was claimed for a client that is not served after all.
func (s *Server) giveUp(p *served, ready *process.Process, log *slog.Logger) {
	if ready != nil {
		s.discard(ready, log)
	}
	s.release(p)
}

// release gives the two slots of a process back, and tells the pools.
func (s *Server) release(p *served) {
	p.slots.Release()
	s.slots.Release()
	s.table.Load().wake()
}
