package pow

import (
	"bytes"
	"encoding/json"
)

// lastLine notes the last line of an output that is not blank.
type lastLine struct {
	most    int    // bytes of a line
	line    []byte // whole
	open    []byte // has not ended yet
	tooLong bool   // open had more than most bytes
}

func (l *lastLine) write(data []byte) {
	for len(data) > 0 {
		part, rest, ends := bytes.Cut(data, []byte("\n"))
		if l.tooLong = l.tooLong || len(l.open)+len(part) > l.most; !l.tooLong {
			l.open = append(l.open, part...)
		}
		if data = rest; ends {
			l.end()
		}
	}
}

// end ends the open line.
func (l *lastLine) end() {
	switch {
	case l.tooLong:
		l.line, l.open = []byte("too long"), nil // which is no JSON
	case len(bytes.TrimSpace(l.open)) > 0:
		l.line, l.open = l.open, l.line[:0]
	}
	l.open, l.tooLong = l.open[:0], false
}

// value returns the line as JSON: null if there was none, nil if it is no JSON.
func (l *lastLine) value() json.RawMessage {
	l.end()
	switch {
	case l.line == nil:
		return null
	case !isValue(l.line):
		return nil
	}
	return bytes.TrimSpace(l.line)
}
