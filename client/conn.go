package client

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// Conn is a conversation with a program, over one connection after another.
//
// One goroutine may receive, by Receive, ReceiveEach, Read or Messages, and must go on to
// the end: whoever does not receive does not learn that a connection is lost. Any number
// may send at the same time. It is a [bridge.Endpoint], in the place of the program.
type Conn struct {
	o      Options
	target *url.URL
	secure bool
	http   *http.Client

	ctx    context.Context // done at the end, and by Close
	cancel context.CancelCauseFunc
	work   sync.WaitGroup // goroutines that are not the caller's

	// Of the goroutine that receives.
	receiving sync.Mutex
	epoch     string // of the numbers; "" if the program is not one to come back to
	lifetime  string
	opened    bool   // a connection was there
	resumable bool   // and its messages were numbered
	head      head   // comes before all else
	missed    Missed // and not told yet
	pause     delay
	probe     delay     // of tries to get back to WebSockets
	tries     int       // that have failed in a row
	reason    error     // of the last loss
	blocked   bool      // WebSockets are
	again     bool      // and one is to be tried once more
	answered  bool      // something has come over this connection,
	since     time.Time // which is there since then
	via       string    // what Opened was told
	pump      pump

	mu      sync.Mutex
	link    *link         // nil while there is no connection
	down    bool          // the caller was told so
	next    *link         // takes the place of link
	changed chan struct{} // closed when link changes, or the queue is sent
	session Session
	cookies []*http.Cookie // that it came with
	last    uint64         // the number of the last message received
	leaving error          // why we end it ourselves
	ended   error

	posts     context.Context // nil while no message was sent by plain HTTP
	stopPosts context.CancelFunc

	closeOnce sync.Once

	sending chan struct{} // holds the right to send
	queue   queue
}

// Dial connects to the program at a URL (ws, wss, http or https). It returns when the
// first connection is there, or an error that says why there is none: a [ws.Refusal] has
// the server's sentence. ctx is for that; a Conn lives until its Close.
func Dial(ctx context.Context, address string, o *Options) (*Conn, error) {
	c, err := newConn(address, o.complete())
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { c.cancel(context.Cause(ctx)) })
	c.receiving.Lock()
	err = c.connect(!c.o.Insist)
	c.receiving.Unlock()
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// newConn returns a Conn without a connection.
func newConn(address string, o Options) (*Conn, error) {
	target, err := ws.ParseURL(address)
	if err != nil {
		return nil, err
	}
	after, err := parsePosition(o.After)
	if err != nil {
		return nil, err
	}
	c := &Conn{
		o: o, target: target, secure: target.Scheme == "wss", http: newHTTP(o),
		session: o.Session, epoch: after.epoch, last: after.number,
		pause:     delay{first: o.FirstDelay, most: o.MostDelay},
		probe:     delay{first: o.FirstDelay, most: o.MostDelay},
		resumable: o.After != "",
		changed:   make(chan struct{}), sending: make(chan struct{}, 1), pump: newPump(),
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.readQuery()
	return c, nil
}

// readQuery takes what the URL says of a session. With a position or a ticket, which is
// good once, the caller looks after that, and nothing is resumed here.
func (c *Conn) readQuery() {
	query := c.target.Query()
	if query.Has("after") || query.Has("token") {
		c.o.NoResume = true
		return
	}
	if !query.Has("session") {
		return
	}
	if id := query.Get("session"); c.session.ID == "" && id != "new" {
		c.session.ID = id
	}
	query.Del("session")
	c.target.RawQuery = query.Encode()
}

// newHTTP returns the client for all but WebSockets.
func newHTTP(o Options) *http.Client {
	t := &http.Transport{
		Proxy: o.Proxy, DialContext: o.Dial, TLSClientConfig: o.TLS,
		DisableCompression: true, ForceAttemptHTTP2: true,
	}
	if o.Dial != nil {
		t.Proxy = nil
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Receive implements [bridge.Endpoint]. It connects again if it must. Its last error is an
// *Ending, if the server has ended the conversation; a *ws.Refusal or a *LostError, if
// there is no way back; [net.ErrClosed] after Close.
func (c *Conn) Receive() ([]bridge.Message, error) {
	batch, _, err := c.receive()
	return batch, err
}

// receive does what Receive does, and returns the number of the first message.
func (c *Conn) receive() (batch []bridge.Message, number uint64, err error) {
	c.receiving.Lock()
	defer c.receiving.Unlock()
	for {
		if err := c.connect(false); err != nil {
			return nil, 0, err
		}
		if h := c.takeHead(); len(h.messages) > 0 {
			return h.messages, h.number, nil
		}
		l := c.current()
		if batch, err = l.Receive(); err != nil {
			c.lost(l, err)
		} else if batch, number = c.count(l, batch); len(batch) > 0 {
			return batch, number, nil
		}
	}
}

// ReceiveEach calls each with every batch, and returns the last error of Receive.
func (c *Conn) ReceiveEach(each func([]bridge.Message)) error {
	c.receiving.Lock()
	defer c.receiving.Unlock()
	for {
		if err := c.connect(false); err != nil {
			return err
		}
		if h := c.takeHead(); len(h.messages) > 0 {
			each(h.messages)
		}
		l := c.current()
		c.lost(l, l.ReceiveEach(func(batch []bridge.Message) {
			if batch, _ = c.count(l, batch); len(batch) > 0 {
				each(batch)
			}
		}))
	}
}

// count counts messages that have come over a connection. It returns those that are new,
// with the number of the first.
func (c *Conn) count(l *link, batch []bridge.Message) ([]bridge.Message, uint64) {
	if !c.answered {
		c.answered = true
		c.recovered()
	}
	if !l.counts {
		return batch, 0
	}
	c.mu.Lock()
	before := c.last
	known := uint64(0)
	if l.at < before { // the connection was there before another one had ended
		known = min(before-l.at, uint64(len(batch)))
	}
	at := l.at
	l.at += uint64(len(batch))
	c.last = max(before, l.at)
	c.mu.Unlock()
	if at > before {
		c.o.Missed(Missed{Count: at - before})
	}
	return batch[known:], at + known + 1
}

// recovered forgets all failures.
func (c *Conn) recovered() {
	c.tries = 0
	c.pause.reset()
}

// Position returns where this client is, EPOCH:N: it has received message N. Another Conn
// can go on there, with [Options].After. It is "" if the program ends with its connection.
func (c *Conn) Position() string {
	if at := c.at(); at.epoch != "" {
		return at.String()
	}
	return ""
}

// Parts returns a number that changes while a message comes that has not come whole.
func (c *Conn) Parts() int64 {
	if l := c.current(); l != nil {
		return l.Parts()
	}
	return 0
}

// Context returns a context that is done when the conversation is over.
func (c *Conn) Context() context.Context { return c.ctx }

// Session returns the session that the program's process is, "" if it is none. It can be
// given to another Conn, as [Options].Session.
func (c *Conn) Session() Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

func (c *Conn) setSession(s Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = s
}

// current returns the connection, nil while there is none.
func (c *Conn) current() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link
}

// setLink takes a connection into use. It returns false after the end: the connection is the
// caller's to close.
func (c *Conn) setLink(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving != nil {
		return false
	}
	c.link, c.down = l, false
	c.tell()
	return true
}

// tell wakes those who wait for a connection; c.mu is held.
func (c *Conn) tell() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// setDown notes that the connection is lost.
func (c *Conn) setDown() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = true
	c.tell()
}

// end ends the conversation for a reason, and returns that of the first call.
func (c *Conn) end(err error) error {
	c.mu.Lock()
	if c.ended == nil {
		c.ended = err
	}
	err = c.ended
	c.mu.Unlock()
	c.cancel(err)
	return err
}

// leave notes that we end the conversation. It reports whether that is new.
func (c *Conn) leave(cause error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving != nil {
		return false
	}
	c.leaving = cause
	c.tell()
	return true
}

// CloseSend tells the server that this client leaves, and why; nil is 1000. What was sent
// before is delivered. It does nothing for [io.EOF]: the program's answers may still be to
// come, and a WebSocket has no half-close.
func (c *Conn) CloseSend(cause error) error {
	if isEOF(cause) {
		return nil
	}
	reason := cause
	if reason == nil {
		reason = net.ErrClosed
	}
	if !c.leave(reason) {
		return nil
	}
	l := c.current()
	if l == nil {
		c.cancel(net.ErrClosed)
		return nil
	}
	return l.CloseSend(cause)
}

// closeWait is how long Close waits for a message that is being sent.
const closeWait = 5 * time.Second

// Close leaves: the server is told, and what was sent is delivered. A process that ends
// with its connection ends. It returns when nothing of the Conn remains.
func (c *Conn) Close() error {
	c.closeOnce.Do(c.close)
	return nil
}

func (c *Conn) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	l := c.current()
	if err := c.acquire(ctx); err == nil {
		c.CloseSend(nil)
		c.release()
	} else if c.leave(net.ErrClosed) && l != nil {
		l.Close() // it takes nothing
	}
	c.pump.stop()
	for err := error(nil); err == nil; { // the server's close comes after what it has said
		_, err = c.Receive()
	}
	c.cancel(net.ErrClosed)
	c.work.Wait()
	c.http.CloseIdleConnections()
}
