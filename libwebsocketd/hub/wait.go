package hub

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/record"
)

const (
	// mostWait is as long as an answer waits for something to say.
	mostWait = 5 * time.Minute
	// mostPending and mostAnswer bound the envelopes of an answer, and their bytes.
	mostPending = 1000
	mostAnswer  = 1 << 20
	// mostAnswering bounds the bytes of all answers that are being written.
	mostAnswering = 64 << 20
)

// Why a request is not answered.
var (
	errMethod  = errors.New("only GET, or POST where the server takes messages for the channel")
	errAnswers = errors.New("too many answers are being written")
)

// answer is what a long-poll gets.
type answer struct {
	recovered bool   // nothing is missing between the client's position and pending
	pending   []byte // envelopes, with commas between them
	count     int
	next      uint64 // the last of them
	more      bool   // there are more at once
}

// serveWait answers with what there is after a position, as soon as there is something.
func (h *Hub) serveWait(w http.ResponseWriter, r *http.Request, v *visit) {
	limit, err := readWait(r.URL.Query())
	if err != nil {
		h.deny(w, r, err, http.StatusBadRequest)
		return
	}
	body := v.ask(r.Context(), limit).encode(v.channel.record.Epoch())
	size := int64(len(body))
	defer h.answering.Add(-size)
	if h.answering.Add(size) > mostAnswering+size {
		h.deny(w, r, errAnswers, http.StatusServiceUnavailable)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if exchange.WriteAll(w, body, max(h.PingInterval, 0)) != nil {
		panic(http.ErrAbortHandler) // what was cut does not end as a whole one does
	}
}

// readWait returns how long a client wants to wait.
func readWait(query url.Values) (time.Duration, error) {
	value := query.Get("wait")
	if value == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(value)
	if err != nil || wait < 0 {
		return 0, errors.New("wait=" + text.Quote(value) + " is not a duration from 0s on, such as 30s")
	}
	return min(wait, mostWait), nil
}

// ask returns what there is, or nothing after limit, or when the client leaves or Run ends.
func (v *visit) ask(client context.Context, limit time.Duration) *answer {
	ctx, cancel := context.WithTimeout(client, limit)
	defer cancel()
	defer after.Done(v.going, cancel)()
	a, from := v.begin()
	reader := v.channel.record.From(from)
	reader.TakeAtMost(mostLines, mostBytes)
	into := make([]record.Entry[*item], 0, 1)
	for {
		entries, err := reader.Next(ctx, into)
		if gone := new(record.GoneError); errors.As(err, &gone) && a.count == 0 {
			a.recovered, a.next = false, gone.First-1
			reader = v.channel.record.From(gone.First - 1)
			continue
		} else if err != nil {
			a.more = gone.First > 0
			return a
		}
		ctx = noWait
		if !a.add(v.channel, &entries[0]) {
			return a
		}
	}
}

// begin returns an answer without envelopes, and the message after which they come. A client
// without a position gets all that is kept.
func (v *visit) begin() (*answer, uint64) {
	v.channel.expire(time.Now())
	first, last := v.channel.record.Kept()
	from, recovered := first-1, first == 1
	if v.after != nil {
		from, recovered = v.channel.resume(*v.after, first, last)
	}
	return &answer{recovered: recovered, next: from}, from
}

// add adds an entry, and reports whether there is room for more.
func (a *answer) add(ch *Channel, e *record.Entry[*item]) bool {
	chunk := e.Item.frames(ch, e.First)
	if a.more = chunk == nil; a.more { // whoever asks again is told what is kept
		return false
	}
	for m := range chunk.Messages(e.Skip) {
		if a.more = a.count > 0 && (a.count == mostPending || len(a.pending)+len(m.Data) > mostAnswer); a.more {
			return false
		}
		if a.count++; a.count > 1 {
			a.pending = append(a.pending, ',')
		}
		a.pending = append(a.pending, m.Data...)
		a.next++
	}
	return true
}

func (a *answer) encode(epoch string) []byte {
	b := make([]byte, 0, len(a.pending)+256)
	b = append(append(b, `{"epoch":`...), quote(epoch)...)
	b = strconv.AppendBool(append(b, `,"recovered":`...), a.recovered)
	b = append(append(b, `,"pending":[`...), a.pending...)
	b = append(append(b, `],"next":"`...), record.Position{Epoch: epoch, Number: a.next}.String()...)
	return append(strconv.AppendBool(append(b, `","more":`...), a.more), "}\n"...)
}
