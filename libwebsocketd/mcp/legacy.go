package mcp

import (
	"context"
	"crypto/subtle"
	"net/http"
	"slices"
	"sync"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/session"
)

// oldRevisions are those with sessions.
var oldRevisions = []string{"2024-11-05", withBatches, "2025-06-18", newestOld}

// withBatches is the revision in which a body may have several messages.
const withBatches = "2025-03-26"

// named returns the session that a request names, or why there is none.
func (s *supervisor) named(req *libwebsocketd.Request) (*conversation, *fault) {
	id := req.HTTP.Header.Get(headerSession)
	if id == "" {
		return nil, faultOf(http.StatusBadRequest, codeInvalid, "the header %s is missing, which initialize is answered with", headerSession)
	}
	if c := s.find(req, id); c != nil {
		return c, c.checkVersion(req.HTTP.Header)
	}
	if s.isHandedOver() {
		return nil, errHandedOver
	}
	return nil, faultOf(http.StatusNotFound, codeNoSession, "there is no such session: it has ended, or its time is over; initialize begins another")
}

// errHandedOver is answered as gate.HandedOver is.
var errHandedOver = new(fault)

// find returns the session that a client names; nil if there is none that is its own.
func (s *supervisor) find(req *libwebsocketd.Request, name string) *conversation {
	x := s.sessions.Find(req.Target().ScriptName, name[:len(name)/2], req.Identity())
	if x == nil {
		return nil
	}
	c, ok := x.Kept().(*conversation)
	if !ok || subtle.ConstantTimeCompare([]byte(c.name()), []byte(name)) != 1 {
		return nil
	}
	return c
}

// checkVersion returns a fault if a request is of another revision than was negotiated. One that
// says none is of that (2025-06-18).
func (c *conversation) checkVersion(h http.Header) *fault {
	negotiated := c.negotiated()
	if asked := h.Get(headerVersion); asked != "" && asked != negotiated {
		return faultOf(http.StatusBadRequest, codeInvalid, "the header %s is %.50q, and the session is of %q", headerVersion, asked, negotiated)
	}
	return nil
}

// serveLegacy answers messages of a client of a revision up to 2025-11-25.
func (s *supervisor) serveLegacy(w http.ResponseWriter, req *incoming) {
	first, isBatch := &req.all[0], req.isBatch
	switch named := req.HTTP.Header.Get(headerSession) != ""; {
	case s.life.Shared:
		s.serveGreeted(w, req)
		return
	case first.kind == request && first.method == "initialize" && !isBatch:
		s.initialize(w, req, first)
		return
	case !named && first.kind == request && first.method == "initialize":
		s.fail(w, req.Request, first, faultOf(http.StatusBadRequest, codeInvalid, "initialize comes alone"))
		return
	}
	c, f := s.named(req.Request)
	if f == nil && isBatch && c.negotiated() != withBatches {
		f = faultOf(http.StatusBadRequest, codeInvalid, "an array of messages is for %s alone, and the session is of %q", withBatches, c.negotiated())
	}
	if f != nil {
		s.fail(w, req.Request, first, f)
		return
	}
	s.converse(w, req, c)
}

func (c *conversation) negotiated() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}

// converse passes messages on to the process of a session, and answers with the responses.
func (s *supervisor) converse(w http.ResponseWriter, req *incoming, c *conversation) {
	all := req.all
	refusal := c.turn.enter(req.HTTP.Context())
	if refusal != nil {
		s.refuse(w, req.Request, &all[0], refusal)
		return
	}
	park := sync.OnceFunc(c.turn.exit)
	defer park()
	if c.isOver() {
		s.fail(w, req.Request, &all[0], faultOf(http.StatusNotFound, codeNoSession, "the process of the session has ended; initialize begins another"))
		c.session.End()
		return
	}
	if refusal := c.mayCall(all); refusal != nil {
		s.refuse(w, req.Request, &all[0], refusal)
		return
	}
	if !c.answers(all) {
		s.fail(w, req.Request, nil, faultOf(http.StatusBadRequest, codeInvalid, "the process has not asked that, or it is answered"))
		return
	}
	l, refusal := c.hold(req.Request)
	if refusal != nil {
		c.askAgain(all)
		s.refuse(w, req.Request, &all[0], gone(refusal))
		return
	}
	defer c.release(l)
	if !slices.ContainsFunc(all, func(m message) bool { return m.kind == request }) {
		c.notify(w, req, s, l, all)
		return
	}
	a := s.newAnswer(req, &c.child, l)
	a.in, a.isBatch, a.stream, a.park = c, req.isBatch, c.newStream(), park
	for i := range all {
		if all[i].kind == request {
			a.add(&all[i])
		} else if text := c.outward(&all[i]); text != nil {
			other := all[i]
			other.text = text
			a.others = append(a.others, other)
		}
	}
	a.serve(w)
}

// gone returns the refusal of a session, in the status that tells the client to begin another.
func gone(refusal *gate.Refusal) *gate.Refusal {
	if refusal.Status != http.StatusGone && refusal.Status != http.StatusNoContent {
		return refusal
	}
	return &gate.Refusal{Status: http.StatusNotFound, Reason: refusal.Reason}
}

// notify passes messages on that get no response. A client that leaves meanwhile is found, as one is
// that waits for an answer.
func (c *conversation) notify(w http.ResponseWriter, req *incoming, s *supervisor, l *line, all []message) {
	settle := exchange.Ask(w, req.HTTP, req, req.Settings().PingInterval)
	err := c.tell(req.HTTP.Context(), l, all)
	if settle(); err != nil {
		s.fail(w, req.Request, nil, faultOf(http.StatusNotFound, codeNoSession, "the process takes no more: %v", err))
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// tell writes messages to the process, until one is not taken.
func (c *conversation) tell(ctx context.Context, l *line, all []message) error {
	for i := range all {
		if text := c.outward(&all[i]); text != nil {
			if err := c.write(ctx, l, text); err != nil {
				c.askAgain(all[i:])
				return err
			}
		}
	}
	return nil
}

// outward returns a notification or a response as the process is to read it; nil if it is not to.
// What cancels a call has our number of that.
func (c *conversation) outward(m *message) []byte {
	c.mu.Lock()
	c.counts.notices++
	c.mu.Unlock()
	if m.kind != notification || m.method != "notifications/cancelled" {
		return m.text
	}
	at := m.inParams("requestId")
	x := c.markUnwanted(at.of(m.text))
	if x == nil {
		return nil
	}
	c.forget(x.stream)
	return splice(m.text, change{at, numberText(x.number)})
}

// initialize begins a session: a process in the environment of this request. The client gets
// its id with the result, and with nothing else.
func (s *supervisor) initialize(w http.ResponseWriter, req *incoming, m *message) {
	var c *conversation
	to, refusal := s.sessions.New(attachment(req.Request, nil), func(x *session.Session) any {
		c = s.newConversation(x)
		c.turn.in++ // this request
		return c
	})
	if c != nil {
		defer c.turn.exit()
	}
	if refusal != nil {
		s.health.refused(refusal)
		s.refuse(w, req.Request, m, refusal)
		return
	}
	l := c.connect(to)
	defer c.release(l)
	a := s.newAnswer(req, &c.child, l)
	a.in, a.stream = c, c.newStream()
	a.stream.plain = true // so that the header can wait for the result
	a.add(m)
	a.begin = c.begin
	a.serve(w)
	if c.negotiated() == "" {
		c.session.End()
	}
}

// begin adds the id of a session to the answer of initialize, if that has a result.
func (c *conversation) begin(h http.Header, m *message) {
	at, err := pick(m.text, m.result, "protocolVersion")
	if err != nil || !m.result.isSet() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version = decodeString(at[0].of(m.text)); c.version != "" {
		h.Set(headerSession, c.name())
	}
}

// serveGreeted answers messages for a process that was initialized for everyone.
func (s *supervisor) serveGreeted(w http.ResponseWriter, req *incoming) {
	m := &req.all[0]
	asked := req.HTTP.Header.Get(headerVersion)
	switch {
	case asked != "" && !slices.Contains(oldRevisions, asked):
		s.fail(w, req.Request, m, faultOf(http.StatusBadRequest, codeInvalid, "the header %s is %.50q, which is no revision that is known here", headerVersion, asked))
		return
	case req.isBatch:
		s.fail(w, req.Request, m, faultOf(http.StatusBadRequest, codeInvalid, "this server has no sessions, and takes no array of messages"))
		return
	case m.kind == response:
		s.fail(w, req.Request, m, faultOf(http.StatusBadRequest, codeInvalid, "the process has not asked that"))
		return
	case m.kind == notification: // initialized was said, and a canceled id may be that of many
		w.WriteHeader(http.StatusAccepted)
		return
	}
	e := s.everyone(req.Request, true)
	defer s.leave(e)
	refusal := e.turn.enter(req.HTTP.Context())
	if refusal != nil {
		s.refuse(w, req.Request, m, refusal)
		return
	}
	defer e.turn.exit()
	l, refusal := e.hold(req.Request)
	if refusal != nil {
		s.refuse(w, req.Request, m, refusal)
		return
	}
	defer e.release(l)
	result, until, err := e.greet(l)
	switch {
	case err != nil:
		s.fail(w, req.Request, m, faultOf(http.StatusOK, codeInternal, "the server is not initialized: %v", err))
	case m.method == "initialize":
		s.write(w, req.Request, http.StatusOK, resultText(m.id.of(m.text), result))
	default:
		a := s.newAnswer(req, &e.child, l)
		sending, settle := context.WithCancel(until) // the next process is to be initialized first
		defer settle()
		defer after.Done(a.sending, settle)()
		a.sending = sending
		a.add(m)
		a.serve(w)
	}
}
