package pow

import (
	"errors"
	"sync"

	"websocketd/libwebsocketd/bridge"
)

// mostWaiting is how many bytes wait for a process that does not read them. They are read
// from the client all the same, so that a signal after them is seen.
const mostWaiting = 1 << 20

// reserve is how much of that waits whatever --maxmemory has room for, so that a signal after
// little input is always seen. That is bounded, because a call holds a process. Beyond it what
// waits counts against the memory for messages.
const reserve = 64 << 10

// mostKept is how much room is kept for input while none waits.
const mostKept = 32 << 10

// memory accounts for what is held; it is a libwebsocketd.Memory.
type memory interface {
	Hold(size int) bool
	Free()
}

var (
	errInputClosed = errors.New("the input is closed, or the process is over")
	errInputFull   = errors.New("the process has not read what was sent before")
)

// input is what waits for a process's standard input. A goroutine writes it, as long as there
// is something.
type input struct {
	to      bridge.Endpoint
	account func() memory // called when much waits; nil: nothing is counted

	mu      sync.Mutex
	room    sync.Cond // there is more of it, or the input is over
	waiting []byte
	held    int    // bytes that wait or are being written
	early   int    // of those, what came before the call
	memory  memory // for them; nil if they are few
	spare   []byte // what was written, to be filled again
	writing bool
	paused  bool // see pause
	closes  bool // after what waits
	over    bool // nothing more is written
	work    sync.WaitGroup
}

func newInput(to bridge.Endpoint) *input {
	in := &input{to: to}
	in.room.L = &in.mu
	return in
}

// first puts in what came before the call; it may be more than mostWaiting. It keeps data, and
// m, which accounts for that; nil if it is little.
func (in *input) first(data []byte, m memory) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.waiting) > 0 {
		data = append(in.waiting, data...)
	}
	in.early = len(data)
	in.adoptLocked(data, m)
}

// adoptLocked makes data all that waits, and m what accounts for all that is held.
func (in *input) adoptLocked(data []byte, m memory) {
	in.freeLocked()
	in.held += len(data) - len(in.waiting)
	in.waiting, in.memory = data, m
	if m != nil {
		m.Hold(in.held) // nothing more comes of it
	}
	in.writeLocked()
}

func (in *input) freeLocked() {
	if in.memory != nil {
		in.memory.Free()
		in.memory = nil
	}
}

// takesLocked returns how many of n more bytes may wait.
func (in *input) takesLocked(n int) int {
	waits := in.held - in.early
	n = min(n, mostWaiting-waits)
	if !in.affordLocked(in.held + n) {
		n = min(n, reserve-waits)
	}
	return max(n, 0)
}

// affordLocked reports whether size bytes may be held, and counts them if they are many.
func (in *input) affordLocked(size int) bool {
	if size <= reserve {
		return true
	}
	if in.memory == nil && in.account != nil {
		in.memory = in.account()
	}
	return in.memory == nil || in.memory.Hold(size)
}

// addLocked lets data wait.
func (in *input) addLocked(data []byte) {
	in.held += len(data)
	in.waiting = append(in.waiting, data...)
	in.writeLocked()
}

// wroteLocked notes that nothing is being written.
func (in *input) wroteLocked() {
	if in.held = len(in.waiting); in.held <= reserve {
		in.freeLocked()
	} else if in.memory != nil {
		in.memory.Hold(in.held)
	}
}

// put puts data in, and waits for room. It does nothing when the input is closed.
func (in *input) put(data []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(data) > 0 && !in.closes && !in.over {
		n := in.takesLocked(len(data))
		if n == 0 {
			in.room.Wait()
			continue
		}
		in.addLocked(data[:n])
		data = data[n:]
	}
}

// offer puts data in, or returns why it cannot: errInputClosed, or errInputFull if there is no
// room now. Any amount finds room where nothing is held. m accounts for data, and is its own
// from now on; nil if nothing does.
func (in *input) offer(data []byte, m memory) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.held == 0 && !in.closes && !in.over {
		in.adoptLocked(data, m)
		return nil
	}
	if m != nil {
		defer m.Free()
	}
	switch {
	case in.closes || in.over:
		return errInputClosed
	case in.held+len(data) > mostWaiting || !in.affordLocked(in.held+len(data)):
		return errInputFull
	}
	in.addLocked(data)
	return nil
}

// close closes the process's input after what waits.
func (in *input) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closes = true
	in.writeLocked()
}

// abandon closes the process's input at once.
func (in *input) abandon() {
	in.end()
	in.to.CloseSend(nil)
}

// end lets nothing more be written.
func (in *input) end() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.over, in.waiting, in.spare, in.held = true, nil, nil, 0
	in.freeLocked()
	in.room.Broadcast()
}

// settle ends the input and waits for the goroutine that writes. The process must be closed:
// that unblocks a write.
func (in *input) settle() {
	in.end()
	in.work.Wait()
}

// writeLocked starts the goroutine that writes, unless it runs or has nothing to do.
func (in *input) writeLocked() {
	if in.writing || in.paused || in.over || len(in.waiting) == 0 && !in.closes {
		return
	}
	in.writing = true
	in.work.Go(in.write)
}

func (in *input) write() {
	in.mu.Lock()
	defer in.mu.Unlock()
	defer func() { in.writing = false }()
	for !in.over && !in.paused && len(in.waiting) > 0 {
		data := in.waiting
		early := in.early
		in.waiting, in.spare = in.spare[:0], nil
		in.mu.Unlock()
		err := in.to.Send([]bridge.Message{{Kind: bridge.Text, Data: data}})
		in.mu.Lock()
		if in.spare = data; cap(data) > reserve { // that would have to be counted
			in.spare = nil
		}
		if in.over = in.over || err != nil; in.over { // it reads no more
			in.waiting, in.spare = nil, nil
		}
		in.early -= early
		in.wroteLocked()
		in.room.Broadcast()
	}
	if cap(in.spare) > mostKept {
		in.spare = nil
	}
	if len(in.waiting) == 0 && cap(in.waiting) > mostKept {
		in.waiting = nil
	}
	if in.closes && !in.over && !in.paused {
		in.over = true
		in.to.CloseSend(nil)
	}
}
