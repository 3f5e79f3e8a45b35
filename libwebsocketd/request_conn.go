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

// connKey is the key of the connection in the Context of a request.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, asAccepted(c))
}

// acceptedConn returns the connection of a request, nil if Serve has not accepted it.
func acceptedConn(ctx context.Context) *accepted {
	a, _ := ctx.Value(connKey{}).(*accepted)
	return a
}

// connOf returns the connection inside that, for questions to the system; nil if there is
// none.
func connOf(ctx context.Context) net.Conn {
	if a := acceptedConn(ctx); a != nil {
		return a.Conn
	}
	return nil
}

// The pause between two checks of a client that sends nothing more, at first and at last.
const (
	soonLook = 20 * time.Millisecond
	lateLook = time.Second
)

// untilGone returns a context that is done when the client of a request is gone. The one
// of net/http is done as soon as the client has closed its sending half, which after a
// whole request does not mean that it is gone. Where the two cannot be told apart (see
// HungUp) both contexts are the same. The caller must call settle.
func untilGone(r *http.Request) (_ context.Context, settle func()) {
	if r.ProtoMajor != 1 {
		return r.Context(), func() {} // the context of a stream is done only when it is reset
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

// untilClosing returns the request's context, which is also done when the client has sent
// something after the request and then nothing more: net/http stops watching at the first
// byte. The caller must call settle, once ctx is done.
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

// awaitGone returns when the client of ctx is gone, or ctx is done. TCP keep-alive probes
// find a client that is gone without closing.
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

// HungUp reports whether the client is gone, without reading from its connection. It is
// needed while the body of an HTTP/1 request is not read: nothing else shows it then. It
// works on Linux, for connections of Serve; for others it returns false.
func (req *Request) HungUp() bool {
	c := connOf(req.HTTP.Context())
	return c != nil && req.HTTP.ProtoMajor == 1 && socket.Gone(c)
}

// Closing reports whether the client sends nothing more after what is still unread: it is
// gone, or has only closed its sending half. It works where HungUp does. It returns false
// as long as the client's system has data that it cannot send yet.
func (req *Request) Closing() bool {
	c := connOf(req.HTTP.Context())
	if c == nil || req.HTTP.ProtoMajor != 1 {
		return false
	}
	gone, leaving := socket.HungUp(c)
	return gone || leaving
}

// BytesAcked returns a count that grows when the client's system acknowledges output on
// its connection, of which our own system has taken written bytes; known is false where
// that cannot be known (see HungUp). rest reports whether some output is not acknowledged
// yet; it is true where that is not known.
func (req *Request) BytesAcked(written int64) (count int64, rest, known bool) {
	c := connOf(req.HTTP.Context())
	if c == nil {
		return 0, true, false
	}
	rest = req.HTTP.ProtoMajor != 1 || socket.Owed(c) // a stream may be held back though its connection is not
	return socket.Acknowledged(c, written), rest, socket.Known(c)
}

// SinceAcked returns how long ago the client's system acknowledged anything on its connection; 0
// where that cannot be known (see HungUp).
func (req *Request) SinceAcked() time.Duration {
	c := connOf(req.HTTP.Context())
	if c == nil {
		return 0
	}
	return socket.SinceAcknowledged(c)
}
