package hub

import (
	"encoding/json"
	"errors"
	"strings"

	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/record"
)

// request is what a client sends.
type request struct {
	Type    string          `json:"type"`
	Channel string          `json:"channel"`
	Data    json.RawMessage `json:"data"`
	After   json.RawMessage `json:"after"`
}

// obey does what a message of the client asks for. What means nothing is ignored.
func (c *Client) obey(message []byte) {
	var r request
	if json.Unmarshal(message, &r) == nil && c.do(&r) || c.hub.Unknown == nil {
		return
	}
	c.hub.tell("Unknown", func() { c.hub.Unknown(c, message) })
}

// do does what a request asks for, and reports whether it asks for something.
func (c *Client) do(r *request) bool {
	switch r.Type {
	case TypePing:
		c.answer(reply(Message{Type: TypePong}))
		return true
	case TypeSubscribe:
		name, ok := r.name()
		if ok {
			c.subscribe(name, r.After)
		}
		return ok
	case TypeUnsubscribe:
		name, ok := r.name()
		if ok {
			c.hub.Unsubscribe(c, name)
		}
		return ok
	}
	return false
}

// name returns the channel that a request names: in channel, or else in data.
func (r *request) name() (name string, ok bool) {
	if r.Channel != "" {
		return r.Channel, true
	}
	if len(r.Data) == 0 || r.Data[0] != '"' {
		return "", false
	}
	return name, json.Unmarshal(r.Data, &name) == nil
}

// subscribe subscribes the client, or sends it an error.
func (c *Client) subscribe(name string, after json.RawMessage) {
	position, err := readAfter(after)
	if err == nil {
		err = c.hub.subscribe(c, name, position)
	}
	if err != nil {
		c.Reply(Message{Type: TypeError, Data: "subscribe: " + err.Error()})
	}
}

// ErrAfter is the error of a subscription whose position is none.
var ErrAfter = errors.New(`after is not "EPOCH:N", as the epoch and the seq of a message are`)

// readAfter returns the position that a client names, nil if it names none.
func readAfter(raw json.RawMessage) (*record.Position, error) {
	if raw == nil || string(raw) == "null" {
		return nil, nil
	}
	var named string
	if json.Unmarshal(raw, &named) != nil {
		return nil, ErrAfter
	}
	return parseAfter(named)
}

func parseAfter(named string) (*record.Position, error) {
	position, err := record.ParsePosition(named)
	if err != nil {
		return nil, ErrAfter
	}
	position.Epoch = strings.Clone(position.Epoch)
	return &position, nil
}

// Subscribe subscribes a client to a channel, from what is published next. Once more means
// nothing. The error is about the name, ErrUnauthorised, ErrTooMany, ErrTooManyNames or ErrGone.
func (h *Hub) Subscribe(c *Client, name string) error { return h.subscribe(c, name, nil) }

func (h *Hub) subscribe(c *Client, name string, after *record.Position) error {
	if err := CheckChannel(name); err != nil {
		return &nameError{err, name}
	}
	if err := h.mayNotSubscribe(c, name); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.subs == nil {
		return ErrGone
	}
	old := c.subs[h.channels[name]]
	switch {
	case old != nil && after == nil:
		return nil
	case old != nil:
		h.unsubscribe(old)
	case len(c.subs) > h.MaxSubs || h.subs >= h.MaxAllSubs: // one is to what all clients get
		return ErrTooMany
	}
	ch, err := h.channelFor(name)
	if err != nil {
		return err
	}
	h.enter(c, ch, after)
	return nil
}

// enter subscribes a client to a channel; h.mu is held.
func (h *Hub) enter(c *Client, ch *Channel, after *record.Position) {
	c.subs[ch] = ch.subscribe(c, after)
	h.subs++
}

// Unsubscribe ends a client's subscription. Without one it does nothing.
func (h *Hub) Unsubscribe(c *Client, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := c.subs[h.channels[name]]; s != nil {
		h.unsubscribe(s)
	}
}

// unsubscribe ends a subscription; h.mu is held.
func (h *Hub) unsubscribe(s *subscription) {
	s.channel.leave(s)
	delete(s.client.subs, s.channel)
	h.subs--
}

// nameError is what is wrong with a name that a stranger gave.
type nameError struct {
	error
	name string
}

func (e *nameError) Error() string { return e.error.Error() + ", not " + text.Quote(e.name) }

func (e *nameError) Unwrap() error { return e.error }
