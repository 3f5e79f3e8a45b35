package hub

import (
	"bytes"
	"iter"
	"slices"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// lines is what a process has written: a copy that is as cheap as it can be, because most
// lines are dropped before somebody asks for them.
type lines struct {
	text  []byte        // lines as they were written, each with its end, LF or CR LF; or else
	chunk *bridge.Chunk // messages of any form
	count int
}

func linesOf(batch []bridge.Message) *lines {
	return &lines{chunk: bridge.NewChunk(batch), count: len(batch)}
}

// size returns the bytes of memory they take.
func (l *lines) size() int {
	if l.chunk != nil {
		return bridge.ChunkCost + l.chunk.Size()
	}
	return bridge.ChunkCost + cap(l.text)
}

// messages returns them one by one, without their ends.
func (l *lines) messages() iter.Seq[bridge.Message] {
	if l.chunk != nil {
		return l.chunk.Messages(0)
	}
	return func(yield func(bridge.Message) bool) {
		for line := range bytes.Lines(l.text) {
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, newline), []byte("\r"))
			if !yield(bridge.Message{Kind: bridge.Text, Data: line}) {
				return
			}
		}
	}
}

const (
	// mostText bounds the text that makes an item: it ends with the line that goes beyond.
	mostText = 8 << 10
	// mostTextLines bounds its lines, which are formed at once when somebody asks for one, and
	// held by whoever is slow to take them: of text that is newlines alone they take two hundred
	// times as much.
	mostTextLines = 1024
)

// Lines publishes lines that a process has written, one message for each. Each must have its
// end, which is LF or CR LF. It copies the text, and looks at no single line until somebody
// asks for it. It never waits for a client.
func (ch *Channel) Lines(process string, text []byte) {
	now := time.Now()
	for len(text) > 0 {
		end := textEnd(text, mostText)
		n := bytes.Count(text[:end], newline)
		for n > mostTextLines {
			end = textEnd(text, end/2)
			n = bytes.Count(text[:end], newline)
		}
		ch.publish(&item{at: now, kind: TypeOutput, process: process, lines: &lines{text: ch.copyOf(text[:end]), count: n}}, n)
		text = text[end:]
	}
}

var newline = []byte("\n")

// copyOf returns a copy of a text that is about to be published. It lies where that of the
// oldest item lies, if that item is dropped for it: to allocate, and to collect, costs more
// than to copy.
func (ch *Channel) copyOf(text []byte) []byte {
	most := int64(ch.limits.Load().Bytes)
	ch.publishing.Lock()
	defer ch.publishing.Unlock()
	left := int64(ch.record.Bytes()+itemCost+bridge.ChunkCost) + int64(len(text))
	if most <= 0 || left <= most {
		return slices.Clone(text)
	}
	var room []byte
	ch.record.DropWhile(func(it *item) bool {
		drops := left > most
		if drops {
			left -= int64(it.size())
			room = it.release(room, len(text))
		}
		return drops
	})
	return append(room[:0], text...)
}

// release takes the memory of an item's text away, if that is what is needed for so many bytes,
// and nobody is forming the item. Else it returns room.
func (it *item) release(room []byte, bytes int) []byte {
	if it.lines == nil || cap(it.lines.text) < bytes || cap(it.lines.text)/2 > bytes || !it.forming.TryLock() {
		return room
	}
	defer it.forming.Unlock()
	it.released, room, it.lines.text = true, it.lines.text, nil
	return room
}

// textEnd returns how much of a text makes an item: the lines in its first most bytes, or the
// first line.
func textEnd(text []byte, most int) int {
	if len(text) <= most {
		return len(text)
	}
	if end := bytes.LastIndexByte(text[:most], '\n'); end >= 0 {
		return end + 1
	}
	return most + bytes.IndexByte(text[most:], '\n') + 1
}
