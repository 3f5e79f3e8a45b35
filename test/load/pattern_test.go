package main

import (
	"bytes"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, size := range sizes {
		p := newPattern(size.bytes, asLine)
		if p.lines < 7 || p.unit != size.bytes+1 || len(p.ring) != p.cycle()+chunk {
			t.Errorf("%s: %d lines of %d in %d bytes", size.name, p.lines, p.unit, len(p.ring))
		}
		for i := range p.lines {
			line := p.line(i)
			if number, err := strconv.Atoi(string(line[:digits])); err != nil || number != i || len(line) != size.bytes {
				t.Fatalf("%s: line %d is %.20q", size.name, i, line)
			}
		}
		if n := min(chunk, p.unit); !bytes.Equal(p.ring[p.cycle():][:n], p.wrapped(0)[:n]) {
			t.Errorf("%s: the cycle does not begin again", size.name)
		}
	}
	frames := newPattern(100, asServerFrame)
	if !bytes.Equal(frames.line(3), newPattern(100, asLine).line(3)) {
		t.Error("a line in a frame is another one")
	}
}

// pieces cuts b into n bytes each.
func pieces(b []byte, n int) [][]byte { return slices.Collect(slices.Chunk(b, n)) }

// A check counts right, whatever the pieces are.
func TestCheckInPieces(t *testing.T) {
	t.Parallel()
	p := newPattern(10, asLine)
	wire := slices.Repeat(p.ring[:p.cycle()], 3)
	for _, n := range []int{7, 4096, chunk} {
		c := &check{p: p}
		var pending []byte
		for _, piece := range pieces(wire, n) {
			pending = append(pending, piece...)
			pending = pending[c.match(pending):]
		}
		if c.got != int64(3*p.lines) || c.lost != 0 || c.bad != 0 || len(pending) != 0 {
			t.Errorf("pieces of %d: %d lines, %d lost, %d wrong, %d bytes left", n, c.got, c.lost, c.bad, len(pending))
		}
	}
}

// wire is a connection of which only reading and writing are used.
type wire struct {
	net.Conn
	from *bytes.Reader
	to   bytes.Buffer
}

func (w *wire) Read(b []byte) (int, error)  { return w.from.Read(b) }
func (w *wire) Write(b []byte) (int, error) { return w.to.Write(b) }

// talk gives what a server sends to a client, and returns what its check found
// and how many bytes the client sent.
func talk(p *pattern, sent []byte) (found *check, answered int) {
	w := &wire{from: bytes.NewReader(sent)}
	found = &check{p: p}
	(&client{Conn: w, in: newReader(w, floodBuffer)}).follow(found, func(int64) {})
	return found, w.to.Len()
}

func TestFollow(t *testing.T) {
	t.Parallel()
	p := newPattern(100, asServerFrame)
	all := func(from, to int) []byte { return p.ring[from*p.unit : to*p.unit] }
	fragment := func(i int) []byte {
		line := p.line(i)
		wire := appendServerFrame(nil, textFrame&^final, line[:40])
		wire = appendServerFrame(wire, pingFrame, nil)
		wire = appendServerFrame(wire, 0, line[40:99])
		return appendServerFrame(wire, final, line[99:])
	}
	short := appendServerFrame(nil, textFrame, p.line(5)[:99])
	other := appendServerFrame(nil, textFrame, append([]byte("00005"), bytes.Repeat([]byte{'?'}, 95)...))
	for _, c := range []struct {
		name           string
		wire           [][]byte
		got, lost, bad int64
	}{
		{"all", [][]byte{all(0, 100)}, 100, 0, 0},
		{"a ping", [][]byte{all(0, 50), appendServerFrame(nil, pingFrame, []byte("?")), all(50, 100)}, 100, 0, 0},
		{"fragments", [][]byte{all(0, 5), fragment(5), all(6, 100)}, 100, 0, 0},
		{"one is lost", [][]byte{all(0, 5), all(6, 100)}, 99, 1, 0},
		{"many are lost", [][]byte{all(0, 5), all(90, 100)}, 15, 85, 0},
		{"one comes twice", [][]byte{all(0, 5), all(4, 100)}, 101, int64(p.lines - 1), 0},
		{"one is short", [][]byte{all(0, 5), short, all(6, 100)}, 100, 0, 1},
		{"one is another", [][]byte{all(0, 5), other, all(6, 100)}, 100, 0, 1},
	} {
		found, answered := talk(p, slices.Concat(c.wire...))
		if found.got != c.got || found.lost != c.lost || found.bad != c.bad {
			t.Errorf("%s: %d lines, %d lost, %d wrong", c.name, found.got, found.lost, found.bad)
		}
		if pings := bytes.Count(slices.Concat(c.wire...), []byte{pingFrame}); (answered > 0) != (pings > 0) {
			t.Errorf("%s: %d pings were answered with %d bytes", c.name, pings, answered)
		}
	}
}

// Who comes later begins with any line, and misses none from there on.
func TestJoin(t *testing.T) {
	t.Parallel()
	p := newPattern(100, asServerFrame)
	for _, c := range []struct {
		name           string
		lines          []int
		got, lost, bad int64
	}{
		{"from the first", []int{0, 1, 2}, 3, 0, 0},
		{"from another", []int{7, 8, 9}, 3, 0, 0},
		{"over the end", []int{p.lines - 1, 0, 1}, 3, 0, 0},
		{"one is lost", []int{7, 9}, 2, 1, 0},
		{"one comes twice", []int{7, 7}, 2, int64(p.lines - 1), 0},
	} {
		check := &check{p: p}
		check.join(p.line(c.lines[0]))
		for _, i := range c.lines[1:] {
			if n := check.match(p.wrapped(i)); n == 0 {
				check.take(p.line(i))
			}
		}
		if check.got != c.got || check.lost != c.lost || check.bad != c.bad {
			t.Errorf("%s: %d lines, %d lost, %d wrong", c.name, check.got, check.lost, check.bad)
		}
	}
	for _, other := range []string{"", "00007", "x0007" + strings.Repeat("h", 95), "00007" + strings.Repeat("i", 95), "-0007" + strings.Repeat("h", 95)} {
		check := &check{p: p}
		if check.join([]byte(other)); check.got != 1 || check.bad != 1 {
			t.Errorf("%.10q is a line of the pattern", other)
		}
	}
}

func TestExtremes(t *testing.T) {
	t.Parallel()
	if least, most := extremes([]int64{90, 100, 110}); least != 0.9 || most != 1.1 {
		t.Errorf("%v, %v", least, most)
	}
	if least, most := extremes([]int64{5}); least != 1 || most != 1 {
		t.Errorf("of one: %v, %v", least, most)
	}
	if least, most := extremes([]int64{0, 0}); least.ok() || most.ok() {
		t.Errorf("of nothing: %v, %v", least, most)
	}
}

func TestPacedLine(t *testing.T) {
	t.Parallel()
	line := pacedLine(17, 123456789, pacedSize)
	number, ns, err := parsePaced(line)
	if len(line) != pacedSize || number != 17 || ns != 123456789 || err != nil {
		t.Errorf("%q: %d, %d, %v", line, number, ns, err)
	}
	if _, _, err := parsePaced(line[:63]); err == nil {
		t.Error("a short line is one")
	}
}
