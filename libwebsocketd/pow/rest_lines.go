package pow

import (
	"bytes"
	"context"
	"strings"
	"unicode/utf8"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/record"
)

// lines keeps the newest lines of an output. One goroutine writes, any number read.
type lines struct {
	whole *record.Log[string] // without their ends
	most  int                 // bytes of all
	open  []byte              // the line that has not ended; it is not shown
}

func newLines(most, bytes int) *lines {
	return restoreLines(most, bytes, record.Snapshot[string]{}, nil)
}

// restoreLines returns lines that go on with those of another server.
func restoreLines(most, bytes int, whole record.Snapshot[string], open []byte) *lines {
	return &lines{whole: record.Restore(record.Limits{Messages: most, Bytes: bytes}, whole), most: bytes, open: open}
}

// write adds output.
func (l *lines) write(batch []bridge.Message) {
	for i := range batch {
		for data := batch[i].Data; len(data) > 0; {
			part, rest, ends := bytes.Cut(data, []byte("\n"))
			l.open, data = append(l.open, part...), rest
			if ends {
				l.end()
			} else if enough := l.most + len("\r"); len(l.open) > 2*enough {
				l.open = append(l.open[:0], l.open[len(l.open)-enough:]...)
			}
		}
	}
}

// end ends the open line.
func (l *lines) end() {
	l.open = bytes.TrimSuffix(l.open, []byte("\r"))
	line := string(l.tail())
	l.whole.Append(context.Background(), line, 1, len(line)+1)
	l.open = l.open[:0]
}

// tail returns as much of the open line as is kept: like older lines, its beginning gives way.
func (l *lines) tail() []byte {
	tail := l.open[max(0, len(l.open)-l.most):]
	for len(tail) > 0 && !utf8.RuneStart(tail[0]) { // the rest of a character
		tail = tail[1:]
	}
	return tail
}

// atOnce is a Context that is done: its reader does not wait.
var atOnce = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// String returns the lines that are kept, with newlines between them.
func (l *lines) String() string {
	first, last := l.whole.Kept()
	kept, _ := l.whole.From(0).NextKept(atOnce, make([]record.Entry[string], 0, last+1-first)) // no lines is no error
	var b strings.Builder
	for i := range kept {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(kept[i].Item)
	}
	return b.String()
}
