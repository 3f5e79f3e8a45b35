package libwebsocketd

import (
	"bytes"
	"unicode/utf8"
)

// lineReader cuts a stream into lines. A line ends with LF or CR LF; the last
// one needs no end. One longer than max bytes is delivered in pieces of at most
// max bytes, cut between characters, and never held whole.
type lineReader struct {
	in   inbox
	max  int
	long func() // told of the first line over max

	scanned int    // so many unread bytes hold no LF
	text    []byte // what the batch was made of, line ends included
}

func newLineReader(from source, max int, long func()) *lineReader {
	// Two bytes more than max, lest a CR LF behind a line of max bytes be cut off.
	return &lineReader{in: inbox{source: from, most: max + 2}, max: max, long: long}
}

// next blocks for at least one line and returns those that one read completed,
// as text messages that may be no UTF-8. They are valid until the next call. The
// error is the source's, after the last line.
func (l *lineReader) next() ([]Message, error) {
	l.in.batch = l.in.batch[:0]
	for {
		l.split()
		if len(l.in.batch) > 0 {
			return l.in.batch, nil
		}
		l.text = nil // even when it is empty it would hold the room
		if err := l.in.fill(); err == errEmpty {
			return nil, err
		} else if err != nil {
			return l.rest(err)
		}
	}
}

// split takes the lines that are complete, and pieces of one that is too long.
func (l *lineReader) split() {
	unread, batch := l.in.unread(), l.in.batch
	start, scanned := 0, l.scanned
	for len(batch) < mostMessages {
		i := bytes.IndexByte(unread[scanned:], '\n')
		if i < 0 {
			scanned = len(unread)
			break
		}
		line := unread[start : scanned+i]
		start = scanned + i + 1
		scanned = start
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		if len(line) > l.max {
			line = l.cut(&batch, line)
		}
		batch = append(batch, Message{Kind: Text, Data: line})
	}
	for open := unread[start:scanned]; len(open) >= l.max+2 && len(batch) < mostMessages; {
		open = l.cutOne(&batch, open)
		start = scanned - len(open)
	}
	l.in.batch = batch
	l.text = unread[:start]
	l.in.use(start)
	l.scanned = scanned - start
}

// cut takes pieces of a line that is too long, and leaves the last one.
func (l *lineReader) cut(batch *[]Message, line []byte) []byte {
	for len(line) > l.max {
		line = l.cutOne(batch, line)
	}
	return line
}

func (l *lineReader) cutOne(batch *[]Message, line []byte) []byte {
	n := cutBefore(line, l.max)
	*batch = append(*batch, Message{Kind: Text, Data: line[:n]})
	if l.long != nil {
		l.long()
		l.long = nil
	}
	return line[n:]
}

// rest is the unterminated last line, then the error.
func (l *lineReader) rest(err error) ([]Message, error) {
	open := l.in.unread()
	if len(open) == 0 {
		l.in.close()
		return nil, err
	}
	l.in.use(len(open))
	l.scanned, l.text = 0, open
	open = l.cut(&l.in.batch, open)
	l.in.batch = append(l.in.batch, Message{Kind: Text, Data: open})
	return l.in.batch, nil
}

// makeValid makes messages valid UTF-8 that were made of all. It looks at all of it
// first: message by message is for the rare case that some is not UTF-8.
func makeValid(batch []Message, all []byte) {
	if utf8.Valid(all) {
		return
	}
	for i := range batch {
		batch[i].Data = validText(batch[i].Data)
	}
}
