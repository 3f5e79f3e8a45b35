package hub

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/record"
)

// subscription is a client's place in a channel. Only the client's writer uses reader and
// prelude.
type subscription struct {
	channel *Channel
	client  *Client
	index   int           // in channel.subscribers; channel.mu guards it
	behind  *subscription // in the client's list of what may have something to read; its outbox guards it
	queued  atomic.Bool   // it is in that list
	left    atomic.Bool   // the client has left the channel

	reader  record.Reader[*item]
	prelude *prelude // what is to be sent before all else, or between; nil is nothing
}

// prelude is what a subscription begins with.
type prelude struct {
	status *item  // to be sent first; nil is none
	seq    uint64 // its number
	answer []byte // to be sent when all messages up to until were; nil is none
	until  uint64
}

// subscribe adds a client. after is the position that it names, nil if it names none.
func (ch *Channel) subscribe(c *Client, after *record.Position) *subscription {
	s := &subscription{channel: ch, client: c}
	s.queued.Store(true) // dispatch leaves it alone until it is whole
	defer c.out.push(s)
	ch.mu.Lock()
	s.index = len(ch.subscribers)
	ch.subscribers = append(ch.subscribers, s)
	ch.count.Add(1) // before the record is looked at: what is published later is dispatched, or read at once
	ch.mu.Unlock()
	if after != nil {
		ch.expire(time.Now())
	}
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	from, begin := ch.begin(after)
	s.reader, s.prelude = *ch.record.From(from), begin
	s.reader.TakeAtMost(mostLines, mostBytes)
	return s
}

// begin returns the message after which a subscription begins, and what it begins with;
// ch.publishing is held.
func (ch *Channel) begin(after *record.Position) (from uint64, begin *prelude) {
	first, last := ch.record.Kept()
	if after == nil {
		if ch.status == nil || ch.statusSeq > last { // one that is published while Readers wait comes by itself
			return last, nil
		}
		return last, &prelude{status: ch.status, seq: ch.statusSeq}
	}
	from, recovered := ch.resume(*after, first, last)
	return from, &prelude{until: last, answer: ch.subscribed(last, recovered)}
}

// resume returns the message after which a client goes on that has had all up to a position,
// where first..last are kept, and whether it misses none.
func (ch *Channel) resume(after record.Position, first, last uint64) (from uint64, recovered bool) {
	if after.Epoch != ch.record.Epoch() || after.Number < first-1 || last < after.Number {
		return first - 1, false
	}
	return after.Number, true
}

// subscribed returns the answer to a subscription that names a position.
func (ch *Channel) subscribed(last uint64, recovered bool) []byte {
	return reply(Message{Type: TypeSubscribed}, "channel", string(quote(ch.name)), "epoch", string(quote(ch.record.Epoch())),
		"seq", strconv.FormatUint(last, 10), "recovered", strconv.FormatBool(recovered))
}

// leave removes a subscriber. The last one takes its place in the list, and is woken: dispatch
// may have passed that place already.
func (ch *Channel) leave(s *subscription) {
	if s.left.Swap(true) {
		return
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	end := len(ch.subscribers) - 1
	last := ch.subscribers[end]
	ch.subscribers[s.index], last.index = last, s.index
	ch.subscribers[end] = nil
	ch.subscribers = ch.subscribers[:end]
	if end == 0 {
		ch.subscribers = nil
	} else if last != s {
		last.client.out.queue(last)
	}
	ch.count.Add(-1)
	ch.touch()
}

// next appends what there is for the subscriber now, and reports whether there may be more. Its
// error is final: the subscriber is too slow.
func (s *subscription) next(out []bridge.Delivery, into []record.Entry[*item]) (_ []bridge.Delivery, more bool, err error) {
	out = s.appendStatus(out)
	out = s.appendAnswer(out)
	entries, err := s.reader.Next(noWait, into)
	if _, gone := err.(*record.GoneError); gone {
		return out, false, s.tooSlow()
	}
	for i := range entries {
		e := &entries[i]
		if s.prelude != nil && e.First > s.prelude.until {
			out = s.appendAnswer(out)
		}
		chunk := e.Item.frames(s.channel, e.First)
		if chunk == nil {
			return out, false, s.tooSlow()
		}
		out = append(out, bridge.Delivery{Chunk: chunk, First: e.First, Skip: e.Skip})
	}
	return s.appendAnswer(out), s.reader.HasMore(), nil
}

func (s *subscription) tooSlow() error {
	return &bridge.CloseWith{Code: bridge.CloseTryAgainLater, Reason: "too slow: what comes next in " + shorten(s.channel.name) + " is no longer kept; subscribe again with after"}
}

func (s *subscription) appendStatus(out []bridge.Delivery) []bridge.Delivery {
	begin := s.prelude
	if begin == nil || begin.status == nil {
		return out
	}
	s.prelude = nil
	return append(out, bridge.Delivery{Chunk: begin.status.frames(s.channel, begin.seq), First: begin.seq})
}

// appendAnswer appends the answer to the subscription, if that is due.
func (s *subscription) appendAnswer(out []bridge.Delivery) []bridge.Delivery {
	begin := s.prelude
	if begin == nil || begin.answer == nil || s.reader.After() < begin.until {
		return out
	}
	s.prelude = nil
	return append(out, bridge.Delivery{First: begin.until + 1, Note: &bridge.Note{Said: string(begin.answer)}})
}

// noWait is done already: with it a Reader returns what there is.
var noWait = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// shorten returns the beginning of a name, for the reason of a close frame.
func shorten(name string) string {
	const most = 40
	if len(name) > most {
		name = name[:most] + ".."
	}
	return text.Printable(name)
}
