package record

import (
	"context"
	"errors"
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes rapid try more than its 100 cases, unless a flag sets the number.
func TestMain(m *testing.M) {
	flag.Set("rapid.checks", "2000")
	goleak.VerifyTestMain(m)
}

var errGivenUp = errors.New("given up")

// done is a canceled context, with which nothing waits.
var done = func() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errGivenUp)
	return ctx
}()

// appendAll appends items of the given numbers of messages, each of one byte. An item
// is the number of its first message.
func appendAll(t *testing.T, l *Log[uint64], messages ...int) {
	t.Helper()
	for _, n := range messages {
		_, last := l.Kept()
		if err := l.Append(done, last+1, n, n); err != nil {
			t.Fatalf("Append of %d behind message %d: %v", n, last, err)
		}
	}
}
