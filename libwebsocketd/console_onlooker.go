package libwebsocketd

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/logging"
)

// markPrefix is the beginning of the page's subprotocol that carries a mark.
const markPrefix = "websocketd-console."

// onlooker connects a feed to one handshake. For every client but the console it is nil,
// whose methods do nothing.
type onlooker struct {
	console *console
	feed    *pageFeed
	item    string // the subprotocol that carried the mark
	alone   bool   // no other was offered
	at      []keptAt
}

// onlooker removes the mark from a handshake and returns the onlooker of its feed; nil if
// there is no mark.
func (c *console) onlooker(r *http.Request) *onlooker {
	const header = "Sec-Websocket-Protocol"
	if c == nil || len(r.Header[header]) == 0 {
		return nil
	}
	o := &onlooker{console: c}
	var others []string
	for _, item := range text.Tokens(r.Header[header]) {
		if strings.HasPrefix(item, markPrefix) {
			o.item = item
		} else {
			others = append(others, item)
		}
	}
	if o.item == "" {
		return nil
	}
	delete(r.Header, header)
	if o.alone = len(others) == 0; !o.alone {
		r.Header.Set(header, strings.Join(others, ", "))
	}
	c.mu.Lock()
	o.feed = c.feeds[strings.TrimPrefix(o.item, markPrefix)]
	c.mu.Unlock()
	if o.feed == nil || !o.feed.use() {
		o.feed = &pageFeed{over: true} // drops everything
	}
	return o
}

// confirm puts the mark's subprotocol into the 101: a browser accepts no answer without
// one. If the page offered others as well, only those decide.
func (o *onlooker) confirm(header http.Header) {
	if o != nil && o.alone && header.Get("Sec-WebSocket-Protocol") == "" {
		header.Set("Sec-WebSocket-Protocol", o.item)
	}
}

// refused sends the page why there is no conversation.
func (o *onlooker) refused(refusal *gate.Refusal) {
	if o != nil {
		o.feed.tell("refused", refusal.Text())
	}
}

// watch returns log, so that the feed also gets what is logged about this client. If a
// Lifetime keeps the process of the route, the feed gets that process's log too, unless it is
// another user's.
func (o *onlooker) watch(to route, user string, log *slog.Logger) *slog.Logger {
	if o == nil {
		return log
	}
	if to.program.supervisor != nil {
		o.at = []keptAt{{to.program, to.scriptName, to.pathInfo, ""}}
		if user != "" {
			o.at = append(o.at, keptAt{to.program, to.scriptName, to.pathInfo, user})
		}
		o.console.mu.Lock()
		for _, at := range o.at {
			o.console.watching[at] = append(o.console.watching[at], o.feed)
		}
		o.console.mu.Unlock()
	}
	return slog.New(&tap{Handler: log.Handler(), mode: to.program.Stderr, tell: o.feed.tell})
}

// end ends the feed. It is called when the conversation is over, or was refused.
func (o *onlooker) end() {
	if o == nil {
		return
	}
	o.feed.end()
	c := o.console
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, at := range o.at {
		c.watching[at] = slices.DeleteFunc(c.watching[at], func(f *pageFeed) bool { return f == o.feed })
		if len(c.watching[at]) == 0 {
			delete(c.watching, at)
		}
	}
}

// keptAt identifies a process that a Lifetime keeps.
type keptAt struct {
	program              *program
	scriptName, pathInfo string
	user                 string // whose alone it is; "" is nobody's
}

// overhear returns log, so that the feeds that watch a process also get what is logged.
func (c *console) overhear(here keptAt, log *slog.Logger) *slog.Logger {
	if c == nil {
		return log
	}
	return slog.New(&tap{Handler: log.Handler(), mode: here.program.Stderr, tell: func(kind, text string) {
		c.mu.Lock()
		watching := slices.Clone(c.watching[here])
		c.mu.Unlock()
		for _, f := range watching {
			f.tell(kind, text)
		}
	}})
}

// tap is a log handler that also passes to tell what concerns a person: what a program
// writes to standard error, and records of level INFO and above.
type tap struct {
	slog.Handler
	mode     StderrMode
	category string
	tell     func(kind, text string)
}

// Enabled implements slog.Handler.
func (t *tap) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= logging.LevelInfo || t.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (t *tap) Handle(ctx context.Context, r slog.Record) error {
	switch {
	case r.Level < logging.LevelInfo:
	case t.category != "stderr":
		t.tell("log", r.Message)
	case t.mode != StderrTag: // whose lines are messages already
		t.tell("stderr", r.Message)
	}
	if !t.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return t.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (t *tap) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *t
	next.Handler = t.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		if a.Key == logging.CategoryKey {
			next.category = a.Value.String()
		}
	}
	return &next
}

// WithGroup implements slog.Handler.
func (t *tap) WithGroup(name string) slog.Handler {
	next := *t
	next.Handler = t.Handler.WithGroup(name)
	return &next
}
