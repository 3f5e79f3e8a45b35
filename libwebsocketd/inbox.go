package libwebsocketd

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// inbox is what was read from one side and is not used up yet. It costs next to
// nothing while its owner waits: the room to read into is taken from a pool when
// there is something to read, and goes back when there is not (performance: a
// buffer that is grown again for each message costs a quarter of an echo).
type inbox struct {
	source source
	most   int         // how many unread bytes its owner must be able to see at once
	small  func() bool // asked before room is taken: memory is short; nil: it is not

	chunk *chunk // where buf and batch lie, nil while waiting
	buf   []byte
	start int       // buf[start:] is unread
	batch []Message // made of what was used
	rest  []byte    // where buf lies while waiting
	asked int       // the last room's size
	err   error     // of the source, told when everything was read

	patience time.Duration // how long the next read may wait; then it is errStalled. 0: for ever
}

// source is what an inbox reads from. It asks for room only when there is
// something to read, as far as it can know that.
type source interface {
	readInto(in *inbox) (int, error)
}

const (
	chunkSize = 64 << 10 // the most one read should take: what a pipe holds on Linux at first
	keptSize  = 4 << 10  // what an inbox keeps while it waits, at most
	smallRoom = chunkSize + keptSize // bytes of nearly every chunk
	largeRoom = 4 * chunkSize        // bytes of the largest that are pooled
)

// chunk is room for one read and for the messages made of it.
type chunk struct {
	data     []byte
	messages []Message
}

var (
	smallChunks = sync.Pool{New: func() any { return makeChunk(smallRoom) }}
	largeChunks = sync.Pool{New: func() any { return makeChunk(largeRoom) }}
)

// makeChunk has room for as many messages as lines of 60 bytes need at once: to
// grow there step by step leaves as much behind as garbage.
func makeChunk(n int) *chunk {
	return &chunk{data: make([]byte, n), messages: make([]Message, 0, 1024)}
}

// mostMessages bounds a batch, and so what very short messages cost.
const mostMessages = 4 << 10

// newChunk has room for n bytes. More than largeRoom is rare and not pooled.
func newChunk(n int) *chunk {
	switch {
	case n <= smallRoom:
		return smallChunks.Get().(*chunk)
	case n <= largeRoom:
		return largeChunks.Get().(*chunk)
	}
	return makeChunk(n)
}

// free gives the room back to the pool.
func (c *chunk) free() {
	switch len(c.data) {
	case smallRoom:
		smallChunks.Put(c)
	case largeRoom:
		largeChunks.Put(c)
	}
}

// unread is valid until the next fill.
func (in *inbox) unread() []byte { return in.buf[in.start:] }

// use takes the first n unread bytes away.
func (in *inbox) use(n int) { in.start += n }

// fill reads once behind what is unread. The source's error comes when there is
// nothing more to read, and again whenever it is asked for, but for errStalled and errEmpty.
func (in *inbox) fill() error {
	if in.err != nil {
		return in.err
	}
	var n int
	n, in.err = in.source.readInto(in)
	in.buf = in.buf[:len(in.buf)+n]
	if n > 0 {
		return nil
	}
	err := in.err
	if err == errStalled || err == errEmpty {
		in.err = nil
	}
	return err
}

// room is where the source reads to.
func (in *inbox) room() []byte {
	unread := in.unread()
	switch {
	case in.chunk == nil && in.mustBeSmall():
		in.move(&chunk{data: make([]byte, len(unread)+keptSize)}, unread)
	case in.chunk == nil:
		in.move(newChunk(len(unread)+keptSize), unread)
	case len(in.chunk.data) > largeRoom && len(unread) < chunkSize:
		in.move(newChunk(smallRoom), unread) // the long one is over
	case cap(in.buf)-len(in.buf) >= chunkSize:
	case in.start == 0 && cap(in.buf)-len(in.buf) >= keptSize: // moving would gain nothing, for each byte that drops in
	case cap(in.buf)-len(unread) >= keptSize:
		in.buf = append(in.buf[:0], unread...)
		in.start = 0
	case cap(in.buf) < smallRoom && in.mustBeSmall(): // not yet counted
		in.move(&chunk{data: make([]byte, len(unread)+keptSize)}, unread)
	case cap(in.buf) < largeRoom:
		in.move(newChunk(largeRoom), unread)
	default:
		in.move(newChunk(min(2*cap(in.buf), in.most+keptSize)), unread)
	}
	in.asked = min(cap(in.buf)-len(in.buf), chunkSize)
	return in.buf[len(in.buf) : len(in.buf)+in.asked]
}

func (in *inbox) mustBeSmall() bool { return in.small != nil && in.small() }

// move continues in another chunk.
func (in *inbox) move(to *chunk, unread []byte) {
	n := copy(to.data, unread)
	in.giveBack()
	in.chunk, in.batch = to, to.messages[:0]
	in.buf, in.start = to.data[:n], 0
}

func (in *inbox) giveBack() {
	if in.chunk == nil {
		return
	}
	in.chunk.messages = in.batch
	in.chunk.free()
	in.chunk, in.batch = nil, nil
}

// yield gives the room back while there is nothing to read. Little that is
// unread does not hold it.
func (in *inbox) yield() {
	unread := in.unread()
	if in.chunk == nil || len(unread) > keptSize {
		return
	}
	in.rest = append(in.rest[:0], unread...)
	in.giveBack()
	in.buf, in.start = in.rest, 0
}

// shrink is yield of what is unread, however much.
func (in *inbox) shrink() {
	unread := slices.Clone(in.unread())
	in.giveBack()
	in.buf, in.start = unread, 0
}

// held returns how many bytes of room are taken; 0 while the owner waits.
func (in *inbox) held() int {
	if in.chunk == nil {
		return 0
	}
	return cap(in.buf)
}

// close gives the room back for good.
func (in *inbox) close() {
	in.use(len(in.unread()))
	in.yield()
}

// errStalled is a source's when nothing came for as long as its inbox has
// patience. It is not final.
var errStalled = errors.New("nothing came in time")

// discard reads to the end.
func discard(from source) {
	in := inbox{source: from}
	for in.fill() == nil {
		in.use(len(in.unread()))
	}
	in.close()
}
