package poll

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
)

// smallBody is what any client may have sent.
const smallBody = 4 << 10

// mostBody bounds a message where the program has no limit: it is held.
const mostBody = 64 * libwebsocketd.DefaultMaxFrameSize

// tooSlow has the status of a body that has stalled.
var tooSlow = &gate.Refusal{Status: http.StatusRequestTimeout, Reason: libwebsocketd.ErrTooSlow.Error()}

// serveMessage takes the body of a POST to a program that is not the client's alone,
// as one message.
func serveMessage(w http.ResponseWriter, req *libwebsocketd.Request) {
	asked := exchange.Ask(w, req.HTTP, req, req.Program().PingInterval)
	refusal := req.AwaitTurn()
	asked()
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil)
	memory := req.Memory(func() { cancel(libwebsocketd.ErrTooSlow) })
	defer memory.Free()
	data, refusal := readWhole(ctx, w, req, memory)
	var m libwebsocketd.Message
	if refusal == nil {
		m, refusal = messageOf(req.Program(), data)
	}
	if refusal != nil {
		req.Refuse(w, refusal)
		if refusal == gate.GoingAway || refusal.Status == http.StatusRequestTimeout { // nothing more is expected of it
			http.NewResponseController(w).SetReadDeadline(time.Now().Add(exchange.DrainPause))
		}
		return
	}
	program, refusal := req.Open(libwebsocketd.Attach{MayStart: true, SendOnly: true, Polling: true})
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	asked = exchange.Ask(w, req.HTTP, req, req.Program().PingInterval)
	err := give(req, program, m)
	asked()
	if err != nil {
		req.Refuse(w, notTaken(req, err))
		return
	}
	req.Log().Log(context.Background(), libwebsocketd.LevelAccess, "MESSAGE", libwebsocketd.CategoryKey, "http", "bytes", len(m.Data))
	w.WriteHeader(http.StatusNoContent)
}

// give sends a message and leaves. A client that leaves itself, or a server that goes
// away, gives up.
func give(req *libwebsocketd.Request, program libwebsocketd.Endpoint, m libwebsocketd.Message) error {
	left := after.Close(req.HTTP.Context(), program)
	going := after.Close(req.Context(), program)
	err := program.Send([]libwebsocketd.Message{m})
	left()
	going()
	program.Close()
	return err
}

// readWhole reads a body of at most the size of a message, as far as there is memory
// for it, until ctx is done. The client's time for it begins anew with every piece.
func readWhole(ctx context.Context, w http.ResponseWriter, req *libwebsocketd.Request, memory *libwebsocketd.Memory) ([]byte, *gate.Refusal) {
	limit := req.Program().MaxFrameSize
	if limit < 0 {
		limit = mostBody
	}
	limit = min(limit, math.MaxInt64-1) // one byte more is read, to see whether there is one
	if req.HTTP.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	rc := http.NewResponseController(w)
	defer rc.SetReadDeadline(time.Time{})
	defer after.Done(ctx, func() { rc.SetReadDeadline(exchange.Past) })()
	data, err := readAll(&patient{io.LimitReader(req.HTTP.Body, limit+1), rc, ctx, 2 * req.Program().PingInterval}, memory.Afford)
	memory.Whole()
	switch {
	case req.Context().Err() != nil:
		return nil, gate.GoingAway
	case err != nil && ctx.Err() != nil:
		return nil, tooSlow
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &gate.Refusal{Status: http.StatusRequestTimeout, Reason: "the body of the request has stalled for two ping intervals"}
	case err != nil:
		return nil, &gate.Refusal{Status: http.StatusBadRequest, Reason: "the body of the request broke off"}
	case int64(len(data)) > limit:
		return nil, tooLarge(limit)
	}
	return data, nil
}

// readAll does what io.ReadAll does, and asks before it reads more than a small message.
func readAll(r io.Reader, afford func(int) error) (data []byte, err error) {
	data = make([]byte, 0, 512)
	for err == nil {
		if len(data) >= smallBody {
			err = afford(len(data))
		}
		if err == nil {
			if len(data) == cap(data) {
				data = slices.Grow(data, len(data))
			}
			var n int
			n, err = r.Read(data[len(data):cap(data)])
			data = data[:len(data)+n]
		}
	}
	if err == io.EOF {
		err = nil
	}
	return data, err
}

func tooLarge(limit int64) *gate.Refusal {
	return &gate.Refusal{Status: http.StatusRequestEntityTooLarge,
		Reason: "a message may have " + strconv.FormatInt(limit, 10) + " bytes (see --maxframesize)"}
}

// patient reads from a client that may take so long for a piece, until ctx is done.
type patient struct {
	io.Reader
	rc       *http.ResponseController
	ctx      context.Context
	patience time.Duration
}

// Read looks at ctx when the deadline is set: it may be set elsewhere at the same
// time.
func (p *patient) Read(b []byte) (int, error) {
	if p.patience > 0 {
		p.rc.SetReadDeadline(time.Now().Add(p.patience))
	}
	if p.ctx.Err() != nil {
		p.rc.SetReadDeadline(exchange.Past)
	}
	return p.Reader.Read(b)
}

// messageOf returns the body as a message. It leaves out the newline at the end of a line,
// which programs that print lines put there.
func messageOf(p *libwebsocketd.Program, data []byte) (libwebsocketd.Message, *gate.Refusal) {
	if p.Lines() {
		if text, ok := bytes.CutSuffix(data, []byte{'\n'}); ok {
			data = bytes.TrimSuffix(text, []byte{'\r'})
		}
	}
	kind, takes := libwebsocketd.Text, p.Takes()
	switch {
	case takes == libwebsocketd.Binary:
		kind = libwebsocketd.Binary
	case utf8.Valid(data):
	case takes == libwebsocketd.Text:
		return libwebsocketd.Message{}, &gate.Refusal{Status: http.StatusBadRequest, Reason: "the message is not UTF-8, and this program takes text (see --binary)"}
	default:
		kind = libwebsocketd.Binary
	}
	return libwebsocketd.Message{Kind: kind, Data: data}, nil
}

// notTaken returns why a program has not taken a message.
func notTaken(req *libwebsocketd.Request, err error) *gate.Refusal {
	code, reason := libwebsocketd.Closing(err)
	switch {
	case req.Context().Err() != nil:
		return gate.GoingAway
	case code == libwebsocketd.CloseUnsupportedData, code == libwebsocketd.CloseInvalidPayload, code == libwebsocketd.ClosePolicyViolation:
		return &gate.Refusal{Status: http.StatusBadRequest, Reason: reason}
	case code == libwebsocketd.CloseMessageTooBig:
		return &gate.Refusal{Status: http.StatusRequestEntityTooLarge, Reason: reason}
	case libwebsocketd.IsEnd(err):
		return &gate.Refusal{Status: http.StatusGone, Reason: "the program has ended: " + reason}
	case code == libwebsocketd.CloseServiceRestart, code == libwebsocketd.CloseTryAgainLater:
		return &gate.Refusal{Status: http.StatusServiceUnavailable, Reason: reason, RetryAfter: 1}
	}
	return &gate.Refusal{Status: http.StatusServiceUnavailable, RetryAfter: 1,
		Reason: "the program has not taken the message: it has ended, or takes no input any more"}
}
