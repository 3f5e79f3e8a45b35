package connect

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/internal/terminal"
	"websocketd/libwebsocketd/bridge"
)

// fake is a connection to a server, which ends when it is told to.
type fake struct {
	bridge.Endpoint
	batches chan []bridge.Message
	told    []error
	answer  error
	once    sync.Once
	parts   atomic.Int64
}

func (f *fake) ReceiveEach(each func([]bridge.Message)) error {
	for batch := range f.batches {
		each(batch)
	}
	return f.answer
}

func (f *fake) CloseSend(cause error) error {
	f.told = append(f.told, cause)
	f.once.Do(func() { close(f.batches) })
	return nil
}

func (f *fake) Close() error { return nil }
func (f *fake) Parts() int64 { return f.parts.Load() }

// TestEOFWait: after the end of the input the time without messages counts, and that in
// which one is being printed does not.
func TestEOFWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{batches: make(chan []bridge.Message), answer: &bridge.CloseWith{Code: 1000}}
		s := newServer(f, t.Context(), 10*time.Second)
		begin := time.Now()
		over := make(chan error)
		go func() {
			over <- s.ReceiveEach(func([]bridge.Message) { time.Sleep(time.Minute) })
		}()
		time.Sleep(30 * time.Second) // there is still input
		s.CloseSend(io.EOF)
		time.Sleep(9 * time.Second)
		f.batches <- nil // and it is printed for a minute
		if err := <-over; err != terminal.ErrLeft || time.Since(begin) != 109*time.Second+lastLook {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
		s.Close()
		if len(f.told) != 1 || f.told[0] != nil {
			t.Errorf("the server was told %v", f.told)
		}
	})
}

// TestEOFWaitInTheMidst: a message that is coming is waited for, as long as it does.
func TestEOFWaitInTheMidst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{batches: make(chan []bridge.Message), answer: &bridge.CloseWith{Code: 1000}}
		s := newServer(f, t.Context(), 10*time.Second)
		begin := time.Now()
		over := make(chan error)
		go func() { over <- s.ReceiveEach(func([]bridge.Message) {}) }()
		s.CloseSend(io.EOF)
		for range 20 {
			time.Sleep(5 * time.Second)
			f.parts.Add(1)
		}
		err, left := <-over, time.Since(begin)
		if err != terminal.ErrLeft || left < 110*time.Second || left > 121*time.Second {
			t.Errorf("%v after %s", err, left)
		}
		s.Close()
	})
}

// TestNoEOFWait: without --eofwait the end of the input changes nothing.
func TestNoEOFWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := &bridge.CloseWith{Code: 4003}
		f := &fake{batches: make(chan []bridge.Message), answer: ended}
		s := newServer(f, t.Context(), -1)
		over := make(chan error)
		go func() { over <- s.ReceiveEach(func([]bridge.Message) {}) }()
		s.CloseSend(io.EOF)
		time.Sleep(time.Hour)
		f.batches <- nil
		f.once.Do(func() { close(f.batches) })
		if err := <-over; err != ended {
			t.Error(err)
		}
		s.Close()
	})
}

// TestFarewell: the server is told why it is left.
func TestFarewell(t *testing.T) {
	refused, broken := &bridge.RefusedError{Code: 1008}, &bridge.BrokenError{Reason: "x"}
	for _, test := range []struct {
		cause error
		code  int
	}{
		{refused, 1008}, {broken, 1011}, {terminal.ErrInterrupted, 1001}, {errors.New("disk full"), 1001},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(test.cause)
		f := &fake{batches: make(chan []bridge.Message), answer: &bridge.CloseWith{Code: 1000}}
		s := newServer(f, ctx, -1)
		var receiving sync.WaitGroup
		receiving.Go(func() { s.ReceiveEach(func([]bridge.Message) {}) })
		s.Close()
		receiving.Wait()
		if code, _ := bridge.Closing(f.told[0]); code != test.code || len(f.told) != 1 {
			t.Errorf("%v: told %v, want %d", test.cause, f.told, test.code)
		}
	}
}
