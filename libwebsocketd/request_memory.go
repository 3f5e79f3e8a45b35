package libwebsocketd

import (
	"context"
	"errors"
	"net/http"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/socket"
	"websocketd/libwebsocketd/static"
)

// Memory accounts for the memory of a client's message that a Face reads, or of an answer.
type Memory struct {
	share *gate.Share
	ctx   context.Context
	stop  func()
	now   bool // Afford does not wait
}

// mostUncounted is how large an answer may be without being counted among what clients let the
// server hold.
const mostUncounted = 64 << 10

var errNoMemory = errors.New("there is no memory for the message now (see --maxmemory)")

// Memory returns a Memory that holds nothing at first. tooSlow is called when the client
// sends next to nothing while others wait for memory; it must not block. The caller must
// call Free when it holds nothing of the message any more.
func (req *Request) Memory(tooSlow func()) *Memory {
	m := new(Memory)
	peer := connOf(req.HTTP.Context())
	m.share = req.server.memory.Share(func() bool {
		if peer != nil && socket.HasUnread(peer) {
			return false
		}
		tooSlow()
		return true
	})
	ctx, cancel := context.WithCancel(req.HTTP.Context())
	settle := after.Done(req.server.ctx, cancel)
	m.ctx, m.stop = ctx, func() { settle(); cancel() }
	return m
}

// noAnswerMemory refuses an answer that would have to wait for its client.
var noAnswerMemory = &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindAnswerMemory, Reason: "no memory for the answer now (see --maxmemory)", RetryAfter: 1}

// HoldAnswer counts an answer of size bytes, which is held until its client has taken it, or returns
// why it cannot be given now. The caller calls free when it is written.
func (req *Request) HoldAnswer(size int) (free func(), refusal *gate.Refusal) {
	if size <= mostUncounted {
		return func() {}, nil
	}
	m := req.Memory(func() {}) // a client that takes nothing is given up by the answer itself
	if !m.Hold(size) {
		m.Free()
		return nil, noAnswerMemory
	}
	return m.Free, nil
}

// listingMemory counts the listing of a directory, for static.Files.
func (s *Server) listingMemory(r *http.Request) static.Memory {
	return (&Request{server: s, HTTP: r}).Memory(func() {}) // a client that takes nothing is given up by its own clock
}

// Afford waits until there is memory for more of a message of which size bytes have
// come, or the client or the server goes away.
func (m *Memory) Afford(size int) error {
	if !m.now {
		return m.share.Await(m.ctx, readbuf.Cost(size))
	}
	if !m.share.Ask(readbuf.Cost(size)) {
		return errNoMemory
	}
	return nil
}

// Hold counts size bytes that are held, and of which no more are to come, if there is memory
// for them now; for fewer than before there always is. It does not wait.
func (m *Memory) Hold(size int) bool {
	ok := m.share.Try(readbuf.CostWhole(size))
	if ok {
		m.share.Whole()
	}
	return ok
}

// Whole records that all of the message has come.
func (m *Memory) Whole() { m.share.Whole() }

// Free gives the memory back to the budget.
func (m *Memory) Free() {
	m.stop()
	m.share.Free()
}
