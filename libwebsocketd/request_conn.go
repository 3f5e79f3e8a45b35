package libwebsocketd

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"websocketd/libwebsocketd/internal/after"
	"websocketd/libwebsocketd/internal/socket"
)

// connKey is where the Context of a request has its connection.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, asAccepted(c))
}

// acceptedConn returns the connection of a request, nil if it is not one of Serve's.
func acceptedConn(ctx context.Context) *accepted {
	a, _ := ctx.Value(connKey{}).(*accepted)
	return a
}

// connOf returns the connection under that, to look at; nil if there is none.
func connOf(ctx context.Context) net.Conn {
	if a := acceptedConn(ctx); a != nil {
		return a.Conn
	}
	return nil
}

// How often a client is looked at that sends nothing more, at first and at last.
const (
	soonLook = 20 * time.Millisecond
	lateLook = time.Second
)

// untilGone returns a context that is done when the client of a request is gone.
// That of net/http is done as soon as the client has closed its sending half, which
// is no leaving behind a whole request. Where nobody can tell the two apart (see Left)
// they are the same. settle is to be called at the end.
func untilGone(r *http.Request) (_ context.Context, settle func()) {
	if r.ProtoMajor != 1 {
		return r.Context(), func() {} // a stream is not done before it is reset
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	closing, settleClosing := untilClosing(ctx, r)
	settleGone := after.Done(closing, func() {
		defer cancel()
		awaitGone(ctx)
	})
	return ctx, func() {
		cancel() // awaitGone returns
		settleGone()
		settleClosing()
	}
}

// untilClosing returns the request's context, which is also done when the client sends
// nothing more behind something that has come after the request: net/http stops looking
// then. settle is to be called when ctx is done.
func untilClosing(ctx context.Context, r *http.Request) (closing context.Context, settle func()) {
	c := connOf(ctx)
	if c == nil || !socket.CanLook {
		return r.Context(), func() {}
	}
	closing, done := context.WithCancel(r.Context())
	var timer *time.Timer
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(lateLook, func() {
		mu.Lock()
		defer mu.Unlock()
		if gone, leaving := socket.HungUp(c); gone || leaving || ctx.Err() != nil {
			done()
			return
		}
		timer.Reset(lateLook)
	})
	return closing, func() {
		mu.Lock()
		defer mu.Unlock()
		timer.Stop()
		done()
	}
}

// awaitGone returns when the client of ctx is gone, or ctx is done. The server's
// keep-alive probes find one that is gone without a word.
func awaitGone(ctx context.Context) {
	c := connOf(ctx)
	if c == nil || !socket.CanLook {
		return
	}
	for pause := soonLook; !socket.Gone(c); pause = min(2*pause, lateLook) {
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

// HungUp looks whether the client is gone, without reading from its connection. It is
// for while the body of an HTTP/1 request is not read, when nothing else tells. It can
// tell on Linux, of the connections of Serve; of others it says false.
func (req *Request) HungUp() bool {
	c := connOf(req.HTTP.Context())
	return c != nil && req.HTTP.ProtoMajor == 1 && socket.Gone(c)
}

// Closing looks whether the client sends nothing more after what is still unread: it is
// gone, or has only closed its sending half. It can tell when Left can. It does not see
// the end after what the client's system could not send yet.
func (req *Request) Closing() bool {
	c := connOf(req.HTTP.Context())
	if c == nil || req.HTTP.ProtoMajor != 1 {
		return false
	}
	gone, leaving := socket.HungUp(c)
	return gone || leaving
}

// BytesAcked is a count that grows when the client's system takes some of what was sent
// on its connection; ok is false where that cannot be known (see Left). rest says that
// some of it is not taken yet, as far as that is known.
func (req *Request) BytesAcked() (count int64, rest, ok bool) {
	c := connOf(req.HTTP.Context())
	if c == nil {
		return 0, true, false
	}
	count = socket.Acknowledged(c, 0)
	rest = req.HTTP.ProtoMajor != 1 || socket.Owed(c) // a stream may be held back, and its connection not
	return count, rest, count != 0                    // on a TCP connection the answer's header was taken long ago
}
