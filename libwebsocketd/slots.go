package libwebsocketd

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/process"
)

// freeingWait is the longest a client waits for a slot that is being freed: as long
// as the first steps of the ladder take.
const freeingWait = time.Second

// acquire returns a process that was started ahead and owns its slots, if pooled allows
// that. If there is none it takes slots to start one and returns nil, or a refusal.
func (s *programs) acquire(ctx context.Context, p *program, pooled bool, log *slog.Logger) (ready *process.Process, refusal *gate.Refusal) {
	if pooled {
		ready = p.pool.Take()
	}
	if ready != nil {
		return ready, nil
	}
	if refusal = s.tryAcquire(p); refusal == nil {
		return nil, nil
	}
	// The pool may just have taken the last slot.
	if pooled {
		ready = p.pool.Take()
	}
	if ready != nil {
		return ready, nil
	}
	return nil, s.claimSlot(ctx, p, log)
}

// tryAcquire takes two slots for a process: one of the program's and one of the
// server's. After a refusal it holds neither.
func (s *programs) tryAcquire(p *program) *gate.Refusal {
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
func (p *program) acquire() *gate.Refusal { return p.named(p.slots.Acquire()) }

// named returns refusal with a reason that names the program, whose slots are all taken.
func (p *program) named(refusal *gate.Refusal) *gate.Refusal {
	if refusal != nil {
		refusal.Reason = fmt.Sprintf("every one of the %d processes that program %s may have at once is taken (its maxforks): try again later",
			p.slots.Limit(), p.Name)
	}
	return refusal
}

// claimSlot takes two slots like tryAcquire, and goes further if they are all taken. A
// pool then gives up a process that has no client yet: the program's own, if it is that
// whose slots are taken. claimSlot waits for slots that are being freed, until ctx is done.
func (s *programs) claimSlot(ctx context.Context, p *program, log *slog.Logger) *gate.Refusal {
	ctx, cancel := context.WithTimeout(ctx, freeingWait)
	defer cancel()
	if p.slots.Acquire() != nil {
		if s.endReady(p, log) {
			return nil
		}
		if refusal := p.named(p.slots.Await(ctx)); refusal != nil {
			return refusal
		}
	}
	if s.slots.Acquire() == nil || s.takeFromPool(log) {
		return nil
	}
	refusal := s.slots.Await(ctx)
	if refusal != nil {
		p.slots.Release()
	}
	return refusal
}

// takeFromPool takes a slot of the server's from a process that was started ahead, which
// it ends. It reports whether it has.
func (s *programs) takeFromPool(log *slog.Logger) bool {
	for _, other := range s.routes.Load().programs {
		if s.endReady(other, log) {
			other.slots.Release()
			return true
		}
	}
	return false
}

// endReady ends a process of a program that was started ahead, and reports whether it has:
// its two slots are the caller's then.
func (s *programs) endReady(p *program, log *slog.Logger) bool {
	ready := p.pool.Take()
	if ready == nil {
		return false
	}
	if s.endUnused(ready, log) != nil {
		ready.OnGone(func() { s.release(p) })
		return false
	}
	return true
}

// place is the two slots of a process that serves a client. It implements stdio.Slot.
type place struct {
	server  *programs
	program *program
}

// Leaving announces that they will soon be free.
func (p place) Leaving() {
	p.program.slots.Leaving()
	p.server.slots.Leaving()
}

// Gone gives them back after Leaving, and wakes the pools.
func (p place) Gone() {
	p.program.slots.Left()
	p.server.slots.Left()
	p.server.routes.Load().wake()
}

// noPlace is the slot of a process that takes none. It implements stdio.Slot.
type noPlace struct{}

// Leaving implements stdio.Slot.
func (noPlace) Leaving() {}

// Gone implements stdio.Slot.
func (noPlace) Gone() {}

// endUnused ends a process that is not needed; its slots stay the caller's. The ladder
// has no CloseDelay, because a client waits for an answer. After an error the process
// still runs.
func (s *programs) endUnused(ready *process.Process, log *slog.Logger) error {
	err := ready.End(process.DefaultLadder(0))
	if err != nil {
		logging.At(log, logging.LevelError, "process", err.Error(), "pid", ready.Pid)
	}
	return err
}

// giveBack frees what acquire returned for a client that is not served after all.
func (s *programs) giveBack(p *program, ready *process.Process, log *slog.Logger) {
	if ready == nil {
		s.release(p)
		return
	}
	ready.OnGone(func() { s.release(p) })
	s.endUnused(ready, log)
}

// release gives the two slots of a process back, and wakes the pools.
func (s *programs) release(p *program) {
	p.slots.Release()
	s.slots.Release()
	s.routes.Load().wake()
}
