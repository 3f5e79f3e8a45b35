package shared

import (
	"net/http"
	"strconv"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/record"
)

// From is the position at which a viewer wants to begin.
type From struct {
	position record.Position // Epoch is "" if the client did not send it
	named    bool            // the client named a position; else it gets everything that is kept
	acked    bool            // that is where its confirmations end
	browser  bool            // it is an EventSource that reconnects: 204 makes it stop (HTML 9.2.3)
	gaps     bool            // it may miss messages, if it is sent a note of them
	quiet    bool            // it counts its messages, and is to be sent no notes among them
}

// ReadFrom reads the position from Last-Event-ID, or else from after=: a number, which may
// be any uint64, EPOCH:NUMBER, or ack. It reads gap= and notes= as well.
func ReadFrom(r *http.Request) (From, *gate.Refusal) {
	query := r.URL.Query()
	s := From{gaps: query.Get("gap") == "ok", quiet: query.Has("notes")}
	if notes := query.Get("notes"); s.quiet && notes != "no" {
		return s, &gate.Refusal{Status: http.StatusBadRequest,
			Reason: "notes=" + text.Quote(notes) + ": there is only notes=no, for no notes of the server between the messages of a WebSocket"}
	}
	if id := libwebsocketd.LastEventID(r); id != "" {
		s.named, s.browser = true, true
		var err error
		if s.position, err = record.ParsePosition(id); err != nil {
			return s, s.NothingThere()
		}
		return s, nil
	}
	if !query.Has("after") {
		return s, nil
	}
	after := query.Get("after")
	s.named, s.acked = true, after == "ack"
	if s.acked {
		return s, nil
	}
	number, err := strconv.ParseUint(after, 10, 64)
	if strings.Contains(after, ":") {
		s.position, err = record.ParsePosition(after)
	} else {
		s.position.Number = number
	}
	if err != nil {
		return s, &gate.Refusal{Status: http.StatusBadRequest,
			Reason: "after=" + text.Quote(after) + " is no number of a message, nor EPOCH:NUMBER"}
	}
	return s, nil
}

// Confirmed is the position of a viewer that goes on where the confirmations end.
var Confirmed = From{named: true, acked: true}

// Resumes reports whether the viewer has seen output of a process, so that it must get
// that process and no other.
func (s From) Resumes() bool {
	return s.acked || s.named && (s.position.Number > 0 || s.position.Epoch != "")
}

// Epoch returns the numbering that the position is of, "" if the viewer did not send it.
func (s From) Epoch() string { return s.position.Epoch }

// Reconnects reports whether the viewer is an EventSource that comes back by itself.
func (s From) Reconnects() bool { return s.browser }

// NothingThere returns the refusal for a viewer whose process is no longer known.
func (s From) NothingThere() *gate.Refusal {
	if s.browser {
		return &gate.Refusal{Status: http.StatusNoContent, Reason: "the process that Last-Event-ID refers to has ended"}
	}
	return &gate.Refusal{Status: http.StatusNotFound, Reason: "the process that after= refers to has ended; ask without after= to get the next one"}
}

// noConfirmation is the refusal of after=ack where clients confirm nothing.
var noConfirmation = &gate.Refusal{Status: http.StatusBadRequest, Reason: "after=ack is for a session (see --resume): clients of this program confirm nothing"}

// check refuses a viewer that has missed messages which kept no longer has, or that
// names a position of another process.
func (s From) check(h *Hub) *gate.Refusal {
	kept := h.output
	switch {
	case s.acked && !h.Hold:
		return noConfirmation
	case !s.named, s.acked:
		return nil
	}
	first, _ := kept.Kept()
	switch other := s.position.Epoch != "" && s.position.Epoch != kept.Epoch(); {
	case other && s.browser:
		return s.NothingThere()
	case other:
		return &gate.Refusal{Status: http.StatusGone, Reason: "the process that after= refers to has ended, and another one runs with numbers of its own; ask without after= to get that one"}
	case s.position.Number < first-1 && !s.gaps:
		return &gate.Refusal{Status: http.StatusGone, Reason: "message " + strconv.FormatUint(s.position.Number+1, 10) +
			" is no longer kept, the oldest is " + strconv.FormatUint(first, 10) + "; gap=ok goes on there, --history keeps more"}
	}
	return nil
}
