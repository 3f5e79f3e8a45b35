package record

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// later calls f elsewhere, and returns what it has returned so far, when all
// others wait: "waiting" as long as it has not.
func later(f func() string) (state func() string) {
	result := make(chan string, 1)
	go func() { result <- f() }()
	got := "waiting"
	return func() string {
		synctest.Wait()
		select {
		case got = <-result:
		default:
		}
		return got
	}
}

func next(ctx context.Context, r *Reader[uint64]) func() string {
	return later(func() string { return described(r.Next(ctx, make([]Entry[uint64], 9))) })
}

func appending(ctx context.Context, l *Log[uint64], messages int) func() string {
	return later(func() string {
		if err := l.Append(ctx, 0, messages, messages); err != nil {
			return err.Error()
		}
		return "appended"
	})
}

func expect(t *testing.T, what string, state func() string, want string) {
	t.Helper()
	if got := state(); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func TestNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New[uint64](Limits{})
		first, same := next(t.Context(), l.From(0)), next(t.Context(), l.From(0))
		second, fifth := next(t.Context(), l.From(1)), next(t.Context(), l.From(4))
		expect(t, "before anything", first, "waiting")
		appendAll(t, l, 1)
		expect(t, "the first message", first, "1+1")
		expect(t, "for another reader", same, "1+1")
		expect(t, "the second", second, "waiting")
		appendAll(t, l, 2)
		expect(t, "then", second, "2+2")
		expect(t, "the fifth", fifth, "waiting")
		appendAll(t, l, 0)
		expect(t, "after a remark before it", fifth, "waiting")
		appendAll(t, l, 3)
		expect(t, "the fifth, in an item", fifth, "4+3-1")
	})
}

func TestNextIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New[uint64](Limits{})
		r := l.From(0)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("no news"))
		defer cancel()
		state := next(ctx, r)
		expect(t, "at first", state, "waiting")
		<-ctx.Done()
		expect(t, "then", state, "no news")
		appendAll(t, l, 1)
		expect(t, "another try", next(ctx, r), "1+1")
	})
}

func TestCloseWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New[uint64](Limits{Messages: 1})
		appendAll(t, l, 1)
		l.Hold(0)
		reader, beyond, writer := next(t.Context(), l.From(1)), next(t.Context(), l.From(9)), appending(t.Context(), l, 1)
		expect(t, "the writer", writer, "waiting")
		expect(t, "a reader", reader, "waiting")
		l.Close(nil)
		expect(t, "the writer", writer, io.EOF.Error())
		expect(t, "a reader", reader, io.EOF.Error())
		expect(t, "one far ahead", beyond, io.EOF.Error())
		expect(t, "what was left", next(t.Context(), l.From(0)), "1+1")
	})
}

func TestAppendWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New[uint64](Limits{Messages: 4})
		l.Hold(0)
		appendAll(t, l, 2, 2)
		writer := appending(t.Context(), l, 1)
		expect(t, "full", writer, "waiting")
		l.Hold(1)
		expect(t, "half an item confirmed", writer, "waiting")
		reader := next(t.Context(), l.From(4))
		expect(t, "its reader", reader, "waiting")
		l.Hold(2)
		expect(t, "an item confirmed", writer, "appended")
		expect(t, "its reader", reader, "5+1")

		writer = appending(t.Context(), l, 4)
		expect(t, "full again", writer, "waiting")
		l.Release()
		expect(t, "released", writer, "appended")

		l.Hold(0)
		ctx, cancel := context.WithCancelCause(t.Context())
		writer = appending(ctx, l, 1)
		expect(t, "full again", writer, "waiting")
		cancel(errGivenUp)
		expect(t, "given up", writer, "given up")
		if first, last := l.Kept(); first != 6 || last != 9 {
			t.Errorf("kept are %d..%d, want 6..9", first, last)
		}
	})
}

// TestSmallMayPass: a writer that waits for much room does not keep out those that
// need little, and none of them is forgotten.
func TestSmallMayPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New[uint64](Limits{Messages: 4})
		l.Hold(0)
		appendAll(t, l, 3)
		large, other, small := appending(t.Context(), l, 3), appending(t.Context(), l, 2), appending(t.Context(), l, 1)
		expect(t, "a small one", small, "appended")
		expect(t, "a large one", large, "waiting")
		expect(t, "another", other, "waiting")
		l.Hold(99)
		expect(t, "a large one", large, "appended")
		expect(t, "another", other, "appended")
	})
}

// TestOvertakenWhileAsleep has readers that wait for a message which is dropped
// before they run again.
func TestOvertakenWhileAsleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New[uint64](Limits{Messages: 1})
		strict := next(t.Context(), l.From(0))
		lenient := later(func() string { return described(l.From(0).NextKept(t.Context(), nil)) })
		expect(t, "before", strict, "waiting")
		expect(t, "before", lenient, "waiting")
		l.mu.Lock() // no reader runs between the two
		l.add(1, extent{1, 1})
		l.add(2, extent{1, 1})
		l.more.strikeAndUnlock(&l.mu)
		expect(t, "then", strict, "message 1 is no longer kept, the oldest is 2")
		expect(t, "who does not mind", lenient, "2+1")
	})
}
