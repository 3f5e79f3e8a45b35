package pow

import (
	"errors"
	"sync"

	"websocketd/libwebsocketd/bridge"
)

// mostWaiting is how many bytes wait for a process that does not read them. They are read
// from the client all the same, so that a signal after them is seen.
const mostWaiting = 1 << 20

// mostKept is how much room is kept for input while none waits. As much may wait uncounted;
// beyond that it counts against the memory for messages.
const mostKept = 32 << 10

// memory accounts for what waits; it is a libwebsocketd.Memory.
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
	held    int    // bytes that wait or are being written, unless they came before the call
	memory  memory // for them; nil if there were never many
	spare   []byte // what was written, to be filled again
	writing bool
	closes  bool   // after what waits
	over    bool   // nothing more is written
	free    func() // called when all that came before the call is written, or will never be; may be nil
	work    sync.WaitGroup
}

func newInput(to bridge.Endpoint) *input {
	in := &input{to: to}
	in.room.L = &in.mu
	return in
}

// first puts in what came before the call; it may be more than mostWaiting. free is called
// when nothing of it is held any more. It keeps data.
func (in *input) first(data []byte, free func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.free = free; len(in.waiting) > 0 {
		data = append(in.waiting, data...)
	}
	in.waiting = data
	in.writeLocked()
}

// takesLocked returns how many of n more bytes may wait, and counts them.
func (in *input) takesLocked(n int) int {
	n = min(n, mostWaiting-len(in.waiting))
	if !in.affordLocked(in.held + n) {
		n = min(n, mostKept-in.held)
	}
	n = max(n, 0)
	in.held += n
	return n
}

// affordLocked reports whether size bytes may be held, and counts them if they are many.
func (in *input) affordLocked(size int) bool {
	if size <= mostKept {
		return true
	}
	if in.memory == nil && in.account != nil {
		in.memory = in.account()
	}
	return in.memory == nil || in.memory.Hold(size)
}

// wroteLocked notes that nothing is being written.
func (in *input) wroteLocked() {
	if in.held = len(in.waiting); in.memory != nil {
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
		in.waiting, data = append(in.waiting, data[:n]...), data[n:]
		in.writeLocked()
	}
}

// offer puts data in, or returns why it cannot: errInputClosed, or errInputFull if there is no
// room now. Any amount finds room where all was read that came before.
func (in *input) offer(data []byte) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.closes || in.over:
		return errInputClosed
	case in.held > 0 && len(in.waiting)+len(data) > mostWaiting:
		return errInputFull
	case !in.affordLocked(in.held+len(data)) && in.held > 0:
		return errInputFull
	}
	in.held += len(data)
	in.waiting = append(in.waiting, data...)
	in.writeLocked()
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
	if in.memory != nil {
		in.memory.Free()
		in.memory = nil
	}
	if in.free != nil {
		in.free()
		in.free = nil
	}
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
	if in.writing || in.over || len(in.waiting) == 0 && !in.closes {
		return
	}
	in.writing = true
	in.work.Go(in.write)
}

func (in *input) write() {
	in.mu.Lock()
	defer in.mu.Unlock()
	defer func() { in.writing = false }()
	for !in.over && len(in.waiting) > 0 {
		data, free := in.waiting, in.free
		in.waiting, in.spare, in.free = in.spare[:0], nil, nil
		in.mu.Unlock()
		err := in.to.Send([]bridge.Message{{Kind: bridge.Text, Data: data}})
		if free != nil {
			free()
		}
		in.mu.Lock()
		in.wroteLocked()
		if cap(data) <= 2*mostWaiting {
			in.spare = data
		}
		if in.over = in.over || err != nil; in.over { // it reads no more
			in.waiting, in.spare = nil, nil
		}
		in.room.Broadcast()
	}
	if cap(in.spare) > mostKept {
		in.spare = nil
	}
	if cap(in.waiting) > mostKept {
		in.waiting = nil
	}
	if in.closes && !in.over {
		in.over = true
		in.to.CloseSend(nil)
	}
}
