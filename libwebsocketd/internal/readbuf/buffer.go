package readbuf

import (
	"errors"
	"slices"
	"sync"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// Buffer holds what was read from one side and is not used up yet. It costs next to
// nothing while its owner waits. The block to read into is taken from a pool when
// there is something to read, and goes back when there is not. (A buffer that grows
// for each message costs a quarter of an echo.)
type Buffer struct {
	Source    Source
	MaxUnread int         // how many unread bytes its owner must be able to see at once
	Short     func() bool // reports whether memory is short, before a block is taken; nil: it is not

	block    *Block // where buf and batch lie, nil while waiting
	buf      []byte
	start    int              // buf[start:] is unread
	Batch    []bridge.Message // made of the bytes used; its owner appends to it
	kept     []byte           // where buf lies while waiting
	LastSize int              // bytes of the last Space
	err      error            // of the source, returned when everything was read

	Patience time.Duration // how long the next read may wait before it is ErrStalled; 0: for ever
}

// Source is what a Buffer reads from. ReadInto calls the Buffer's Space only when there
// is something to read, as far as it can know that.
type Source interface {
	ReadInto(in *Buffer) (int, error)
}

const (
	BlockSize  = 64 << 10             // the most one read should take: what a pipe holds on Linux at first
	KeptSize   = 4 << 10              // the most a Buffer keeps while its owner waits
	SmallBlock = BlockSize + KeptSize // bytes of nearly every Block
	LargeBlock = 4 * BlockSize        // bytes of the largest Block that is pooled
)

// Block is memory for one read and for the messages made of it.
type Block struct {
	Data     []byte
	messages []bridge.Message
}

var (
	smallBlocks = sync.Pool{New: func() any { return makeBlock(SmallBlock) }}
	largeBlocks = sync.Pool{New: func() any { return makeBlock(LargeBlock) }}
)

// makeBlock allocates a Block of n bytes with space for as many messages as there are
// lines of 60 bytes in one read. Growing to that size step by step would leave as much
// garbage.
func makeBlock(n int) *Block {
	return &Block{Data: make([]byte, n), messages: make([]bridge.Message, 0, 1024)}
}

// MaxBatch bounds a batch, and so what very short messages cost.
const MaxBatch = 4 << 10

// NewBlock returns a Block of at least n bytes. One of more than LargeBlock is rare and
// not pooled.
func NewBlock(n int) *Block {
	switch {
	case n <= SmallBlock:
		return smallBlocks.Get().(*Block)
	case n <= LargeBlock:
		return largeBlocks.Get().(*Block)
	}
	return makeBlock(n)
}

// Free puts the block back into its pool.
func (c *Block) Free() {
	switch len(c.Data) {
	case SmallBlock:
		smallBlocks.Put(c)
	case LargeBlock:
		largeBlocks.Put(c)
	}
}

// Begin drops the batch. Its block may have another owner soon, and must not keep a long
// message that lies elsewhere: that is the first of a batch or the last, since all between
// them came in one read. A batch of short lines has thousands, which are not cleared.
func (in *Buffer) Begin() {
	if n := len(in.Batch); n > 0 {
		in.Batch[0], in.Batch[n-1] = bridge.Message{}, bridge.Message{}
	}
	in.Batch = in.Batch[:0]
}

// Unread returns the bytes read and not used. They are valid until the next Fill.
func (in *Buffer) Unread() []byte { return in.buf[in.start:] }

// Use marks the first n unread bytes as used.
func (in *Buffer) Use(n int) { in.start += n }

// Fill reads once and appends to what is unread. It returns the source's error when there
// is nothing more to read, and again on every later call, except for ErrStalled and
// ErrEmpty, which are not final.
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

// Space returns the memory the source reads into next.
func (in *Buffer) Space() []byte {
	unread := in.Unread()
	switch {
	case in.block == nil && in.isShort():
		in.move(&Block{Data: make([]byte, len(unread)+KeptSize)}, unread)
	case in.block == nil:
		in.move(NewBlock(len(unread)+KeptSize), unread)
	case len(in.block.Data) > LargeBlock && len(unread) < BlockSize:
		in.move(NewBlock(SmallBlock), unread) // the long message is used up
	case cap(in.buf)-len(in.buf) >= BlockSize:
	case in.start == 0 && cap(in.buf)-len(in.buf) >= KeptSize: // compacting for every few bytes read would gain nothing
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

// move continues in another Block.
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

// Release puts the block back into its pool while there is nothing to read. Unread
// bytes up to KeptSize are moved out of it; more keep it.
func (in *Buffer) Release() {
	unread := in.Unread()
	if in.block == nil || len(unread) > KeptSize {
		return
	}
	in.kept = append(in.kept[:0], unread...)
	in.giveBack()
	in.buf, in.start = in.kept, 0
}

// Shrink does what Release does, however much is unread: it copies that to memory of
// just its size.
func (in *Buffer) Shrink() {
	unread := slices.Clone(in.Unread())
	in.giveBack()
	in.buf, in.start = unread, 0
}

// Held returns the bytes of the block in use; 0 while the owner waits.
func (in *Buffer) Held() int {
	if in.block == nil {
		return 0
	}
	return cap(in.buf)
}

// Close drops what is unread and puts the block back into its pool.
func (in *Buffer) Close() {
	in.Use(len(in.Unread()))
	in.Release()
}

// ErrStalled is a source's error when nothing came within the Buffer's Patience. It is
// not final.
var ErrStalled = errors.New("nothing came in time")

// Discard reads from a source to its end.
func Discard(from Source) {
	in := Buffer{Source: from}
	for in.Fill() == nil {
		in.Use(len(in.Unread()))
	}
	in.Close()
}

// Cost returns the memory that a message costs of which size bytes have come. Its block
// is doubled as it grows, and the collector lets as much garbage accumulate as there is
// memory in use.
func Cost(size int) int64 { return 2 * int64(SmallBlock+2*size) }

// CostWhole returns the memory that size bytes cost which do not grow, with the garbage.
func CostWhole(size int) int64 { return 2 * int64(size) }
