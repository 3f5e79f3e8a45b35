package ws

import (
	"strconv"
	"sync"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/frame"
	"websocketd/libwebsocketd/internal/socket"
)

const (
	// askWait is how long output waits to be asked for, if no more comes that makes a
	// ping due.
	askWait = time.Second

	// numberRoom is enough for the longest number.
	numberRoom = 20

	// closeCost is more than our close frame takes, with what TLS and TCP add to it.
	closeCost = 256
)

// receipts learns which messages a client has. A ping has the number of the last message
// before it, in decimal, and its pong says that this one and all before it have arrived. A
// client may answer only the newest of several pings (RFC 6455 section 5.5.3), so a pong
// confirms for earlier ones too.
//
// A ping goes out with the output that makes it due, and for the last output a second
// later. There is one on its way at a time: the next one waits for its pong. Those of the
// keep-alive have numbers as well, and make up for a ping that was dropped (see
// conn.sendControl) or was not answered.
type receipts struct {
	program bridge.Confirmer
	every   int // bytes of output that make a ping due
	conn    *conn

	mu      sync.Mutex
	last    uint64 // the last message that was written
	unasked int    // bytes of history written since a number was sent
	asked   uint64 // the highest number sent
	has     uint64 // the highest number confirmed; below asked while a ping is on its way
	timer   *time.Timer
	waits   bool // timer runs
	ended   bool
	atWork  sync.WaitGroup // pings of the timer: a write may block
	held    held
	code    int  // of our close frame; 0 until it is sent
	isEnd   bool // and it tells how the program ended

	// Of the goroutine that delivers.
	ping  [2 + numberRoom]byte // the frame that goes out with output
	after uint64               // the last message of that output
	size  int                  // and its bytes
}

// ConfirmTo implements [bridge.Confirming]. A pong confirms what was sent before its ping,
// and a close frame that answers ours confirms everything (RFC 6455 section 5.5.1). Both
// say that the client's WebSocket has the messages, which its page may be about to get.
func (w *Endpoint) ConfirmTo(program bridge.Confirmer) {
	r := &receipts{program: program, every: max(program.ConfirmEvery(), 1), conn: w.conn}
	r.timer = time.AfterFunc(time.Hour, r.askLate)
	r.timer.Stop()
	r.held = held{alive: &w.alive, timer: time.AfterFunc(time.Hour, r.lookHeld)}
	r.held.timer.Stop()
	w.receipts.Store(r)
}

// begin is called before output is written whose last message is number, 0 if it has
// none. It adds a ping to the output if one is due.
func (r *receipts) begin(output [][]byte, number uint64) [][]byte {
	r.after, r.size = number, 0
	if number == 0 {
		return output
	}
	for _, b := range output {
		r.size += len(b) + bridge.ChunkCost // as a history counts them
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unasked+r.size < r.every || r.has < r.asked {
		return output
	}
	r.ask(number)
	r.size = 0 // it is asked for
	payload := strconv.AppendUint(r.ping[2:2], number, 10)
	frame.AppendHeader(r.ping[:0], frame.FinalBit|frame.OpPing, len(payload))
	return append(output, r.ping[:2+len(payload)])
}

// written is called when the output was written. The pong that a due ping waited for may
// have come meanwhile.
func (r *receipts) written() {
	if r.after == 0 {
		return
	}
	r.mu.Lock()
	r.last = r.after
	r.unasked += r.size
	next := r.next(r.every)
	r.mu.Unlock()
	r.send(next)
}

// ask records that number is asked for.
func (r *receipts) ask(number uint64) {
	r.asked, r.unasked = max(r.asked, number), 0
	r.watchHeld()
	if r.waits {
		r.timer.Stop()
		r.waits = false
	}
}

// next returns the number to ask for now, 0 if there is none: a ping is on its way, or
// less than due bytes were written since the last one. Then these are asked for later.
func (r *receipts) next(due int) uint64 {
	switch {
	case r.ended || r.unasked == 0 || r.has < r.asked:
		return 0
	case r.unasked < due:
		if !r.waits {
			r.timer.Reset(askWait)
			r.waits = true
		}
		return 0
	}
	r.ask(r.last)
	return r.last
}

// askLate asks for the last output.
func (r *receipts) askLate() {
	r.mu.Lock()
	r.waits = false
	next := r.next(1)
	if next > 0 {
		r.atWork.Add(1)
		defer r.atWork.Done()
	}
	r.mu.Unlock()
	r.send(next)
}

// send sends a ping, unless number is 0.
func (r *receipts) send(number uint64) {
	if number > 0 {
		var room [numberRoom]byte
		r.conn.sendControl(frame.OpPing, strconv.AppendUint(room[:0], number, 10))
	}
}

// number appends the number for a ping of the keep-alive, nothing if there was no message.
func (r *receipts) number(b []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == 0 {
		return b
	}
	r.ask(r.last)
	return strconv.AppendUint(b, r.last, 10)
}

// pong takes the payload of a pong. It ignores what is no number, what was never asked for
// and what is confirmed already. It is called by the goroutine that receives.
func (r *receipts) pong(payload []byte) {
	number, err := strconv.ParseUint(string(payload), 10, 64)
	r.mu.Lock()
	news := err == nil && r.has < number && number <= r.asked
	next := uint64(0)
	if news {
		r.has = number
		next = r.next(r.every)
	}
	r.mu.Unlock()
	if news {
		r.program.Confirm(number)
		r.send(next)
	}
}

// closing is called before our close frame is sent.
func (r *receipts) closing(code int, cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.code == 0 {
		r.code, r.isEnd = code, bridge.IsEnd(cause)
	}
}

// closed takes the code of the client's close frame, which has come after ours was sent. It
// confirms everything, unless the two have crossed on the way: some of our output has not
// even arrived, or the code is no answer. Most clients answer with the code they got, some
// with 1000. A page that leaves sends no code (close()), and throws away what arrives from
// then on. It is called by the goroutine that receives.
func (r *receipts) closed(code int) {
	r.mu.Lock()
	sent, number, isEnd := r.code, r.last, r.isEnd
	news := number > r.has
	r.mu.Unlock()
	if code != sent && code != bridge.CloseNormal || socket.Unsent(r.conn.Conn) > closeCost {
		return
	}
	if news {
		r.program.Confirm(number)
	}
	if isEnd {
		r.program.ConfirmEnd()
	}
}

// stop ends the timer, and returns when it writes nothing any more. The connection must be
// closed before.
func (r *receipts) stop() {
	r.mu.Lock()
	r.ended = true
	r.timer.Stop()
	r.held.timer.Stop()
	r.mu.Unlock()
	r.atWork.Wait()
}
