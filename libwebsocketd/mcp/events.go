package mcp

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/shared"
)

// events is the exchange.Encoder of a stream's answer: server-sent events (HTML section 9.2), a
// message each. Those of a session have ids, EPOCH:STREAM:N, by which a client comes back.
type events struct {
	prefix string // of the ids; "" where there are none
	primes bool   // the stream begins with an event that has nothing but an id (SEP-1699)
}

// primed is the note that stands for such an event.
var primed = &libwebsocketd.Note{}

// events returns the Encoder of one of a session's streams. Clients of older revisions would
// take an event without data for a message.
func (c *conversation) events(s *stream) events {
	return events{prefix: c.epoch + ":" + strconv.FormatUint(s.number, 10) + ":", primes: c.negotiated() >= newestOld}
}

// Header implements exchange.Encoder.
func (e events) Header(h http.Header) {
	exchange.Streams(h, eventStream)
}

// Comment returns a line that says nothing.
func (events) Comment() string { return ":\n" }

// Tells returns true: the last response is the end.
func (events) Tells() bool { return true }

// Message appends an event.
func (e events) Message(b []byte, number uint64, m *libwebsocketd.Message) []byte {
	b = append(e.id(b, number), "data: "...)
	at := len(b)
	b = append(b, m.Data...)
	for i := range b[at:] { // white space, which would end a line of the event
		if b[at+i] == '\r' {
			b[at+i] = ' '
		}
	}
	return append(b, "\n\n"...)
}

func (e events) id(b []byte, number uint64) []byte {
	if e.prefix == "" {
		return b
	}
	return append(strconv.AppendUint(append(append(b, "id: "...), e.prefix...), number, 10), '\n')
}

// Note appends the event that a stream begins with.
func (e events) Note(b []byte, before uint64, _ *libwebsocketd.Note) []byte {
	return append(e.id(b, before), "data:\n\n"...)
}

// End appends how soon the client of a session may come back, if we end the connection and not
// the stream.
func (e events) End(b []byte, _ uint64, cause error, _ http.Header) []byte {
	if e.prefix == "" || !errors.Is(cause, libwebsocketd.ErrGoingAway) && !errors.Is(cause, errReplaced) && !errors.Is(cause, shared.Comeback) {
		return b
	}
	return append(b, "retry: 1000\n\n"...)
}

// readID returns the stream and the message that the id of an event names, in a session.
func (c *conversation) readID(id string) (s *stream, after uint64, ok bool) {
	parts := strings.Split(id, ":")
	if len(parts) != 3 || parts[0] != c.epoch {
		return nil, 0, false
	}
	number, errS := strconv.ParseUint(parts[1], 10, 64)
	after, errN := strconv.ParseUint(parts[2], 10, 64)
	if errS != nil || errN != nil {
		return nil, 0, false
	}
	if s = c.find(number); s == nil {
		return nil, 0, false
	}
	first, last := s.output.Kept()
	if s == c.own { // of which some may be lost, as without a client
		after = max(after, first-1)
	}
	return s, after, first-1 <= after && after <= last
}
