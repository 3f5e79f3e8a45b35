package exchange

import (
	"bytes"
	"sync"
	"weak"

	"websocketd/libwebsocketd/bridge"
)

const (
	// sectionSize ends a section. It is so much less than a piece that a section of
	// short messages is one.
	sectionSize = pieceSize - 1<<10

	// sectionCost is what a section takes besides its text.
	sectionCost = 256

	// mostFormed bounds the text of all sections that are kept: of somewhat more than
	// the history of a program by default, over which the clients of a flood spread.
	mostFormed = 4 << 20
)

// formed is what clients of the same program share.
var formed = sections{most: mostFormed, kept: map[sectionKey]*section{}}

// sections keeps the text of what was said last, whoever said it, and so forms it once
// for all clients that are about as far as one another. The oldest goes first, and a
// client that comes for it later forms it again. What is being written is also held by
// those who write it, one section each. It keeps no Chunk.
type sections struct {
	most int

	mu    sync.Mutex
	kept  map[sectionKey]*section
	order []sectionKey // of those whose text is there, the oldest first
	bytes int
}

type sectionKey struct {
	form   Encoder
	chunk  weak.Pointer[bridge.Chunk]
	number uint64 // of the first message
}

// section is the text of some messages of a Chunk, up to its end or sectionSize.
type section struct {
	once     sync.Once
	text     []byte
	messages int
}

// section returns the one of a Chunk that begins with message number, which there must
// be. rest is what is left of the Chunk, and may begin before that.
func (t *sections) section(f Encoder, of *bridge.Chunk, number uint64, rest *remainder) *section {
	key := sectionKey{f, weak.Make(of), number}
	s := t.find(key)
	s.once.Do(func() {
		s.put(f, number, rest.from(number))
		t.keep(key, len(s.text)+sectionCost)
	})
	return s
}

func (t *sections) find(key sectionKey) *section {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.kept[key]
	if s == nil {
		s = new(section)
		t.kept[key] = s
	}
	return s
}

// keep counts a section, and lets go of the oldest for it, or of itself if it is too
// large.
func (t *sections) keep(key sectionKey, size int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.order = append(t.order, key)
	for t.bytes += size; t.bytes > t.most; t.order = t.order[1:] {
		oldest := t.order[0]
		t.bytes -= len(t.kept[oldest].text) + sectionCost
		delete(t.kept, oldest)
	}
}

// put makes the text.
func (s *section) put(f Encoder, number uint64, rest *bridge.Chunk) {
	room := rooms.Get().(*[]byte)
	b := (*room)[:0]
	for m := range rest.Messages(0) {
		b = f.Message(b, number+uint64(s.messages), &m)
		if s.messages++; len(b) >= sectionSize {
			break
		}
	}
	s.text = bytes.Clone(b)
	giveBack(room, b)
}

// remainder is what is left of a Chunk from message first on. A client goes through a
// Chunk with one: it walks only to what nobody has formed, and no way twice.
type remainder struct {
	chunk *bridge.Chunk
	first uint64
}

// from returns what is left from message number on, and forgets what is before.
func (r *remainder) from(number uint64) *bridge.Chunk {
	_, r.chunk = r.chunk.Cut(int(number - r.first))
	r.first = number
	return r.chunk
}
