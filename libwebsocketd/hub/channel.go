package hub

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/record"
)

// Limits bound what a channel keeps. In each field, 0 is the default of the Hub's Options.
type Limits struct {
	Bytes    int           // of memory
	Messages int           // how many
	Age      time.Duration // older ones are dropped
}

// Channel is a topic that clients subscribe to. Its methods may be called concurrently.
type Channel struct {
	hub    *Hub
	name   string // "" is what all clients get
	record *record.Log[*item]
	count  atomic.Int64 // of subscribers
	opened int          // how often it was opened, and not closed; Hub.mu guards it
	dirty  atomic.Bool  // it is in the Hub's list of what is to be dispatched
	used   atomic.Int64 // when something was published, or a subscriber was there, last; in Unix nanoseconds

	publishing sync.Mutex // guards status, and that numbers and status go together
	status     *item      // the last TypeStatus; nil before
	statusSeq  uint64     // its number

	mu          sync.Mutex
	subscribers []*subscription
}

func (h *Hub) newChannel(name string, limits Limits) *Channel {
	ch := &Channel{hub: h, name: name, record: record.New[*item](record.Limits{Bytes: limits.Bytes, Messages: limits.Messages})}
	ch.touch()
	return ch
}

// touch marks the channel as used now.
func (ch *Channel) touch() { ch.used.Store(time.Now().UnixNano()) }

// Name returns the name of the channel.
func (ch *Channel) Name() string { return ch.name }

// mostLines bounds the messages of an item: so much is formed, and written to a subscriber,
// at once.
const mostLines = 256

// Output publishes what a process has written, one message for each message of the batch. It
// copies the batch. It never waits.
func (ch *Channel) Output(process string, batch []bridge.Message) {
	now := time.Now()
	for lines := range slices.Chunk(batch, mostLines) {
		it := &item{at: now, kind: TypeOutput, process: process, lines: bridge.NewChunk(lines)}
		ch.publish(it, len(lines))
	}
}

// Send publishes a message. Its error is that of encoding/json. It never waits.
func (ch *Channel) Send(m Message) error {
	it, err := newItem(m)
	if err != nil {
		return err
	}
	ch.publish(it, 1)
	return nil
}

// publish adds an item to the record, and has it dispatched.
func (ch *Channel) publish(it *item, messages int) {
	ch.publishing.Lock()
	ch.record.Append(context.Background(), it, messages, it.size()) // nothing is held: it does not wait
	if it.kind == TypeStatus {
		ch.status = it
		_, ch.statusSeq = ch.record.Kept()
	}
	ch.publishing.Unlock()
	ch.touch()
	if ch.count.Load() > 0 && !ch.dirty.Swap(true) {
		ch.hub.dispatchSoon(ch)
	}
}

// subscription is a client's place in a channel. Only the client's writer uses reader, and
// what follows it.
type subscription struct {
	channel *Channel
	client  *Client
	queued  atomic.Bool // it is in the client's list of what may have something to read
	left    atomic.Bool // the client has left the channel

	reader *record.Reader[*item]
	status *item  // to be sent first; nil is none
	seq    uint64 // its number
	answer []byte // to be sent when all messages up to until were; nil is none
	until  uint64
}

// subscribe adds a client. after is the position that it names, nil if it names none.
func (ch *Channel) subscribe(c *Client, after *record.Position) *subscription {
	s := &subscription{channel: ch, client: c}
	ch.mu.Lock()
	ch.subscribers = append(ch.subscribers, s)
	ch.count.Add(1) // before the record is looked at: what is published later is dispatched
	ch.mu.Unlock()
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	first, last := ch.record.Kept()
	if after == nil {
		s.reader, s.status, s.seq = ch.record.From(last), ch.status, ch.statusSeq
		return s
	}
	recovered := after.Epoch == ch.record.Epoch() && first-1 <= after.Number && after.Number <= last
	from := first - 1
	if recovered {
		from = after.Number
	}
	s.reader, s.until, s.answer = ch.record.From(from), last, ch.subscribed(last, recovered)
	return s
}

// subscribed returns the answer to a subscription that names a position.
func (ch *Channel) subscribed(last uint64, recovered bool) []byte {
	return reply(Message{Type: TypeSubscribed}, "channel", string(quote(ch.name)), "epoch", string(quote(ch.record.Epoch())),
		"seq", uintText(last), "recovered", boolText(recovered))
}

// leave removes a subscriber.
func (ch *Channel) leave(s *subscription) {
	if s.left.Swap(true) {
		return
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.subscribers = slices.DeleteFunc(ch.subscribers, func(other *subscription) bool { return other == s })
	ch.count.Add(-1)
	ch.touch()
}

// dispatch wakes every subscriber for what was published.
func (ch *Channel) dispatch() {
	ch.dirty.Store(false) // before they are woken: what is published later is dispatched again
	ch.mu.Lock()
	defer ch.mu.Unlock()
	for _, s := range ch.subscribers {
		s.client.queue(s)
	}
}

// next returns what there is for the subscriber now, nothing if that is nothing. Its error
// is final: the subscriber is too slow.
func (s *subscription) next(into []record.Entry[*item]) ([]bridge.Delivery, error) {
	var out []bridge.Delivery
	if s.status != nil {
		out = append(out, bridge.Delivery{Chunk: s.status.frames(s.channel, s.seq), First: s.seq})
		s.status = nil
	}
	out = s.acknowledge(out)
	entries, err := s.reader.Next(noWait, into)
	if gone := new(record.GoneError); errors.As(err, &gone) {
		return nil, &bridge.CloseWith{Code: bridge.CloseTryAgainLater, Reason: "too slow: the next message of " + shorten(s.channel.name) + " is no longer kept; subscribe again with after"}
	}
	for i := range entries {
		e := &entries[i]
		if e.First > s.until {
			out = s.acknowledge(out)
		}
		out = append(out, bridge.Delivery{Chunk: e.Item.frames(s.channel, e.First), First: e.First, Skip: e.Skip})
	}
	return s.acknowledge(out), nil
}

// acknowledge appends the answer to the subscription, if that is due.
func (s *subscription) acknowledge(out []bridge.Delivery) []bridge.Delivery {
	if s.answer == nil || s.reader.After() < s.until {
		return out
	}
	out = append(out, said(s.answer))
	s.answer = nil
	return out
}

// noWait is done already: with it a Reader returns what there is.
var noWait = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// said returns a text for one client as a Delivery.
func said(message []byte) bridge.Delivery {
	return bridge.Delivery{Note: &bridge.Note{Said: string(message)}}
}
