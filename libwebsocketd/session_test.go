package libwebsocketd

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/testkit"
)

// lingering is a side of a conversation without messages, which ends when a test ends it.
type lingering struct {
	ended chan struct{}
	end   func()
}

func newLingering() *lingering {
	l := &lingering{ended: make(chan struct{})}
	l.end = sync.OnceFunc(func() { close(l.ended) })
	return l
}

func (l *lingering) Receive() ([]bridge.Message, error) {
	<-l.ended
	return nil, &bridge.EndedError{}
}

func (l *lingering) Close() error {
	<-l.ended
	return nil
}

func (l *lingering) Send([]bridge.Message) error { return nil }

func (l *lingering) CloseSend(error) error { return nil }

func (l *lingering) Context() context.Context { return context.Background() }

// TestEndIsLogged: the end is logged when the client was sent its close, however long the
// client keeps its half of the connection open.
func TestEndIsLogged(t *testing.T) {
	t.Parallel()
	program, client := newLingering(), newLingering()
	book := new(testkit.LogBook)
	x := &session{program: program, client: client, log: slog.New(book).With("url", "/")}
	over := make(chan struct{})
	go func() {
		defer close(over)
		x.run()
	}()
	program.end()
	testkit.Eventually(t, "CONNECT and DISCONNECT are logged", func() bool { return len(book.Category("session")) == 2 })
	select {
	case <-over:
		t.Error("the client was not waited for")
	default:
	}
	client.end()
	testkit.Within(t, testkit.Patience, "the session is over", func() { <-over })
}
