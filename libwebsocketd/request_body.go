package libwebsocketd

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/ws"
)

// smallBody is what any client may have sent.
const smallBody = 4 << 10

// noMemoryNow refuses a body for which there is no memory.
var noMemoryNow = &gate.Refusal{Status: http.StatusTooManyRequests, Kind: gate.KindMemory, Reason: errNoMemory.Error(), RetryAfter: 1}

// mostBody bounds a body where the settings have no limit: it is held.
const mostBody = 64 * DefaultMaxFrameSize

// slowBody has the status of a body that has stalled.
var slowBody = newRefusal(http.StatusRequestTimeout, ws.ErrTooSlow.Error())

// ReadBody returns the whole body of the request, as far as there is memory for it, until the
// server goes away. It has at most most bytes; 0 is MaxFrameSize. The client's time begins
// anew with every piece. If there is no such body, ReadBody answers the request with a
// refusal, and returns false. The caller must call free when it holds nothing of data any
// more.
func (req *Request) ReadBody(w http.ResponseWriter, most int64) (data []byte, free func(), ok bool) {
	data, memory, ok := req.takeBody(w, most, false)
	if !ok {
		return nil, nil, false
	}
	return data, memory.Free, true
}

// ReadBodyNow does as ReadBody does, but where there is no memory now it answers with 429. The
// caller must free what accounts for data.
func (req *Request) ReadBodyNow(w http.ResponseWriter, most int64) (data []byte, memory *Memory, ok bool) {
	return req.takeBody(w, most, true)
}

func (req *Request) takeBody(w http.ResponseWriter, most int64, now bool) ([]byte, *Memory, bool) {
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil)
	memory := req.Memory(func() { cancel(ws.ErrTooSlow) })
	memory.now = now
	data, refusal := req.readBody(ctx, w, most, memory)
	if refusal == nil {
		return data, memory, true
	}
	memory.Free()
	req.Refuse(w, refusal)
	if refusal == gate.GoingAway || refusal.Status == http.StatusRequestTimeout { // nothing more is expected of it
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(exchange.DrainPause))
	}
	return nil, nil, false
}

func (req *Request) readBody(ctx context.Context, w http.ResponseWriter, most int64, memory *Memory) ([]byte, *gate.Refusal) {
	limit, tooLarge := req.bodyLimit(most)
	if req.HTTP.ContentLength > limit {
		return nil, tooLarge
	}
	rc := http.NewResponseController(w)
	defer rc.SetReadDeadline(time.Time{})
	defer after.Done(ctx, func() { rc.SetReadDeadline(exchange.Past) })()
	data, err := readToEnd(&patient{io.LimitReader(req.HTTP.Body, limit+1), rc, ctx, 2 * req.Settings().PingInterval}, memory.Afford)
	memory.Whole()
	switch {
	case req.Context().Err() != nil:
		return nil, gate.GoingAway
	case err != nil && ctx.Err() != nil:
		return nil, slowBody
	case err == errNoMemory:
		return nil, noMemoryNow
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, newRefusal(http.StatusRequestTimeout, "the body of the request has stalled for two ping intervals")
	case err != nil:
		return nil, newRefusal(http.StatusBadRequest, "the body of the request broke off")
	case int64(len(data)) > limit:
		return nil, tooLarge
	}
	return data, nil
}

// bodyLimit returns how many bytes a body may have, and the refusal of one with more. One
// byte more is read, to see whether there is one.
func (req *Request) bodyLimit(most int64) (limit int64, tooLarge *gate.Refusal) {
	way := ""
	if limit = most; most == 0 {
		limit, way = req.Settings().MaxFrameSize, " (see --maxframesize)"
	}
	if limit < 0 {
		limit = mostBody
	}
	limit = min(limit, math.MaxInt64-1)
	return limit, newRefusal(http.StatusRequestEntityTooLarge, "a message may have "+strconv.FormatInt(limit, 10)+" bytes"+way)
}

// readToEnd does what io.ReadAll does, and asks before it reads more than a small message.
func readToEnd(r io.Reader, afford func(int) error) (data []byte, err error) {
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
