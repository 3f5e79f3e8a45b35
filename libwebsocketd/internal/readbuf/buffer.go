package readbuf

import (
	"errors"
	"slices"
	"sync"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// Buffer is what was read from one side and is not used up yet. It costs next to
// nothing while its owner waits: the room to read into is taken from a pool when
// there is something to read, and goes back when there is not (performance: a
// buffer that is grown again for each message costs a quarter of an echo).
type Buffer struct {
	Source    Source
	MaxUnread int         // how many unread bytes its owner must be able to see at once
	Short     func() bool // asked before room is taken: memory is short; nil: it is not

	block    *Block // where buf and batch lie, nil while waiting
	buf      []byte
	start    int              // buf[start:] is unread
	Batch    []bridge.Message // made of what was used
	kept     []byte           // where buf lies while waiting
	LastSize int              // the last room's size
	err      error            // of the source, told when everything was read

	Patience time.Duration // how long the next read may wait; then it is errStalled. 0: for ever
}

// Source is what an inbox reads from. It asks for room only when there is
// something to read, as far as it can know that.
type Source interface {
	ReadInto(in *Buffer) (int, error)
}

const (
	BlockSize  = 64 << 10             // the most one read should take: what a pipe holds on Linux at first
	KeptSize   = 4 << 10              // what an inbox keeps while it waits, at most
	SmallBlock = BlockSize + KeptSize // bytes of nearly every chunk
	LargeBlock = 4 * BlockSize        // bytes of the largest that are pooled
)

// Block is room for one read and for the messages made of it.
type Block struct {
	Data     []byte
	messages []bridge.Message
}

var (
	smallBlocks = sync.Pool{New: func() any { return makeBlock(SmallBlock) }}
	largeBlocks = sync.Pool{New: func() any { return makeBlock(LargeBlock) }}
)

// makeBlock has room for as many messages as lines of 60 bytes need at once: to
// grow there step by step leaves as much behind as garbage.
func makeBlock(n int) *Block {
	return &Block{Data: make([]byte, n), messages: make([]bridge.Message, 0, 1024)}
}

// MaxBatch bounds a batch, and so what very short messages cost.
const MaxBatch = 4 << 10

// NewBlock has room for n bytes. More than largeRoom is rare and not pooled.
func NewBlock(n int) *Block {
	switch {
	case n <= SmallBlock:
		return smallBlocks.Get().(*Block)
	case n <= LargeBlock:
		return largeBlocks.Get().(*Block)
	}
	return makeBlock(n)
}

// Free gives the room back to the pool.
func (c *Block) Free() {
	switch len(c.Data) {
	case SmallBlock:
		smallBlocks.Put(c)
	case LargeBlock:
		largeBlocks.Put(c)
	}
}

// Unread is valid until the next fill.
func (in *Buffer) Unread() []byte { return in.buf[in.start:] }

// Use takes the first n unread bytes away.
func (in *Buffer) Use(n int) { in.start += n }

// Fill reads once behind what is unread. The source's error comes when there is
// nothing more to read, and again whenever it is asked for, but for errStalled and errEmpty.
func (in *Buffer) Fill() error {
	if in.err != nil {
		return in.err
	}
	var n int
	n, in.err = in.Source.ReadInto(in)
	in.buf = in.buf[:len(in.buf)+n]
	if n > 0 {
		return nil
	}
	err := in.err
	if err == ErrStalled || err == ErrEmpty {
		in.err = nil
	}
	return err
}

// Space is where the source reads to.
func (in *Buffer) Space() []byte {
	unread := in.Unread()
	switch {
	case in.block == nil && in.isShort():
		in.move(&Block{Data: make([]byte, len(unread)+KeptSize)}, unread)
	case in.block == nil:
		in.move(NewBlock(len(unread)+KeptSize), unread)
	case len(in.block.Data) > LargeBlock && len(unread) < BlockSize:
		in.move(NewBlock(SmallBlock), unread) // the long one is over
	case cap(in.buf)-len(in.buf) >= BlockSize:
	case in.start == 0 && cap(in.buf)-len(in.buf) >= KeptSize: // moving would gain nothing, for each byte that drops in
	case cap(in.buf)-len(unread) >= KeptSize:
		in.buf = append(in.buf[:0], unread...)
		in.start = 0
	case cap(in.buf) < SmallBlock && in.isShort(): // not yet counted
		in.move(&Block{Data: make([]byte, len(unread)+KeptSize)}, unread)
	case cap(in.buf) < LargeBlock:
		in.move(NewBlock(LargeBlock), unread)
	default:
		in.move(NewBlock(min(2*cap(in.buf), in.MaxUnread+KeptSize)), unread)
	}
	in.LastSize = min(cap(in.buf)-len(in.buf), BlockSize)
	return in.buf[len(in.buf) : len(in.buf)+in.LastSize]
}

func (in *Buffer) isShort() bool { return in.Short != nil && in.Short() }

// move continues in another chunk.
func (in *Buffer) move(to *Block, unread []byte) {
	n := copy(to.Data, unread)
	in.giveBack()
	in.block, in.Batch = to, to.messages[:0]
	in.buf, in.start = to.Data[:n], 0
}

func (in *Buffer) giveBack() {
	if in.block == nil {
		return
	}
	in.block.messages = in.Batch
	in.block.Free()
	in.block, in.Batch = nil, nil
}

// Release gives the room back while there is nothing to read. Little that is
// unread does not hold it.
func (in *Buffer) Release() {
	unread := in.Unread()
	if in.block == nil || len(unread) > KeptSize {
		return
	}
	in.kept = append(in.kept[:0], unread...)
	in.giveBack()
	in.buf, in.start = in.kept, 0
}

// Shrink is yield of what is unread, however much.
func (in *Buffer) Shrink() {
	unread := slices.Clone(in.Unread())
	in.giveBack()
	in.buf, in.start = unread, 0
}

// Held returns how many bytes of room are taken; 0 while the owner waits.
func (in *Buffer) Held() int {
	if in.block == nil {
		return 0
	}
	return cap(in.buf)
}

// Close gives the room back for good.
func (in *Buffer) Close() {
	in.Use(len(in.Unread()))
	in.Release()
}

// ErrStalled is a source's when nothing came for as long as its inbox has
// patience. It is not final.
var ErrStalled = errors.New("nothing came in time")

// Discard reads to the end.
func Discard(from Source) {
	in := Buffer{Source: from}
	for in.Fill() == nil {
		in.Use(len(in.Unread()))
	}
	in.Close()
}

// Cost is the memory of a message of which size bytes have come. Its room is
// doubled as it grows, and the collector lets as much garbage stand beside what is
// used before it looks.
func Cost(size int) int64 { return 2 * int64(SmallBlock+2*size) }
