package shared

import (
	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// State is what the document about a program says.
type State struct {
	Lifetime string `json:"lifetime"`
	Pid      int    `json:"pid"`     // 0 while there is no process
	Viewers  int    `json:"viewers"` // those that get its output
	First    uint64 `json:"first"`   // the messages that are kept
	Last     uint64 `json:"last"`

	// Beginning is what is kept of the beginning besides; see Lifetime.KeepFirst.
	Beginning *Span `json:"beginning,omitempty"`

	Epoch string `json:"epoch"`
	Ended *Ended `json:"ended"` // nil while another process may follow
}

// Span is the numbers of consecutive messages in a document.
type Span struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

// Ended is the end of a process in a document: what its clients are closed with.
type Ended struct {
	Code   int    `json:"code"`
	Reason string `json:"reason"`
}

// State returns what is known of the hub now.
func (h *Hub) State() State {
	state := State{Lifetime: h.Life.Name(), Epoch: h.Epoch()}
	state.First, state.Last = h.Kept()
	state.Beginning = h.first.before(state.First)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.viewers {
		if s.cursor != nil {
			state.Viewers++
		}
	}
	if p, ok := h.process.(interface{ Pid() int }); ok {
		state.Pid = p.Pid()
	}
	if h.ending != nil {
		code, reason := libwebsocketd.Closing(h.ending)
		state.Ended = &Ended{code, reason}
	}
	return state
}

// IsKept reports whether a client may be attached now: the process runs, or its output is
// kept. A client that comes while a process is being started or ended waits.
func (h *Hub) IsKept() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return closed(h.ready) && !h.lost && (h.over || !h.closing)
}

// State returns the document about the process of a URL. There is none where a client would
// wait for the next process.
func (s *supervisor) State(req *libwebsocketd.Request) (document any, refusal *gate.Refusal) {
	s.mu.Lock()
	h := s.hubs[key(req.Target(), s.owner(req.Identity()))]
	s.mu.Unlock()
	if h == nil || !h.IsKept() {
		return nil, nil
	}
	return h.State(), nil
}
