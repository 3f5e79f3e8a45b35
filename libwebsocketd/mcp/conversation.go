package mcp

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/session"
)

// conversation is a session of a client of a revision up to 2025-11-25, with a process of its
// own: what session.Session keeps for it.
type conversation struct {
	child
	session *session.Session
	secret  string // that the client names the session by, after its ID, which others may see
	epoch   string // of the ids of its events
	history int

	mu      sync.Mutex
	version string // that was negotiated
	last    uint64 // the number of the newest stream
	streams []*stream
	own     *stream         // of GET: what is for no call
	asked   map[string]bool // ids of the requests of the process that no client has answered
	counts  struct{ calls, notices int }
}

// newConversation returns what is kept of a session.
func (s *supervisor) newConversation(x *session.Session) *conversation {
	c := &conversation{session: x, secret: newSecret(), epoch: rand.Text()[:16], history: s.life.History, own: newStream(0, s.life.History), asked: map[string]bool{}}
	c.child = child{calls: calls{numbers: &s.numbers}, log: s.runtime.Log().With("session", x.Number), going: s.runtime.Context(), start: s.life.Start, health: &s.health,
		attach: c.resume, other: c.said, lost: c.ended, stall: func(*line) { x.End() }, sole: true}
	return c
}

// newSecret returns 128 random bits.
func newSecret() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// name returns what the client names the session by.
func (c *conversation) name() string { return c.session.ID + c.secret }

// resume attaches a request to the process, after what was read of it.
func (c *conversation) resume(req *libwebsocketd.Request) (link, *gate.Refusal) {
	a, refusal := c.session.Resume(attachment(req, nil))
	if refusal != nil {
		return nil, refusal
	}
	return a, nil
}

// said takes what the process says that is for no call: requests, which go to the newest call
// whose answer a client reads, and notifications.
func (c *conversation) said(_ *line, m *message) {
	if m.kind == request {
		c.ask(m)
	}
	c.streamFor(m).say(c.going, m.text, false)
}

// ask notes that the process has asked something. Of too many, which nobody answers, none is
// waited for any more.
func (c *conversation) ask(m *message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) >= mostOpen {
		clear(c.asked)
	}
	c.asked[canonical(m.id.of(m.text))] = true
}

// streamFor returns where a message goes that is for no call. A request of the process, that this
// is canceled, and what is for the log, belong to a call, which is most likely the newest.
func (c *conversation) streamFor(m *message) *stream {
	if m.kind != request && m.method != "notifications/message" && m.method != "notifications/cancelled" {
		return c.own
	}
	x := c.newest(func(x *call) bool { return !x.stream.plain && x.stream.hasReader() })
	if x == nil {
		return c.own
	}
	return x.stream
}

// answers notes that a client answers requests of the process, and reports whether all of them
// wait for an answer; else none is answered. The first one counts that comes to the process.
func (c *conversation) answers(all []message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	var keys []string
	for i := range all {
		if all[i].kind == response {
			keys = append(keys, canonical(all[i].id.of(all[i].text)))
		}
	}
	if slices.ContainsFunc(keys, func(key string) bool { return !c.asked[key] }) {
		return false
	}
	for _, key := range keys {
		delete(c.asked, key)
	}
	return true
}

// askAgain takes back what answers has noted: these have not come to the process.
func (c *conversation) askAgain(all []message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range all {
		if all[i].kind == response {
			c.asked[canonical(all[i].id.of(all[i].text))] = true
		}
	}
}

// newStream returns a stream for the calls of one request.
func (c *conversation) newStream() *stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	s := newStream(c.last, c.history)
	s.unread = c.prune
	c.streams = append(c.streams, s)
	return s
}

// find returns the stream with a number; nil if it is no longer kept.
func (c *conversation) find(number uint64) *stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	if number == 0 {
		return c.own
	}
	i := slices.IndexFunc(c.streams, func(s *stream) bool { return s.number == number })
	if i < 0 {
		return nil
	}
	return c.streams[i]
}

// drop forgets a stream that no client can come back to.
func (c *conversation) drop(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams = slices.DeleteFunc(c.streams, func(other *stream) bool { return other == s })
}

// prune forgets the oldest streams that nobody reads, as far as all of them together are more than
// may be kept. Of one that is not complete the rest is kept. The newest stays.
func (c *conversation) prune() {
	c.mu.Lock()
	defer c.mu.Unlock()
	total := 0
	for i := len(c.streams) - 1; i >= 0; i-- {
		s := c.streams[i]
		total += s.output.Bytes() + streamCost
		switch {
		case total <= c.history, i == len(c.streams)-1, s.hasReader():
		case s.isDone():
			c.streams = slices.Delete(c.streams, i, i+1)
		default:
			s.output.Drop()
		}
	}
}

// streamCost is what a stream costs to keep, without its messages, in bytes.
const streamCost = 512

// mostOpen is how many calls of a session may be open at once, and how many requests of its
// process: what nobody waits for any more stays open until it is answered.
const mostOpen = 1000

// mayCall returns why a session may not have the calls among some messages.
func (c *conversation) mayCall(all []message) *gate.Refusal {
	more := 0
	for i := range all {
		if all[i].kind == request {
			more++
		}
	}
	if more == 0 || c.size()+more <= mostOpen {
		return nil
	}
	return &gate.Refusal{Status: http.StatusTooManyRequests, RetryAfter: 1, Reason: "the session has " + strconv.Itoa(mostOpen) + " requests that are not answered"}
}

// forget takes no more notice of the calls of a stream that are canceled, which most processes
// never answer, once no client reads it.
func (c *conversation) forget(s *stream) {
	if s.hasReader() {
		return
	}
	for range c.takeAll(func(x *call) bool { return x.stream == s && x.unwanted }) {
		s.forgo()
	}
}

// isOver reports whether the process of the session has ended.
func (c *conversation) isOver() bool {
	select {
	case <-c.session.Done():
		return true
	default:
		return false
	}
}

// count counts calls of the client.
func (c *conversation) count(calls int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.calls += calls
}

// ended is called when the process has ended: nobody can use the session any more.
func (c *conversation) ended(cause error) {
	c.own.output.Close(cause)
	c.session.End()
}

// Summary implements session.Summarizer.
func (c *conversation) Summary() []any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return []any{"calls", c.counts.calls, "notifications", c.counts.notices}
}
