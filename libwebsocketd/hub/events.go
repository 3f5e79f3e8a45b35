package hub

import (
	"encoding/json"
	"net/http"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/record"
)

const eventStream = exchange.EventStream

// events is the [exchange.Encoder] of a channel as server-sent events: the messages as those
// of a WebSocket have them, each with its position as id.
type events struct{ epoch string }

var _ exchange.Encoder = events{}

// Header implements [exchange.Encoder].
func (events) Header(h http.Header) {
	exchange.Streams(h, eventStream)
}

// Comment returns a line that begins with a colon, without a blank line behind it: some clients
// take that for an empty event.
func (events) Comment() string { return ":\n" }

// Tells returns true: the end is an event.
func (events) Tells() bool { return true }

// Message appends a message of the channel. JSON has neither CR nor LF.
func (e events) Message(b []byte, number uint64, m *bridge.Message) []byte {
	return appendData(e.id(b, number), m.Data)
}

// Note appends the answer to the subscription, as an event of that name, or another text for
// this client.
func (e events) Note(b []byte, before uint64, n *bridge.Note) []byte {
	if b = e.id(b, before); isSubscribed(n.Said) {
		b = append(b, "event: subscribed\n"...)
	}
	return appendData(b, []byte(n.Said))
}

// End appends the last event, which says why there are no more. Where another server goes on there is
// none: an EventSource comes back by itself.
func (e events) End(b []byte, before uint64, cause error, _ http.Header) []byte {
	code, reason := bridge.Closing(cause)
	if code == bridge.CloseServiceRestart {
		return b
	}
	end, _ := encode(struct {
		Code   int    `json:"code"`
		Reason string `json:"reason"`
	}{code, reason})
	return appendData(append(e.id(b, before), "event: end\n"...), end)
}

func (e events) id(b []byte, number uint64) []byte {
	b = append(b, "id: "...)
	return append(record.Position{Epoch: e.epoch, Number: number}.Append(b), '\n')
}

func appendData(b, line []byte) []byte {
	return append(append(append(b, "data: "...), line...), "\n\n"...)
}

// isSubscribed reports whether a text is the answer to a subscription.
func isSubscribed(said string) bool {
	var m struct{ Type string }
	return json.Unmarshal([]byte(said), &m) == nil && m.Type == TypeSubscribed
}
