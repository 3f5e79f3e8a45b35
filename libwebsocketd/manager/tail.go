package manager

import (
	"bytes"
	"slices"
	"sync"
	"time"
)

// mostTail is how many bytes the newest lines of an instance may take that are kept for Tail.
const mostTail = 256 << 10

// pieceCost is what a piece takes beside its lines: a line of standard error comes alone.
const pieceCost = 96

// LogLine is a line that an instance has written.
type LogLine struct {
	At     time.Time
	Name   string // of the instance
	Stream Stream
	Text   string
}

// tail keeps the newest lines of an instance, over all of its processes.
type tail struct {
	mu    sync.Mutex
	kept  []piece
	bytes int
}

// piece is lines that came together.
type piece struct {
	at     time.Time
	stream Stream
	lines  []byte // each with LF
}

// cost returns what keeping the piece takes.
func (p *piece) cost() int { return len(p.lines) + pieceCost }

// add adds whole lines, each with LF. They are the tail's from then on.
func (t *tail) add(stream Stream, text []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(piece{time.Now(), stream, text})
}

// put adds a piece, and drops the oldest ones for which there is no room; t.mu is held.
func (t *tail) put(p piece) {
	t.kept = append(t.kept, p)
	t.bytes += p.cost()
	drop := 0
	for t.bytes > mostTail && drop < len(t.kept)-1 {
		t.bytes -= t.kept[drop].cost()
		t.kept[drop] = piece{}
		drop++
	}
	t.kept = t.kept[drop:]
}

// last returns the newest lines, at most that many.
func (t *tail) last(name string, lines int) (found []LogLine) {
	t.mu.Lock()
	kept := slices.Clone(t.kept)
	t.mu.Unlock()
	for _, p := range slices.Backward(kept) {
		if len(found) >= lines {
			break
		}
		var of []LogLine
		for line := range bytes.Lines(p.lines) {
			of = append(of, LogLine{p.at, name, p.stream, string(bytes.ToValidUTF8(bytes.TrimSuffix(line, []byte("\n")), []byte("\uFFFD")))})
		}
		slices.Reverse(of)
		found = append(found, of[:min(len(of), lines-len(found))]...)
	}
	slices.Reverse(found)
	return found
}

// Tail returns the newest lines that a program has written, or one instance, in the order in which
// they came, at most that many. What is kept of each instance takes 256 KiB at most, or as much as
// what came last.
func (m *Manager) Tail(name string, lines int) ([]LogLine, error) {
	s, one, err := m.find(name)
	if err != nil {
		return nil, err
	}
	of := s.list()
	if one != nil {
		of = []*instance{one}
	}
	var all []LogLine
	for _, i := range of {
		all = append(all, i.tail.last(i.info().Name, lines)...)
	}
	slices.SortStableFunc(all, func(a, b LogLine) int { return a.At.Compare(b.At) })
	return all[max(0, len(all)-lines):], nil
}
