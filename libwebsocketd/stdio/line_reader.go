package stdio

import (
	"bytes"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/text"
)

// lineReader cuts a stream into lines. A line ends with LF or CR LF; the last
// one needs no end. One longer than max bytes is delivered in pieces of at most
// max bytes, cut between characters, and never held whole.
type lineReader struct {
	in   readbuf.Buffer
	max  int
	long func() // called at the first line over max

	scanned int    // how many unread bytes are known to hold no LF
	text    []byte // what the batch was made of, line ends included
	cuts    bool   // some message of the batch is a piece of a line, or has no end
}

func newLineReader(from readbuf.Source, max int, long func()) *lineReader {
	// Two bytes more than max, so that a CR LF after a line of max bytes is not cut off.
	return &lineReader{in: readbuf.Buffer{Source: from, MaxUnread: max + 2}, max: max, long: long}
}

// Next blocks for at least one line and returns those that one read completed, as
// text messages that may not be UTF-8. They are valid until the next call. The
// error is the source's, after the last line.
func (l *lineReader) Next() ([]bridge.Message, error) {
	l.in.Begin()
	for {
		l.split()
		if len(l.in.Batch) > 0 {
			return l.in.Batch, nil
		}
		l.text = nil // even when it is empty it would hold the block
		if err := l.in.Fill(); err == readbuf.ErrEmpty {
			return nil, err
		} else if err != nil {
			return l.rest(err)
		}
	}
}

// split takes the lines that are complete, and pieces of one that is too long.
func (l *lineReader) split() {
	l.cuts = false
	unread, batch := l.in.Unread(), l.in.Batch
	start, scanned := 0, l.scanned
	for len(batch) < readbuf.MaxBatch {
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
		batch = append(batch, bridge.Message{Kind: bridge.Text, Data: line})
	}
	for open := unread[start:scanned]; len(open) >= l.max+2 && len(batch) < readbuf.MaxBatch; {
		open = l.cutOne(&batch, open)
		start = scanned - len(open)
	}
	l.in.Batch = batch
	l.text = unread[:start]
	l.in.Use(start)
	l.scanned = scanned - start
}

// cut appends the pieces of a line that is too long to batch, but for the last one,
// which it returns.
func (l *lineReader) cut(batch *[]bridge.Message, line []byte) []byte {
	for len(line) > l.max {
		line = l.cutOne(batch, line)
	}
	return line
}

func (l *lineReader) cutOne(batch *[]bridge.Message, line []byte) []byte {
	l.cuts = true
	n := text.CutBefore(line, l.max)
	*batch = append(*batch, bridge.Message{Kind: bridge.Text, Data: line[:n]})
	if l.long != nil {
		l.long()
		l.long = nil
	}
	return line[n:]
}

// rest returns the unterminated last line, and err at the next call.
func (l *lineReader) rest(err error) ([]bridge.Message, error) {
	open := l.in.Unread()
	if len(open) == 0 {
		l.in.Close()
		return nil, err
	}
	l.in.Use(len(open))
	l.scanned, l.text, l.cuts = 0, open, true
	open = l.cut(&l.in.Batch, open)
	l.in.Batch = append(l.in.Batch, bridge.Message{Kind: bridge.Text, Data: open})
	return l.in.Batch, nil
}
