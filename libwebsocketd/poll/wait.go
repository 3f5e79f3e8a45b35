package poll

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/internal/text"
)

const (
	// mostWait is as long as an answer waits for something to say.
	mostWait = 5 * time.Minute

	// leastWait is for finding out what there is: an endpoint that is closed before
	// it was asked says nothing.
	leastWait = 50 * time.Millisecond
)

// oneAnswer is why a process that lives as long as its connection cannot be asked for
// piece by piece.
var oneAnswer = &gate.Refusal{Status: http.StatusNotAcceptable,
	Reason: "wait= is for a program that outlives the answer (--shared); ask with Accept: text/event-stream"}

// answer is what a long-poll gets.
type answer struct {
	Epoch   string  `json:"epoch"`
	Pending []entry `json:"pending"`
	Ended   *ending `json:"ended"` // nothing follows Pending, which is empty then
	cause   error   // of Ended
}

// entry is a message, or what stands between two.
type entry struct {
	Seq     uint64  `json:"seq,omitempty"`
	Data    *string `json:"data,omitempty"`
	Base64  *string `json:"base64,omitempty"`
	Gap     *gap    `json:"gap,omitempty"`
	Restart string  `json:"restart,omitempty"`
}

// serveWait answers a GET with what has been said behind after=, as soon as there is
// something.
func serveWait(w http.ResponseWriter, req *libwebsocketd.Request) {
	query := req.HTTP.URL.Query()
	limit, refusal := readWait(query)
	if refusal == nil && req.Program().Lifetime == nil {
		refusal = oneAnswer
	}
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	program, refusal := req.Open(libwebsocketd.Attach{MayStart: isFresh(req.HTTP, query), Polling: true, OutOfBand: true})
	if refusal != nil {
		req.Refuse(w, refusal)
		return
	}
	defer program.Close()
	many, ok := program.(libwebsocketd.Broadcast)
	if !ok {
		req.Refuse(w, oneAnswer)
		return
	}
	answering := exchange.Ask(w, req.HTTP, req, req.Program().PingInterval)
	a := ask(req.HTTP.Context(), req.Context(), many, limit)
	answering()
	req.Log().Log(context.Background(), libwebsocketd.LevelTrace, "POLL", libwebsocketd.CategoryKey, "http", "entries", len(a.Pending))
	written := a.write(w, req)
	if asks, ok := many.(libwebsocketd.Confirmer); ok && written && libwebsocketd.IsEnd(a.cause) && awaitTaken(req) {
		asks.ConfirmEnd()
	}
}

// awaitTaken waits until the client has taken its answer, as far as that can be known, and
// reports whether it has.
func awaitTaken(req *libwebsocketd.Request) bool {
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil)
	defer after.Done(req.HTTP.Context(), func() { cancel(context.Cause(req.HTTP.Context())) })()
	took := func() bool { return exchange.TookAll(req.HTTP, req) }
	return exchange.AwaitTaken(ctx, took, 2*cmp.Or(max(req.Program().PingInterval, 0), libwebsocketd.DefaultPingInterval))
}

// isFresh reports whether a client has seen nothing so far, so that a process may be
// started for it.
func isFresh(r *http.Request, query url.Values) bool {
	after := query.Get("after")
	return libwebsocketd.LastEventID(r) == "" && (after == "" || after == "0")
}

// readWait returns how long a client wants to wait.
func readWait(query url.Values) (time.Duration, *gate.Refusal) {
	value := query.Get("wait")
	wait, err := time.ParseDuration(value)
	if err != nil || wait < 0 {
		return 0, &gate.Refusal{Status: http.StatusBadRequest, Reason: "wait=" + text.Quote(value) + " is not a duration from 0s on, such as 30s"}
	}
	return min(max(wait, leastWait), mostWait), nil
}

// ask returns what a program says at once, or that it has said nothing in time. Nothing
// that it has handed out is left out: it is asked once.
func ask(client, going context.Context, program libwebsocketd.Broadcast, limit time.Duration) answer {
	ctx, cancel := context.WithTimeout(client, limit)
	defer cancel()
	defer after.Done(going, cancel)()
	settle := after.Close(ctx, program)
	deliveries, err := program.Deliveries()
	gaveUp := ctx.Err() != nil
	settle()

	a := answer{Epoch: program.Epoch(), Pending: []entry{}}
	for i := range deliveries {
		a.add(&deliveries[i])
	}
	switch {
	case err == nil, goesOn(err): // the client asks again
	case going.Err() != nil:
		a.end(libwebsocketd.ErrGoingAway)
	case !gaveUp || isEnding(err):
		a.end(err)
	}
	return a
}

// isEnding reports whether err says how a program ended, and not only that its
// client did not wait.
func isEnding(err error) bool {
	var ended *libwebsocketd.EndedError
	var told *libwebsocketd.CloseWith
	return errors.As(err, &ended) || errors.As(err, &told)
}

func (a *answer) end(cause error) {
	e := endingOf(cause)
	a.Ended, a.cause = &e, cause
}

func (a *answer) add(d *libwebsocketd.Delivery) {
	switch {
	case d.Chunk != nil:
		number := d.First + uint64(d.Skip)
		for m := range d.Chunk.Messages(d.Skip) {
			a.Pending = append(a.Pending, entryOf(number, &m))
			number++
		}
	case d.Note.Said != "":
		a.Pending = append(a.Pending, entry{Data: &d.Note.Said})
	case d.Note.Restarted != "":
		a.Pending = append(a.Pending, entry{Restart: d.Note.Restarted})
	default:
		a.Pending = append(a.Pending, entry{Gap: &gap{d.Note.From, d.Note.To}})
	}
}

func entryOf(number uint64, m *libwebsocketd.Message) entry {
	if m.Kind == libwebsocketd.Binary {
		text := base64.StdEncoding.EncodeToString(m.Data)
		return entry{Seq: number, Base64: &text}
	}
	text := string(m.Data)
	return entry{Seq: number, Data: &text}
}

// write sends the answer, to a client that takes some of it in every two ping intervals. It
// reports whether there was memory for it; a client that is refused asks again.
func (a *answer) write(w http.ResponseWriter, req *libwebsocketd.Request) bool {
	body := append(encode(a), '\n')
	a.Pending = nil // the client may take hours
	free, refusal := req.HoldAnswer(len(body))
	if refusal != nil {
		req.Refuse(w, refusal)
		return false
	}
	defer free()
	h := w.Header()
	suggest(h, "Content-Type", "application/json", "Cache-Control", "no-store", "X-Content-Type-Options", "nosniff")
	body, free = req.Gzip().Shrink(h, req.HTTP, body)
	defer free()
	suggest(h, "Content-Length", strconv.Itoa(len(body)))
	if exchange.WriteAll(w, body, req.Program().PingInterval) != nil {
		panic(http.ErrAbortHandler) // what was cut does not end as a whole one does
	}
	return true
}
