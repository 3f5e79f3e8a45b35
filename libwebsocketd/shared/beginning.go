package shared

import (
	"sync"
	"unicode/utf8"

	"websocketd/libwebsocketd"
)

// beginning is the first part of a process's output, such as a heading, or what a
// decoder needs to know. It is for viewers that come when the history no longer has it.
// For viewers that were there from the start it changes nothing.
type beginning struct {
	most int  // limit in bytes
	cuts bool // messages are pieces of a stream, so the last one may be cut

	mu    sync.Mutex
	first uint64 // the number of the first message
	chunk *libwebsocketd.Chunk
	room  int  // bytes left of most
	full  bool // nothing more is added
	cut   bool // the last message was cut
}

// newBeginning returns an empty beginning, of a process whose first message is number 1.
func newBeginning(most int, cuts bool) *beginning {
	b := &beginning{most: most, cuts: cuts}
	b.restart(1)
	return b
}

// restart empties it: another process begins with message number first.
func (b *beginning) restart(first uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.first, b.chunk, b.room, b.full, b.cut = first, libwebsocketd.NewChunk(nil), b.most, b.most == 0, false
}

// add keeps the whole messages that there is room for; an empty one takes one byte. It
// returns the size of the first message if that was too large, else 0.
func (b *beginning) add(chunk *libwebsocketd.Chunk) (tooLarge int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.full {
		return 0
	}
	var batch []libwebsocketd.Message
	for m := range chunk.Messages(0) {
		size := max(1, len(m.Data))
		if size > b.room {
			b.full = true
			if b.cuts && b.room > 0 {
				m.Data, b.cut = prefix(m, b.room), true
				batch = append(batch, m)
			} else if len(batch) == 0 && b.chunk.Tally().Messages == 0 {
				tooLarge = size
			}
			break
		}
		b.room -= size
		batch = append(batch, m)
	}
	b.chunk = b.chunk.Then(batch)
	return tooLarge
}

// prefix returns at most the given number of bytes of a piece of a stream. It does not
// cut a character of text.
func prefix(m libwebsocketd.Message, most int) []byte {
	for m.Kind == libwebsocketd.Text && most > 0 && !utf8.RuneStart(m.Data[most]) {
		most--
	}
	return m.Data[:most]
}

// between returns the part of the beginning that lies after message after, and before
// message before. missing is the number of the first message that follows and is not
// returned whole; it is before if there is none. A viewer that lacks messages from
// before the beginning gets nothing.
func (b *beginning) between(after, before uint64) (d libwebsocketd.Delivery, missing uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if after+1 < b.first || before <= b.first {
		return d, after + 1
	}
	count := min(uint64(b.chunk.Tally().Messages), before-b.first)
	skip := after + 1 - b.first
	if count <= skip {
		return d, after + 1
	}
	missing = b.first + count
	if b.cut && count == uint64(b.chunk.Tally().Messages) {
		missing--
	}
	chunk := b.chunk // if possible the same Chunk for all: what is made of it is made once
	if count < uint64(chunk.Tally().Messages) {
		chunk, _ = chunk.Cut(int(count))
	}
	return libwebsocketd.Delivery{Chunk: chunk, First: b.first, Skip: int(skip)}, missing
}

// begun is a beginning on its way from one server to another.
type begun struct {
	First     uint64
	Chunk     *libwebsocketd.Chunk
	Room      int
	Full, Cut bool
}

func (b *beginning) snapshot() begun {
	b.mu.Lock()
	defer b.mu.Unlock()
	return begun{b.first, b.chunk, b.room, b.full, b.cut}
}

// restore makes it what another server has handed over.
func (b *beginning) restore(from begun) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.first, b.chunk, b.room, b.full, b.cut = from.First, from.Chunk, from.Room, from.Full, from.Cut
}

// start returns the number of the first message of the process.
func (b *beginning) start() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.first
}

// before returns which of its messages lie before a message, nil if none does.
func (b *beginning) before(number uint64) *Span {
	b.mu.Lock()
	defer b.mu.Unlock()
	end := min(b.first+uint64(b.chunk.Tally().Messages), number)
	if end <= b.first {
		return nil
	}
	return &Span{b.first, end - 1}
}

// size returns how many bytes of memory it takes.
func (b *beginning) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.chunk.Size()
}
