package exchange

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Ask finds out whether a client that waits for all of its answer at once is still there, once
// it has sent its end: it is sent an interim response then, at once and in every ping interval.
// Before that nothing is sent; see isUndici. The caller must call settle before it writes anything.
func Ask(w http.ResponseWriter, r *http.Request, peer Peer, interval time.Duration) (settle func()) {
	if !takesInterim(r) {
		return func() {}
	}
	q := question{newWriter(w, 2*interval), peer, pauseOf(interval), time.Now(), false}
	ctx, cancel := context.WithCancel(r.Context())
	var busy sync.WaitGroup
	busy.Go(func() {
		tick := time.NewTicker(lookEvery(interval))
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				q.look()
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		busy.Wait()
	}
}

// question is put to a client that may have left.
type question struct {
	out     *writer
	peer    Peer
	pause   time.Duration // between two interim responses
	last    time.Time     // when the last was sent
	closing bool          // the client has sent its end
}

func (q *question) look() {
	closing := q.peer.Closing()
	if asks := closing && (!q.closing || time.Since(q.last) >= q.pause); !asks {
		q.closing = closing
		return
	}
	q.closing, q.last = true, time.Now()
	q.out.interim(http.StatusContinue)
}

// takesInterim reports whether the client of a request takes a response before the answer.
// Every one of HTTP/1.1 takes one it has not asked for (RFC 9110 section 15.2), and 100 is
// the one that all of them know: Python's http.client takes another for the answer.
func takesInterim(r *http.Request) bool { return r.ProtoAtLeast(1, 1) && r.ProtoMajor == 1 }

// isUndici reports whether the client of a request is undici, which is fetch in Node: it takes a 100
// that it has not asked for as the end of the connection. A fetch names its mode, and unlike that of
// a browser not where it is from.
func isUndici(r *http.Request) bool {
	agent, h := r.UserAgent(), r.Header
	return agent == "node" || agent == "undici" || h.Get("Sec-Fetch-Mode") != "" && h.Get("Sec-Fetch-Site") == ""
}
