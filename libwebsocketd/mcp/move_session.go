package mcp

import (
	"context"
	"maps"
	"slices"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/record"
	"websocketd/libwebsocketd/session"
	"websocketd/libwebsocketd/shared"
)

var _ session.Mobile = (*conversation)(nil)

// handedConversation is a conversation on its way from one server to another.
type handedConversation struct {
	Secret, Epoch, Version string
	Last                   uint64
	Own                    handedStream
	Streams                []handedStream
	Asked                  []string
	Open                   []handedCall
	Answered               bool
	Calls, Notices         int
}

// handedStream is a stream on its way.
type handedStream struct {
	Number           uint64
	Plain, Began     bool
	Unsaid, Answered int
	From             uint64
	Output           record.Snapshot[handedItem]
}

// handedItem is an item on its way.
type handedItem struct {
	Text  []byte
	Final bool
}

// handedCall is a call on its way.
type handedCall struct {
	Number    uint64
	Stream    uint64
	ID, Token []byte
	Method    string
	User      string
	Unwanted  bool
}

// dismissTime is how long a client may take to be sent away.
const dismissTime = time.Second

// Stand implements session.Mobile.
func (c *conversation) Stand(ctx context.Context) error {
	quiet, cancel := context.WithTimeout(ctx, quietTime)
	defer cancel()
	c.turn.shut()
	select {
	case <-c.turn.vacated():
	case <-c.session.Done():
	case <-quiet.Done():
		c.turn.open(false)
		return errUnanswered
	}
	c.dismiss()
	c.endLine()
	return nil
}

// Go implements session.Mobile.
func (c *conversation) Go(taken bool) { c.turn.open(taken) }

// dismiss tells every client that reads a stream to come back for the rest.
func (c *conversation) dismiss() {
	ctx, cancel := context.WithTimeout(context.Background(), dismissTime)
	defer cancel()
	var all []*listening
	for _, s := range c.allStreams() {
		s.mu.Lock()
		if s.client != nil {
			all = append(all, s.client)
		}
		s.mu.Unlock()
	}
	for _, l := range all {
		l.dismiss(shared.Comeback)
	}
	for _, l := range all {
		select {
		case <-l.left:
		case <-ctx.Done(): // it takes nothing
			l.Close()
		}
	}
}

// allStreams returns the streams that are kept.
func (c *conversation) allStreams() []*stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append(slices.Clone(c.streams), c.own)
}

// endLine ends the line, whoever holds it.
func (c *child) endLine() {
	c.holding.Lock()
	defer c.holding.Unlock()
	if c.line != nil {
		c.end(c.line)
	}
}

// Pass implements session.Mobile.
func (c *conversation) Pass() []byte {
	v := handedConversation{Secret: c.secret, Epoch: c.epoch, Version: c.negotiated(), Own: c.own.pass(), Open: c.calls.pass(), Answered: c.answered.Load()}
	c.mu.Lock()
	defer c.mu.Unlock()
	v.Last, v.Asked = c.last, slices.Collect(maps.Keys(c.asked))
	v.Calls, v.Notices = c.counts.calls, c.counts.notices
	for _, s := range c.streams {
		v.Streams = append(v.Streams, s.pass())
	}
	return pack(v)
}

// bring makes a conversation of what another server knows of it.
func (s *supervisor) bring(x *session.Session, passed []byte) (any, error) {
	var v handedConversation
	if err := unpack(passed, &v); err != nil {
		return nil, err
	}
	c := s.newConversation(x)
	c.secret, c.epoch, c.version, c.last = v.Secret, v.Epoch, v.Version, v.Last
	c.own = restoreStream(v.Own, c.history)
	c.answered.Store(v.Answered)
	c.counts.calls, c.counts.notices = v.Calls, v.Notices
	for _, key := range v.Asked {
		c.asked[key] = true
	}
	for _, one := range v.Streams {
		s := restoreStream(one, c.history)
		s.unread = c.prune
		c.streams = append(c.streams, s)
	}
	c.open = map[uint64]*call{}
	for _, one := range v.Open {
		if of := c.find(one.Stream); of != nil && of != c.own {
			c.open[one.Number] = &call{number: one.Number, id: one.ID, token: one.Token, method: one.Method, user: one.User, stream: of, unwanted: one.Unwanted}
		}
	}
	return c, nil
}

// pass returns the calls of a session that are open.
func (t *calls) pass() (all []handedCall) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range t.open {
		all = append(all, handedCall{x.number, x.stream.number, x.id, x.token, x.method, x.user, x.unwanted})
	}
	return all
}

// pass returns what another server needs of a stream that nobody reads.
func (s *stream) pass() handedStream {
	all := s.output.Snapshot()
	to := handedStream{Number: s.number, Plain: s.plain}
	to.Output.Epoch, to.Output.Messages = all.Epoch, all.Messages
	for _, k := range all.Items {
		var text []byte
		for m := range k.Item.chunk.Messages(0) {
			text = m.Data
		}
		to.Output.Items = append(to.Output.Items, record.Kept[handedItem]{Item: handedItem{text, k.Item.final}, Messages: k.Messages, Bytes: k.Bytes})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	to.Began, to.Unsaid, to.Answered, to.From = s.began, s.unsaid, s.answered, s.from
	return to
}

// restoreStream returns a stream of another server.
func restoreStream(v handedStream, history int) *stream {
	all := record.Snapshot[item]{Epoch: v.Output.Epoch, Messages: v.Output.Messages}
	for _, k := range v.Output.Items {
		chunk := libwebsocketd.NewChunk([]libwebsocketd.Message{{Kind: libwebsocketd.Text, Data: k.Item.Text}})
		all.Items = append(all.Items, record.Kept[item]{Item: item{chunk, k.Item.Final}, Messages: k.Messages, Bytes: k.Bytes})
	}
	s := newStream(v.Number, history)
	s.output = record.Restore(limits(history), all)
	s.plain, s.began, s.unsaid, s.answered, s.from = v.Plain, v.Began, v.Unsaid, v.Answered, v.From
	if v.Number > 0 && v.Unsaid <= 0 {
		s.output.Close(errComplete)
	}
	return s
}
