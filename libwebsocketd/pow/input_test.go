package pow

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"websocketd/libwebsocketd/bridge"
)

// sink is the input of a process that reads when a test lets it.
type sink struct {
	bridge.Endpoint
	reads chan bool // let it take one Send; false: it fails; nil: it takes all

	mu     sync.Mutex
	got    strings.Builder
	closed int
	gone   chan struct{}
}

func newSink(reads chan bool) *sink { return &sink{reads: reads, gone: make(chan struct{})} }

func (s *sink) Send(batch []bridge.Message) error {
	for _, m := range batch {
		if s.reads != nil {
			select {
			case ok := <-s.reads:
				if !ok {
					return io.ErrClosedPipe
				}
			case <-s.gone:
				return io.ErrClosedPipe
			}
		}
		s.mu.Lock()
		s.got.Write(m.Data)
		s.mu.Unlock()
	}
	return nil
}

func (s *sink) CloseSend(error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return nil
}

func (s *sink) Context() context.Context { return context.Background() }

// has returns what it has got, and how often it was closed.
func (s *sink) has() (string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.String(), s.closed
}

// TestInput: everything arrives in order, and then the end, once.
func TestInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to, b := newSink(nil), &budget{held: 1}
		in := newInput(to)
		in.put([]byte("preamble "))
		in.first([]byte("early "), b)
		in.put([]byte("a"))
		in.put(nil)
		in.put([]byte("b"))
		if err := in.offer([]byte("c"), nil); err != nil {
			t.Error(err)
		}
		in.close()
		in.close()
		in.put([]byte("late"))
		if err := in.offer([]byte("late"), nil); err != errInputClosed {
			t.Error(err)
		}
		synctest.Wait()
		if got, closed := to.has(); got != "preamble early abc" || closed != 1 || b.freed != 1 {
			t.Errorf("%q, closed %d times, freed %d times", got, closed, b.freed)
		}
		in.settle()
		if b.freed != 1 {
			t.Errorf("freed %d times", b.freed)
		}
	})
}

// TestInputWaits: a limited amount waits for a process that does not read, with what is being
// written, and beside what came before the call; put waits beyond it, and offer does not. What
// is held is freed when it was read.
func TestInputWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to, b := newSink(make(chan bool)), &budget{limit: 8 * mostWaiting}
		in := newInput(to)
		in.put([]byte("0")) // under way
		synctest.Wait()
		big := []byte(strings.Repeat("x", 3*mostWaiting))
		b.Hold(1)
		in.first(big, b)
		if err := in.offer([]byte("y"), nil); err != errInputFull {
			t.Error(err)
		}
		more := strings.Repeat("1", mostWaiting-1)
		in.put([]byte(more))
		put := make(chan bool)
		go func() { in.put([]byte("2")); put <- true }()
		synctest.Wait()
		select {
		case <-put:
			t.Error("put does not wait")
		default:
		}
		to.reads <- true // the 0
		<-put
		synctest.Wait()
		if b.freed > 0 {
			t.Error("what is being written was freed")
		}
		to.reads <- true
		synctest.Wait()
		if b.freed != 1 {
			t.Errorf("freed %d times", b.freed)
		}
		if err := in.offer([]byte("3"), nil); err != nil {
			t.Error(err)
		}
		if err := in.offer([]byte(strings.Repeat("y", mostWaiting)), nil); err != errInputFull {
			t.Errorf("what is being written does not wait: %v", err)
		}
		in.close()
		to.reads <- true
		to.reads <- true
		synctest.Wait()
		got, closed := to.has()
		if want := "0" + string(big) + more + "23"; got != want || closed != 1 {
			t.Errorf("%d bytes, not %d; closed %d times", len(got), len(want), closed)
		}
		in.settle()
	})
}

// TestInputIsOver: nothing waits any more for a process that reads no more, or is gone, or whose
// input is closed at once.
func TestInputIsOver(t *testing.T) {
	for name, end := range map[string]func(*input, *sink){
		"it reads no more": func(_ *input, to *sink) { to.reads <- false },
		"it is gone":       func(in *input, to *sink) { close(to.gone); in.settle() },
		"closed at once":   func(in *input, to *sink) { in.abandon(); close(to.gone) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				to := newSink(make(chan bool))
				in := newInput(to)
				b := &budget{held: 1}
				in.put([]byte("under way"))
				synctest.Wait()
				in.first([]byte(strings.Repeat("x", 2*mostWaiting)), b)
				put := make(chan bool)
				go func() { in.put([]byte(strings.Repeat("x", 2*mostWaiting))); close(put) }()
				synctest.Wait()
				end(in, to)
				<-put
				if err := in.offer([]byte("x"), nil); !errors.Is(err, errInputClosed) {
					t.Error(err)
				}
				in.settle()
				if got, _ := to.has(); got != "" || b.freed != 1 {
					t.Errorf("%.20q was read, and what came before the call was freed %d times", got, b.freed)
				}
			})
		})
	}
}

// budget is memory of so many bytes, and what is held of it.
type budget struct{ limit, held, freed int }

func (b *budget) Hold(size int) bool {
	if size > b.held && size > b.limit {
		return false
	}
	b.held = size
	return true
}

func (b *budget) Free() { b.held, b.freed = 0, b.freed+1 }

// TestInputAndMemory: what waits counts, but for the reserve; without memory for it only the
// reserve waits.
func TestInputAndMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to, b := newSink(make(chan bool)), &budget{limit: 3 * reserve}
		in := newInput(to)
		in.account = func() memory { return b }
		in.put([]byte(strings.Repeat("x", reserve))) // under way
		synctest.Wait()
		if b.held != 0 {
			t.Errorf("%d bytes of the reserve are counted", b.held)
		}
		in.put([]byte(strings.Repeat("x", reserve)))
		if b.held != 2*reserve {
			t.Errorf("%d bytes are counted", b.held)
		}
		if err := in.offer([]byte(strings.Repeat("x", 2*reserve)), nil); err != errInputFull || b.held != 2*reserve {
			t.Errorf("%v, %d bytes are counted", err, b.held)
		}
		put := make(chan bool)
		go func() { in.put([]byte(strings.Repeat("x", 2*reserve))); close(put) }()
		synctest.Wait()
		select {
		case <-put:
			t.Error("put does not wait")
		default:
		}
		to.reads <- true
		<-put // after the first was read there is room
		if b.held != 3*reserve {
			t.Errorf("%d bytes are counted", b.held)
		}
		to.reads <- true
		to.reads <- true
		synctest.Wait()
		if got, _ := to.has(); len(got) != 4*reserve || b.held != 0 || b.freed != 2 {
			t.Errorf("%d bytes, %d are still counted, freed %d times", len(got), b.held, b.freed)
		}
		close(to.gone)
		in.settle()
		if b.freed != 2 {
			t.Errorf("freed %d times", b.freed)
		}
	})
}

// TestInputIsHeldByItsBody: any amount is taken where nothing is held, and what accounts for it
// does so until it was read. Then it counts with all that is added.
func TestInputIsHeldByItsBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to, first, second := newSink(make(chan bool)), &budget{limit: 3 * mostWaiting}, &budget{}
		in := newInput(to)
		in.account = func() memory { t.Error("it is counted already"); return second }
		body := []byte(strings.Repeat("x", 2*mostWaiting))
		first.Hold(len(body))
		if err := in.offer(body, first); err != nil {
			t.Error(err)
		}
		if err := in.offer([]byte("y"), second); err != errInputFull || second.freed != 1 {
			t.Errorf("%v, freed %d times", err, second.freed)
		}
		if first.freed != 0 || first.held != len(body) {
			t.Errorf("%d are counted, freed %d times", first.held, first.freed)
		}
		to.reads <- true
		synctest.Wait()
		if first.freed != 1 {
			t.Errorf("freed %d times", first.freed)
		}
		if err := in.offer([]byte(strings.Repeat("y", reserve)), second); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		in.account = nil
		if err := in.offer([]byte("z"), first); err != errInputFull {
			t.Errorf("there is no memory: %v", err)
		}
		close(to.gone)
		in.settle()
		if first.freed != 2 || second.freed != 2 {
			t.Errorf("freed %d and %d times", first.freed, second.freed)
		}
	})
}
