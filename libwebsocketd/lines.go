package libwebsocketd

import (
	"bytes"
	"io"
)

const (
	firstBuffer = 4 << 10  // an idle program's share of memory
	chunkSize   = 64 << 10 // the most one read takes: a pipe's capacity on Linux
)

// lineReader cuts a stream into lines. A line ends with LF or CR LF; the last
// one needs no end. One longer than max bytes is delivered in pieces of at most
// max bytes, cut between characters, and never held whole.
type lineReader struct {
	source io.Reader
	max    int
	long   func() // told of the first line over max

	buf     []byte
	start   int  // buf[start:] is what no line was made of yet
	scanned int  // buf[start:scanned] holds no LF
	full    bool // the last read filled the buffer
	err     error
	lines   [][]byte
}

func newLineReader(source io.Reader, max int, long func()) *lineReader {
	return &lineReader{source: source, max: max, long: long, buf: make([]byte, 0, firstBuffer)}
}

// next blocks for at least one line and returns those that one read completed,
// mostLines at a time. They are valid until the next call. The error is the source's, after the last
// line.
func (l *lineReader) next() ([][]byte, error) {
	l.lines = l.lines[:0]
	for {
		l.split()
		if len(l.lines) > 0 {
			return l.lines, nil
		}
		if l.err != nil {
			return l.rest()
		}
		l.fill()
	}
}

// mostLines bounds what very short lines cost: each is a slice and a message.
const mostLines = 1024

// split takes the lines that are complete, and pieces of one that is too long.
func (l *lineReader) split() {
	for {
		if len(l.lines) >= mostLines {
			return
		}
		i := bytes.IndexByte(l.buf[l.scanned:], '\n')
		if i < 0 {
			l.scanned = len(l.buf)
			break
		}
		line := l.buf[l.start : l.scanned+i]
		l.start = l.scanned + i + 1
		l.scanned = l.start
		l.add(bytes.TrimSuffix(line, []byte("\r")))
	}
	// Two bytes more than max, lest a CR LF behind a line of max bytes be cut off.
	if open := l.buf[l.start:]; len(open) >= l.max+2 {
		cut := cutBefore(open, l.max)
		l.lines = append(l.lines, open[:cut])
		l.start += cut
		l.tooLong()
	}
}

// add appends a complete line, in pieces if need be.
func (l *lineReader) add(line []byte) {
	for len(line) > l.max {
		cut := cutBefore(line, l.max)
		l.lines = append(l.lines, line[:cut])
		line = line[cut:]
		l.tooLong()
	}
	l.lines = append(l.lines, line)
}

func (l *lineReader) tooLong() {
	if l.long != nil {
		l.long()
		l.long = nil
	}
}

// rest is the unterminated last line, then the error.
func (l *lineReader) rest() ([][]byte, error) {
	if open := l.buf[l.start:]; len(open) > 0 {
		l.start, l.scanned = len(l.buf), len(l.buf)
		l.add(open)
		return l.lines, nil
	}
	return nil, l.err
}

// fill reads once, behind the open line.
func (l *lineReader) fill() {
	open := l.buf[l.start:]
	buf := l.buf[:0]
	if size := l.size(len(open)); size != cap(buf) {
		buf = make([]byte, 0, size)
	}
	l.buf = append(buf, open...)
	l.scanned -= l.start
	l.start = 0
	room := l.buf[len(l.buf):min(cap(l.buf), len(l.buf)+chunkSize)]
	n, err := l.source.Read(room)
	l.full = n == len(room)
	l.buf = l.buf[:len(l.buf)+n]
	l.err = err
}

// size is how large the buffer ought to be: a chunk once a read has filled it,
// more only as long as a line needs the room.
func (l *lineReader) size(open int) int {
	size := cap(l.buf)
	switch {
	case open == size:
		return min(2*size, l.max+2+chunkSize)
	case l.full && size < chunkSize:
		return 2 * size
	case size > chunkSize && open < chunkSize/2:
		return chunkSize
	}
	return size
}
