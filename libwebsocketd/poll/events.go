package poll

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/record"
)

const eventStream = exchange.EventStream

// events is the exchange.Encoder of server-sent events.
type events struct {
	epoch   string
	trailer bool // the ending stands in a trailer, too
}

// newEvents has an epoch of its own, for a program that counts for one client only.
func newEvents() events { return events{epoch: rand.Text()} }

// Header implements exchange.Encoder.
func (e events) Header(h http.Header) {
	if e.trailer {
		h.Set("Trailer", exitHeader)
	}
	exchange.Streams(h, eventStream)
}

// Comment returns a line that begins with a colon. There is no blank line behind it: some
// clients take that for the end of an event that says nothing.
func (events) Comment() string { return ":\n" }

// Tells returns true: the end is an event.
func (events) Tells() bool { return true }

func (e events) id(b []byte, number uint64) []byte {
	b = append(b, "id: "...)
	return append(record.Position{Epoch: e.epoch, Number: number}.Append(b), '\n')
}

// Message appends an event that says what the message is, in its kind.
func (e events) Message(b []byte, number uint64, m *libwebsocketd.Message) []byte {
	b = e.id(b, number)
	switch {
	case m.Kind == libwebsocketd.Binary:
		b = append(b, "event: base64\ndata: "...)
		b = base64.StdEncoding.AppendEncode(b, m.Data)
		return append(b, "\n\n"...)
	case bytes.IndexByte(m.Data, '\r') >= 0:
		return data(append(b, "event: json\n"...), quote(m.Data))
	}
	return data(b, m.Data)
}

// Note appends an event with the id of the message before. A text for this client alone is
// an event like a message's.
func (e events) Note(b []byte, before uint64, n *libwebsocketd.Note) []byte {
	if n.Said != "" {
		return e.Message(b, before, &libwebsocketd.Message{Kind: libwebsocketd.Text, Data: []byte(n.Said)})
	}
	b = e.id(b, before)
	if n.Restarted != "" {
		return data(append(b, "event: restart\n"...), encode(reason{n.Restarted}))
	}
	return data(append(b, "event: gap\n"...), encode(gap{n.From, n.To}))
}

// End appends the last event, and sets the trailer if there is one. Where the program goes on in
// another server there is none: an EventSource comes back by itself.
func (e events) End(b []byte, before uint64, cause error, h http.Header) []byte {
	if e.trailer {
		h.Set(exitHeader, exitValue(cause))
	}
	if goesOn(cause) {
		return b
	}
	b = e.id(b, before)
	return data(append(b, "event: end\n"...), encode(endingOf(cause)))
}

// data ends an event with its data, a line for each of text's. The space is there
// because a reader takes one away. There must be no CR in text.
func data(b, text []byte) []byte {
	for line := range bytes.SplitSeq(text, []byte{'\n'}) {
		b = append(b, "data: "...)
		b = append(b, line...)
		b = append(b, '\n')
	}
	return append(b, '\n')
}

// What events and answers say of other things than messages.
type (
	gap struct {
		From uint64 `json:"from"`
		To   uint64 `json:"to"`
	}
	reason struct {
		Reason string `json:"reason"`
	}
	ending struct {
		Code   int    `json:"code"`
		Reason string `json:"reason"`
	}
)

// goesOn reports whether the program goes on, and this server is not the one to ask any more.
func goesOn(cause error) bool {
	code, _ := libwebsocketd.Closing(cause)
	return code == libwebsocketd.CloseServiceRestart
}

func endingOf(cause error) ending {
	code, reason := libwebsocketd.Closing(cause)
	return ending{code, reason}
}

// encode returns a value as JSON in one line. What is encoded here cannot fail.
func encode(value any) []byte {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	to.Encode(value)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// quote returns text as a JSON string.
func quote(text []byte) []byte { return encode(string(text)) }
