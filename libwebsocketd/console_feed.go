package libwebsocketd

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/ws"
)

// A pageFeed sends a page of the console what the page's connection to a program cannot
// carry. That is the program's standard error, the log lines about this client, and the
// text of a refusal, which browsers hide.
//
// A feed is a WebSocket apart. It begins with a random mark, which the page offers as a
// subprotocol in one handshake; the feed is about the process of that handshake, and
// ends with it. The mark is removed from the request at once, so that the program does
// not see it. A page that makes no handshake, because it talks with an MCP server over HTTP,
// names a path instead (at=): then the feed is about the processes that are kept there, and
// ends when the page leaves.
type pageFeed struct {
	mark  string
	local bool          // its client is on this machine; others get nothing of the log
	ready chan struct{} // signaled when queue or over has changed

	mu    sync.Mutex
	queue []bridge.Message
	size  int  // bytes in queue
	lost  int  // lines dropped since the queue was full
	used  bool // a handshake has brought the mark
	over  bool
}

const (
	mostFeeds = 64        // at once
	mostFed   = 256 << 10 // bytes queued for a page
	longFed   = 16 << 10  // bytes of one line
)

// told is one message of a feed, as JSON.
type told struct {
	Kind string `json:"kind"` // mark, stderr, log, refused, lost, unseen
	Text string `json:"text,omitempty"`
	Lost int    `json:"lost,omitempty"` // lines
}

func newFeed(local bool) *pageFeed {
	f := &pageFeed{mark: rand.Text(), local: local, ready: make(chan struct{}, 1)}
	f.tell("mark", f.mark)
	return f
}

// tell puts a message into the queue. It never blocks: a page that looks on must not slow
// a program down. Messages that do not fit are counted in lost.
func (f *pageFeed) tell(kind, words string) {
	if kind == "log" && !f.local {
		return // it may name files
	}
	if over := len(words) - longFed; over > 0 {
		words = fmt.Sprintf("%s ... and %d bytes more", words[:longFed], over)
	}
	data := encode(told{Kind: kind, Text: string(text.Valid([]byte(words)))})
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.over:
		return
	case f.lost > 0, f.size+len(data) > mostFed: // nothing is queued after a loss, to keep the order
		f.lost++
		return
	}
	f.queue = append(f.queue, bridge.Message{Kind: bridge.Text, Data: data})
	f.size += len(data)
	f.wake()
}

func encode(t told) []byte {
	data, _ := json.Marshal(t) // two strings and a number cannot fail
	return data
}

func (f *pageFeed) wake() {
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// Receive blocks for the messages of tell, and returns its error after the last.
func (f *pageFeed) Receive() ([]bridge.Message, error) {
	for {
		if batch, over := f.take(); len(batch) > 0 {
			return batch, nil
		} else if over {
			return nil, &bridge.CloseWith{Code: bridge.CloseNormal, Reason: "that was all"}
		}
		<-f.ready
	}
}

func (f *pageFeed) take() (batch []bridge.Message, over bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	batch = f.queue
	if f.lost > 0 {
		batch = append(batch, bridge.Message{Kind: bridge.Text, Data: encode(told{Kind: "lost", Lost: f.lost})})
	}
	f.queue, f.size, f.lost = nil, 0, 0
	return batch, f.over
}

// Send handles a message of the page. Whatever its text, it means that the page's
// handshake has failed: either we have refused it, and told the page so, or it never
// reached this server.
func (f *pageFeed) Send([]bridge.Message) error {
	f.mu.Lock()
	used := f.used
	f.mu.Unlock()
	if !used {
		f.tell("unseen", "")
		f.end()
	}
	return nil
}

// use reports whether the mark was unused, and marks it as used: it is for one handshake.
func (f *pageFeed) use() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.used || f.over
	f.used = true
	return !before
}

func (f *pageFeed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	f.wake()
}

// CloseSend does nothing.
func (f *pageFeed) CloseSend(error) error { return nil }

// Close ends the feed.
func (f *pageFeed) Close() error {
	f.end()
	return nil
}

// Context returns a context that is never done: a feed ends as a program does.
func (f *pageFeed) Context() context.Context { return context.Background() }

// serveFeed answers the handshake of a feed.
func (c *console) serveFeed(w http.ResponseWriter, r *http.Request, from remote, log *slog.Logger) {
	s := c.server
	refusal := ws.CheckHandshake(w, r)
	if refusal == nil && !s.begin() {
		refusal = gate.GoingAway
	}
	if refusal != nil {
		c.server.refuse(w, r, log, refusal)
		return
	}
	f, on, refusal := c.openFor(r, &from, log)
	if refusal != nil {
		s.running.Done()
		c.server.refuse(w, r, log, refusal)
		return
	}
	header := http.Header{}
	confirmOwn(header, r)
	client, err := ws.Upgrade(s.ctx, w, r, header, ws.Options{MaxMessage: 1 << 10, PingInterval: DefaultPingInterval, Takes: bridge.Text, Log: log})
	if err != nil {
		s.conns.forget(acceptedConn(r.Context()))
		on.end()
		c.close(f)
		s.running.Done()
		return
	}
	x := &session{program: f, client: client, log: log}
	s.enter(x)
	accepted := acceptedConn(r.Context())
	go func() {
		defer s.running.Done()
		defer s.conns.forget(accepted)
		defer s.leave(x)
		defer c.close(f)
		defer on.end()
		bridge.Pipe(f, client)
	}()
}

// openFor returns the feed for a page, and its onlooker if the page names a path: one who may
// not reach the program there gets no feed of it.
func (c *console) openFor(r *http.Request, from *remote, log *slog.Logger) (f *pageFeed, on *onlooker, refusal *gate.Refusal) {
	var to route
	at := r.URL.Query().Get("at")
	if at != "" {
		if to, refusal = c.server.routePath(at); refusal == nil {
			refusal = c.server.proveAgainAt(r, to, from)
		}
	}
	if refusal == nil {
		f, refusal = c.open(from.Local())
	}
	if refusal != nil || at == "" {
		return f, nil, refusal
	}
	f.use() // no handshake is to bring its mark
	on = &onlooker{console: c, feed: f}
	on.watch(to, from.User, log)
	return f, on, nil
}

// open returns a new feed, or a refusal if there are too many.
func (c *console) open(local bool) (*pageFeed, *gate.Refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.feeds) >= mostFeeds {
		return nil, &gate.Refusal{Status: http.StatusServiceUnavailable, Kind: gate.KindConsoles, Reason: "too many consoles listen already", RetryAfter: 1}
	}
	f := newFeed(local)
	c.feeds[f.mark] = f
	return f, nil
}

func (c *console) close(f *pageFeed) {
	f.end()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.feeds, f.mark)
}
