package exchange

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Ask finds out whether a client that waits for all of its answer at once is still there.
// One that has sent its end is sent an interim response, at once and then in every ping
// interval. One that sends a body may have left though its end has not come: it is asked in
// pauses that double. The caller must call settle before it writes anything.
func Ask(w http.ResponseWriter, r *http.Request, peer Peer, interval time.Duration) (settle func()) {
	return ask(w, r, peer, interval, r.ContentLength != 0)
}

// AskRead does what Ask does for a request whose body was read to its end: that of the client is
// seen when it comes. Before it nothing is sent, because a client may take an interim response
// that it has not asked for as the end of the connection; undici, which is fetch in Node, does.
func AskRead(w http.ResponseWriter, r *http.Request, peer Peer, interval time.Duration) (settle func()) {
	return ask(w, r, peer, interval, false)
}

func ask(w http.ResponseWriter, r *http.Request, peer Peer, interval time.Duration, sends bool) (settle func()) {
	if !takesInterim(r) {
		return func() {}
	}
	q := question{newWriter(w, 2*interval), peer, sends, pauseOf(interval), time.Now(), false}
	ctx, cancel := context.WithCancel(r.Context())
	var busy sync.WaitGroup
	busy.Go(func() {
		tick := time.NewTicker(lookEvery(interval))
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				q.look(interval)
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
	sends   bool          // a body
	pause   time.Duration // between two interim responses
	last    time.Time     // when the last was sent
	closing bool          // the client has sent its end
}

func (q *question) look(interval time.Duration) {
	closing := q.peer.Closing()
	switch due := time.Since(q.last) >= q.pause; {
	case closing && (due || !q.closing):
		q.pause = pauseOf(interval)
	case due && q.sends:
		q.pause *= 2
	default:
		return
	}
	q.closing, q.last = closing, time.Now()
	q.out.interim(http.StatusContinue)
}

// takesInterim reports whether the client of a request takes a response before the answer.
// Every one of HTTP/1.1 takes one it has not asked for (RFC 9110 section 15.2), and 100 is
// the one that all of them know: Python's http.client takes another for the answer.
func takesInterim(r *http.Request) bool { return r.ProtoAtLeast(1, 1) && r.ProtoMajor == 1 }
