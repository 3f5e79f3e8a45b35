package shared

import (
	"sync"
	"unicode/utf8"

	"websocketd/libwebsocketd"
)

// beginning is the first of what a process has said, for viewers that come when the
// history has it no longer: a heading, or what a decoder needs to know. Viewers that
// were there from the start do not notice it.
type beginning struct {
	most int  // bytes
	cuts bool // messages are pieces of a stream, and the last one may be cut

	mu    sync.Mutex
	first uint64 // the number of the first message
	said  *libwebsocketd.Chunk
	room  int
	full  bool // nothing more is taken
	cut   bool // the last message is
}

func newBeginning(most int, cuts bool) *beginning {
	b := &beginning{most: most, cuts: cuts}
	b.restart(1)
	return b
}

// restart forgets it: another process begins with message number first.
func (b *beginning) restart(first uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.first, b.said, b.room, b.full, b.cut = first, libwebsocketd.NewChunk(nil), b.most, b.most == 0, false
}

// add takes what there is room for, whole messages; an empty one takes one byte of it.
// It returns the size of the first message if that was too large, and 0 otherwise.
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
			} else if len(batch) == 0 && b.said.Tally().Messages == 0 {
				tooLarge = size
			}
			break
		}
		b.room -= size
		batch = append(batch, m)
	}
	b.said = b.said.Then(batch)
	return tooLarge
}

// prefix is the first bytes of a piece of a stream, and of text no part of a
// character.
func prefix(m libwebsocketd.Message, most int) []byte {
	for m.Kind == libwebsocketd.Text && most > 0 && !utf8.RuneStart(m.Data[most]) {
		most--
	}
	return m.Data[:most]
}

// between is what there is of messages after..before-1, and the number of the first
// of them that is missing in what follows: that is before if none is. Who has seen
// something, but not the beginning itself, does not get it.
func (b *beginning) between(after, before uint64) (d libwebsocketd.Delivery, missing uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if after+1 < b.first || before <= b.first {
		return d, after + 1
	}
	count := min(uint64(b.said.Tally().Messages), before-b.first)
	skip := after + 1 - b.first
	if count <= skip {
		return d, after + 1
	}
	missing = b.first + count
	if b.cut && count == uint64(b.said.Tally().Messages) {
		missing--
	}
	said := b.said // the same Chunk for all, if it may be: what is made of it is made once
	if count < uint64(said.Tally().Messages) {
		said, _ = said.Cut(int(count))
	}
	return libwebsocketd.Delivery{Chunk: said, First: b.first, Skip: int(skip)}, missing
}

// start is the number of the first message of the process.
func (b *beginning) start() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.first
}

// size is how many bytes of memory it takes.
func (b *beginning) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.said.Size()
}
