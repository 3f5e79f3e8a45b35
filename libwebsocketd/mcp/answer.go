package mcp

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/record"
	"websocketd/libwebsocketd/shared"
)

// answer is a request with calls for the process, and what it is answered with: one JSON value
// if the response is the first that the process says for them, else events from the first
// message to the last response.
type answer struct {
	s      *supervisor
	req    *libwebsocketd.Request
	child  *child
	line   *line
	stream *stream
	calls  []*call
	sent   []message // the calls' requests
	others []message // what else is for the process: of notifications the text alone counts
	free   func()    // gives the memory of both back, once they are sent
	in     *conversation
	events bool // the client takes events

	sending context.Context // done when nothing more of it is for the process

	starved bool // there was no memory for something; read when it was said
	modern  bool // of 2026-07-28 or later: the HTTP status says what the error is
	isBatch bool
	begin   func(h http.Header, m *message) // adds to the header of a JSON answer; may be nil
	park    func()                          // called when the client can come back for the rest; may be nil
}

// newAnswer returns an answer without calls.
func (s *supervisor) newAnswer(req *incoming, c *child, l *line) *answer {
	a := &answer{s: s, req: req.Request, child: c, line: l, stream: newStream(0, s.life.History), free: req.free}
	a.events, a.sending = takes(req.HTTP, eventStream), req.HTTP.Context()
	return a
}

// add adds the call of a request.
func (a *answer) add(m *message) {
	x := newCall(m, a.line)
	x.user = a.req.Identity().User
	a.calls, a.sent = append(a.calls, x), append(a.sent, *m)
}

// serve sends the calls to the process, and answers with what it says for them.
func (a *answer) serve(w http.ResponseWriter) {
	a.stream.plain = a.stream.plain || !a.events
	reader := a.stream.listen(0, a.in != nil)
	defer a.leave()
	defer a.counted()()
	defer reader.Close()
	defer a.untilStarted()()
	settle := a.askLate(w)
	a.send()
	settle()
	a.parkFor(newestOld)
	text, whole, err := a.first(w, reader)
	switch {
	case err == nil && a.stream.plain && a.isBatch:
		text, err = reader.array(a.req.HTTP.Context())
		whole = true
	case err == nil && !takes(a.req.HTTP, jsonType):
		a.introduce(w, text)
		whole = false
	}
	switch {
	case whole && err == nil:
		a.json(w, text)
	case err == nil || errors.Is(err, errQuiet) || errors.Is(err, shared.Comeback):
		if err == nil {
			a.parkFor("")
		}
		a.s.stream(w, a.req, reader, a.in)
	case a.req.HTTP.Context().Err() == nil:
		a.breakOff(w, err)
	}
}

// breakOff ends an answer of which nothing was written, to a client that is there. One that has missed
// too much is told: some clients send again what is broken off.
func (a *answer) breakOff(w http.ResponseWriter, cause error) {
	if !isCut(cause) {
		a.req.BreakOff()
		return
	}
	tooMuch := &rpcError{Code: codeInternal, Message: "the process has said more for this request than is kept for its client (see --history)"}
	a.s.write(w, a.req, http.StatusOK, errorText(a.calls[0].id, tooMuch))
}

// parkFor notes that the client of a session can come back from now on, if its revision is not older: it
// is told where, be it with the first message or, in the newest revision, at once.
func (a *answer) parkFor(revision string) {
	if a.park != nil && !a.stream.plain && a.in.negotiated() >= revision {
		a.park()
	}
}

// send sends the calls, and the rest of the request. What a process does not take is answered
// when it has ended, which is most likely why; the next one is not given what was answered.
func (a *answer) send() {
	for _, x := range a.calls {
		x.stream = a.stream
		a.stream.expect()
	}
	if a.in != nil { // now: the session may end by one of them
		a.in.count(len(a.calls))
	}
	ctx, release := a.stream.untilWhole(a.sending)
	defer release()
	var err error
	for i := range a.others {
		if errOther := a.child.write(ctx, a.line, a.others[i].text); errOther != nil {
			a.in.askAgain(a.others[i : i+1])
			err = errors.Join(err, errOther)
		}
	}
	for i, x := range a.calls {
		if err == nil {
			err = a.child.send(ctx, x, &a.sent[i])
		} else {
			a.child.add(x)
		}
	}
	if err != nil && !a.stream.isWhole() {
		a.child.fail(a.line.whyDeaf(ctx, err), a.isOwn)
	}
	a.sent, a.others = nil, nil
	a.free()
}

func (a *answer) isOwn(x *call) bool { return x.stream == a.stream }

// untilStarted ends a process that has said nothing for a call in its time, and with it the calls. The
// caller must call settle.
func (a *answer) untilStarted() (settle func()) {
	if a.child.answered.Load() {
		return func() {}
	}
	ctx, cancel := context.WithTimeout(a.child.going, a.child.start)
	done := after.Done(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && !a.child.answered.Load() {
			a.child.tooLate(a.line)
		}
	})
	return func() { done(); cancel() }
}

// errQuiet is why nobody waits for the first message any more: the answer begins as events.
var errQuiet = errors.New("the process says nothing yet")

// soon is when most calls are answered. Whether their client has left nobody asks.
const soon = 100 * time.Millisecond

// askLate finds a client that leaves while the process takes nothing. The caller must call settle before it
// writes anything.
func (a *answer) askLate(w http.ResponseWriter) (settle func()) {
	ctx, cancel := context.WithTimeout(a.req.HTTP.Context(), soon)
	asked := func() {}
	stop := after.Done(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			asked = exchange.Ask(w, a.req.HTTP, a.req, a.req.Settings().PingInterval)
		}
	})
	return func() {
		stop()
		cancel()
		asked()
	}
}

// forEver is longer than a client waits.
const forEver = 100 * 365 * 24 * time.Hour

// first waits for the first message. A client that leaves meanwhile is found by its end; one that
// takes events is told that it is being served when that takes longer than a ping interval.
func (a *answer) first(w http.ResponseWriter, reader *listening) (text []byte, whole bool, err error) {
	ctx, interval := a.req.HTTP.Context(), a.req.Settings().PingInterval
	if text, whole, err = reader.peekFor(ctx, soon); !errors.Is(err, errQuiet) {
		return text, whole, err
	}
	defer exchange.Ask(w, a.req.HTTP, a.req, interval)()
	if a.stream.plain || interval <= 0 {
		interval = forEver
	}
	return reader.peekFor(ctx, interval)
}

// array waits for all responses, and returns them as an array.
func (l *listening) array(ctx context.Context) ([]byte, error) {
	settle := after.Done(ctx, func() { l.cancel(errLeft) })
	defer settle()
	var all [][]byte
	for {
		batch, err := l.Receive()
		for i := range batch {
			all = append(all, batch[i].Data)
		}
		if err != nil && len(all) > 0 && ctx.Err() == nil {
			return append(append([]byte{'['}, bytes.Join(all, []byte{','})...), ']'), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// mostUncounted is how large an answer may be without being counted among what clients let the
// server hold.
const mostUncounted = 64 << 10

const noMemory = "no memory for the answer now (see --maxmemory)"

// counted has what the stream keeps counted, until settle.
func (a *answer) counted() (settle func()) {
	var memory *libwebsocketd.Memory // of which most answers need none
	a.stream.account(func(bytes int) bool {
		if memory == nil {
			memory = a.req.Memory(func() {}) // a client that takes nothing is given up by its answer
		}
		ok := memory.Hold(bytes)
		a.starved = a.starved || !ok
		return ok
	})
	return func() {
		a.stream.account(nil)
		if memory != nil {
			memory.Free()
		}
	}
}

// json answers with one JSON value.
func (a *answer) json(w http.ResponseWriter, text []byte) {
	if a.starved {
		a.s.refuse(w, a.req, nil, &gate.Refusal{Status: http.StatusServiceUnavailable, RetryAfter: 1, Reason: noMemory})
		return
	}
	status := http.StatusOK
	if m, err := parse(text); err == nil && a.modern {
		status = statusOf(&m)
	}
	a.introduce(w, text)
	a.s.write(w, a.req, status, text)
}

// introduce adds to the header what the first message of the answer brings with it.
func (a *answer) introduce(w http.ResponseWriter, text []byte) {
	if m, err := parse(text); err == nil && a.begin != nil {
		a.begin(w.Header(), &m)
	}
}

// leave ends the calls that are not answered when their client has gone. In a session that
// cancels nothing: it may come back for the rest.
func (a *answer) leave() {
	if a.in != nil {
		if !a.stream.hasBegun() {
			a.in.drop(a.stream)
		}
		a.in.forget(a.stream)
		a.in.prune()
		return
	}
	for _, x := range a.calls {
		a.child.cancel(x, "the client has closed the stream of the response")
	}
}

const (
	jsonType    = "application/json"
	eventStream = exchange.EventStream
)

// write answers with one JSON value.
func (s *supervisor) write(w http.ResponseWriter, req *libwebsocketd.Request, status int, text []byte) {
	h := w.Header()
	h.Set("Content-Type", jsonType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	text, free := req.Gzip().Shrink(h, req.HTTP, text)
	defer free()
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	exchange.WriteAll(w, text, req.Settings().PingInterval)
}

// stream answers with events. An answer that does not end with the last response, though the
// client is there, is broken off.
func (s *supervisor) stream(w http.ResponseWriter, req *libwebsocketd.Request, reader *listening, in *conversation) {
	form := events{}
	if in != nil {
		form = in.events(reader.stream)
		reader.begin()
	}
	reader.prime = form.primes
	c := exchange.New(context.Background(), w, req.HTTP, exchange.Options{
		Encoder: form, Peer: req, Silent: req.Silent, Interval: req.Settings().PingInterval, IgnoresBody: true, Gzip: req.Gzip(),
	})
	c.Begin(reader.After())
	t := req.Pipe(reader, c)
	if !c.IsWhole() || isCut(t.Cause) {
		req.BreakOff()
	}
}

// isCut reports whether a stream ended because its client was too slow.
func isCut(cause error) bool {
	return errors.As(cause, new(*record.GoneError))
}
