package hub

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"sync"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/record"
)

const (
	// mostAtOnce is how many items of a channel a client takes before those of another.
	mostAtOnce = 4
	// mostReplies is how many answers wait for a client before it is read no further.
	mostReplies = 16
)

// Client is a client of a Hub. Its methods may be called concurrently.
type Client struct {
	Identity Identity // who it is
	Remote   string   // its address

	hub     *Hub
	link    bridge.Listener
	ctx     context.Context // done when the client is gone, or is to go
	cancel  context.CancelCauseFunc
	replies chan []byte
	wake    chan struct{} // signals that ready is not empty

	mu   sync.Mutex
	subs map[*Channel]*subscription

	queueing sync.Mutex
	ready    []*subscription // those that may have something to read

	into []record.Entry[*item]
}

func (h *Hub) newClient(link bridge.Listener, who Identity, remote string) *Client {
	c := &Client{
		Identity: who, Remote: remote, hub: h, link: link,
		replies: make(chan []byte, mostReplies), wake: make(chan struct{}, 1),
		subs: map[*Channel]*subscription{}, into: make([]record.Entry[*item], 0, mostAtOnce),
	}
	c.ctx, c.cancel = context.WithCancelCause(link.Context())
	return c
}

// serve holds the conversation.
func (c *Client) serve() {
	var reading sync.WaitGroup
	reading.Go(c.read)
	why := c.write()
	c.hub.slowClients.count(why)
	c.link.CloseSend(why)
	reading.Wait()
	c.link.Close()
}

// Close ends the conversation. The client is sent a close code and a reason. It does not
// wait for that.
func (c *Client) Close(code int, reason string) {
	c.cancel(&bridge.CloseWith{Code: code, Reason: reason})
}

// read obeys the client until it is gone.
func (c *Client) read() {
	c.cancel(bridge.ReceiveEach(c.link, func(batch []bridge.Message) {
		for i := range batch {
			c.obey(batch[i].Data)
		}
	}))
}

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
	if json.Unmarshal(message, &r) != nil {
		return
	}
	switch r.Type {
	case TypePing:
		c.answer(reply(Message{Type: TypePong}))
		return
	case TypeSubscribe, TypeUnsubscribe:
		if name, ok := r.names(); ok && r.Type == TypeSubscribe {
			c.subscribe(name, r.After)
			return
		} else if ok {
			c.hub.Unsubscribe(c, name)
			return
		}
	}
	if c.hub.Unknown != nil {
		c.hub.Unknown(c, message)
	}
}

// names returns the channel that a request names: in channel, or else in data.
func (r *request) names() (name string, ok bool) {
	if r.Channel != "" {
		return r.Channel, true
	}
	return name, json.Unmarshal(r.Data, &name) == nil && r.Data[0] == '"'
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

var errAfter = errors.New(`after is not "EPOCH:N", as in the epoch and the seq of a message`)

// readAfter returns the position that a client names, nil if it names none.
func readAfter(raw json.RawMessage) (*record.Position, error) {
	if raw == nil || string(raw) == "null" {
		return nil, nil
	}
	var named string
	if json.Unmarshal(raw, &named) != nil {
		return nil, errAfter
	}
	position, err := record.ParsePosition(named)
	if err != nil {
		return nil, errAfter
	}
	return &position, nil
}

// Reply sends a message to this client alone. It waits while the client does not take what
// it was sent before, and is for what the client has asked for. Data that encoding/json does
// not take is left out.
func (c *Client) Reply(m Message) { c.answer(reply(m)) }

func (c *Client) answer(message []byte) {
	select {
	case c.replies <- message:
	case <-c.ctx.Done():
	}
}

// queue adds a subscription to those that may have something to read.
func (c *Client) queue(s *subscription) {
	if s.queued.Swap(true) {
		return
	}
	c.queueing.Lock()
	c.ready = append(c.ready, s)
	c.queueing.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// unqueue returns the next subscription that may have something to read; nil is none.
func (c *Client) unqueue() *subscription {
	c.queueing.Lock()
	defer c.queueing.Unlock()
	if len(c.ready) == 0 {
		c.ready = nil
		return nil
	}
	s := c.ready[0]
	c.ready[0] = nil
	c.ready = c.ready[1:]
	s.queued.Store(false) // before it is read: what is published later queues it again
	return s
}

// write sends the client what there is for it, until it is gone. It returns why.
func (c *Client) write() error {
	for {
		select {
		case message := <-c.replies:
			if err := c.link.Deliver([]bridge.Delivery{said(message)}); err != nil {
				return c.cause(err)
			}
		case <-c.wake:
			if err := c.writeReady(); err != nil {
				return c.cause(err)
			}
		case <-c.ctx.Done():
			return c.cause(nil)
		}
	}
}

// cause returns why the conversation ends: because of the client, or else because of err.
func (c *Client) cause(err error) error {
	if cause := context.Cause(c.ctx); cause != nil && cause != io.EOF {
		return cause
	}
	return err
}

// writeReady sends what the client's channels have, some of each in turn.
func (c *Client) writeReady() error {
	for s := c.unqueue(); s != nil && c.ctx.Err() == nil; s = c.unqueue() {
		if s.left.Load() {
			continue
		}
		deliveries, err := s.next(c.into)
		if err != nil {
			return err
		}
		clear(c.into[:cap(c.into)])
		if len(deliveries) == 0 {
			continue
		}
		c.queue(s) // there may be more
		if err := c.link.Deliver(deliveries); err != nil {
			return err
		}
		if err := c.writeReplies(); err != nil {
			return err
		}
	}
	return nil
}

// writeReplies sends the answers that wait.
func (c *Client) writeReplies() error {
	for {
		select {
		case message := <-c.replies:
			if err := c.link.Deliver([]bridge.Delivery{said(message)}); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func uintText(n uint64) string { return strconv.FormatUint(n, 10) }

func boolText(b bool) string { return strconv.FormatBool(b) }

// shorten returns the beginning of a name, for a reason of a close frame.
func shorten(name string) string {
	const most = 40
	if len(name) > most {
		return name[:most] + ".."
	}
	return name
}
