package client

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// stream is a connection by plain HTTP: server-sent events (HTML section 9.2), and a POST
// for each message.
type stream struct {
	c      *Conn
	link   *link
	ctx    context.Context // of the events
	cancel context.CancelCauseFunc
	body   io.Closer
	lines  *bufio.Reader
	heard  atomic.Int64 // how often something has come
	parts  atomic.Int64 // of lines that are long
	number atomic.Uint64
	batch  [1]bridge.Message
}

var (
	errSilent   = errors.New("the server has been silent for two ping intervals")
	errBehind   = errors.New("messages of the program do not come through")
	errNoEvents = fmt.Errorf("the server has sent no events within %s", askWait)
	errGoOver   = errors.New("a WebSocket takes the place of plain HTTP")
	errTryAgain = errors.New("a WebSocket is tried again")
)

// openStream asks for events after a position.
func (c *Conn) openStream(ctx context.Context, after position) (*link, error) {
	life, cancel := context.WithCancelCause(ctx)
	slow := time.AfterFunc(askWait, func() { cancel(errNoEvents) })
	resp, err := c.request(life, http.MethodGet, url.Values{"after": {after.String()}}, "text/event-stream", nil)
	slow.Stop()
	if err == nil && resp.StatusCode != http.StatusOK {
		err = ws.ReadRefusal(resp)
	}
	if err != nil {
		cancel(err)
		return nil, err
	}
	s := newStream(c, resp.Body, after)
	s.ctx, s.cancel = life, cancel
	if c.o.PingInterval > 0 {
		c.work.Go(s.watch)
	}
	return s.link, nil
}

// newStream returns a stream whose events are read from body.
func newStream(c *Conn, body io.ReadCloser, after position) *stream {
	s := &stream{c: c, body: body}
	s.ctx, s.cancel = context.WithCancelCause(c.ctx)
	s.lines = bufio.NewReaderSize(&hearing{body, &s.heard}, 32<<10)
	s.number.Store(after.number)
	s.link = &link{carrier: s, via: HTTP, counts: true, at: after.number}
	return s
}

// hearing counts reads that have brought something.
type hearing struct {
	io.Reader
	heard *atomic.Int64
}

// Read implements [io.Reader].
func (h *hearing) Read(b []byte) (int, error) {
	n, err := h.Reader.Read(b)
	if n > 0 {
		h.heard.Add(1)
	}
	return n, err
}

// Receive returns the next message.
func (s *stream) Receive() ([]bridge.Message, error) {
	for {
		e, err := s.event()
		if err != nil {
			return nil, s.broken(err)
		}
		m, err := s.take(e)
		if err != nil {
			return nil, err
		}
		if m != nil {
			s.batch[0] = *m
			return s.batch[:], nil
		}
	}
}

// ReceiveEach calls each with every message, and returns the error of Receive.
func (s *stream) ReceiveEach(each func([]bridge.Message)) error {
	for {
		batch, err := s.Receive()
		if err != nil {
			return err
		}
		each(batch)
	}
}

// Parts returns a number that grows while a long message comes.
func (s *stream) Parts() int64 { return s.parts.Load() }

// broken returns why the stream has ended without an event that says so.
func (s *stream) broken(err error) error {
	if cause := context.Cause(s.ctx); cause != nil {
		return cause
	}
	if errors.As(err, new(*bridge.RefusedError)) {
		return err
	}
	return &bridge.CloseError{Code: bridge.CloseAbnormal}
}

// event is one event of the stream.
type event struct {
	id, kind string
	data     []byte
	some     bool // it has data
}

// event reads the next event. One without data is none.
func (s *stream) event() (e event, err error) {
	for {
		line, err := s.line()
		if err != nil {
			return e, err
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "" && e.some:
			return e, nil
		case line == "":
			e = event{}
		case name == "id":
			e.id = value
		case name == "event":
			e.kind = value
		case name == "data":
			if e.some {
				e.data = append(e.data, '\n')
			}
			e.data, e.some = append(e.data, value...), true
			if err := s.check(len(e.data)); err != nil {
				return e, err
			}
		}
	}
}

// line reads one line.
func (s *stream) line() (string, error) {
	var long []byte
	for {
		part, err := s.lines.ReadSlice('\n')
		if err == nil && long == nil {
			return string(part[:len(part)-1]), nil
		}
		if long = append(long, part...); err == nil {
			return string(long[:len(long)-1]), nil
		}
		if err != bufio.ErrBufferFull {
			return "", err
		}
		s.parts.Add(1)
		if err := s.check(len(long)); err != nil {
			return "", err
		}
	}
}

// escaped is how many bytes of JSON a byte of a message may need.
const escaped = 6

// check refuses an event that is too long for any message.
func (s *stream) check(size int) error {
	if limit := s.c.o.MaxMessage; int64(size) > escaped*limit {
		return tooLarge(limit)
	}
	return nil
}

func tooLarge(limit int64) error {
	return &bridge.RefusedError{Code: bridge.CloseMessageTooBig, Reason: fmt.Sprintf("message over %d bytes", limit)}
}

// take returns the message of an event, nil if it has none; the end is an error.
func (s *stream) take(e event) (*bridge.Message, error) {
	m := &bridge.Message{Kind: bridge.Text, Data: e.data}
	var err error
	switch e.kind {
	case "", "message":
	case "json":
		var text string
		err = json.Unmarshal(e.data, &text)
		m.Data = []byte(text)
	case "base64":
		m.Kind = bridge.Binary
		m.Data, err = base64.StdEncoding.DecodeString(string(e.data))
	case "end":
		var told bridge.CloseWith
		if err = json.Unmarshal(e.data, &told); err == nil {
			err = &told
		}
		return nil, err
	default: // a gap shows in the numbers, a restart in nothing
		return nil, nil
	}
	if err == nil && int64(len(m.Data)) > s.c.o.MaxMessage {
		err = tooLarge(s.c.o.MaxMessage)
	}
	_, number, _ := strings.Cut(e.id, ":")
	n, failed := strconv.ParseUint(number, 10, 64)
	if err = errors.Join(err, failed); err != nil || n == 0 {
		return nil, errors.Join(err, errors.New("an event without a number"))
	}
	s.number.Store(n)
	s.link.at = n - 1
	return m, nil
}

// SendContext sends each message in a request of its own, after the one before was taken. Its
// error is that of outcome.
func (s *stream) SendContext(ctx context.Context, batch []bridge.Message) error {
	life, cancel := context.WithCancelCause(s.c.postContext())
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })()
	for _, m := range batch {
		if err := s.c.post(life, m); err != nil {
			return outcome(life, err)
		}
	}
	return nil
}

// CloseSend leaves. A process that others share, or a session, goes on by its own rules.
func (s *stream) CloseSend(error) error {
	s.cancel(&bridge.CloseError{Code: bridge.CloseAbnormal})
	return nil
}

// Close ends the stream, but not a message that is on its way: it is taken though a
// WebSocket takes over.
func (s *stream) Close() error {
	s.cancel(&bridge.CloseError{Code: bridge.CloseAbnormal})
	return s.body.Close()
}

// watch ends the stream if the server is gone, or its messages do not come through: who
// hears nothing for a ping interval asks for the program's state.
func (s *stream) watch() {
	behind, heard := 0, s.heard.Load()
	for sleep(s.ctx, s.c.o.PingInterval) == nil {
		if now := s.heard.Load(); now != heard {
			heard, behind = now, 0
			continue
		}
		at := s.number.Load()
		now, err := s.c.ask(s.ctx)
		switch {
		case errors.As(err, new(*ws.Refusal)): // it is there
		case err != nil:
			s.cancel(errSilent)
		case now.Last > at && s.number.Load() == at:
			if behind++; behind == 2 {
				s.cancel(errBehind)
			}
		}
	}
}
