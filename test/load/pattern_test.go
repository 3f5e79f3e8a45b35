package main

import (
	"bytes"
	"io"
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

// talk passes what a server sends to a client, and returns the result of its check
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

// A client that comes later begins with any line, and misses none from there on.
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

// A follower of a paced child distinguishes missing numbers from wrong ones. Where it
// begins depends on other listeners.
func TestFollowPaced(t *testing.T) {
	t.Parallel()
	ping := appendServerFrame(nil, pingFrame, nil)
	for _, c := range []struct {
		name             string
		shared           bool
		numbers          []int // -1 is another line
		total, lost, bad int64
	}{
		{"all", false, []int{0, 1, 2}, 3, 0, 0},
		{"one is lost", false, []int{0, 2, 3}, 3, 1, 0},
		{"the first is lost", false, []int{1, 2}, 2, 1, 0},
		{"from another", true, []int{7, 8}, 2, 0, 0},
		{"from another, one is lost", true, []int{7, 9}, 2, 1, 0},
		{"one comes twice", true, []int{7, 7, 8}, 3, 0, 1},
		{"another line", true, []int{7, -1, 9}, 3, 0, 1},
	} {
		sent := bytes.Clone(ping)
		for _, number := range c.numbers {
			line := []byte("another line")
			if number >= 0 {
				line = pacedLine(number, 1000, pacedSize)
			}
			sent = append(appendServerFrame(sent, textFrame, line), ping...)
		}
		var total, each int64
		w := &wire{from: bytes.NewReader(sent)}
		lost, bad, err := (&client{Conn: w, in: newReader(w, smallBuffer)}).followPaced(c.shared,
			func(n int64) { total = n },
			func(number int, ns, now int64) {
				if ns != 1000 || now <= ns {
					t.Errorf("%s: line %d of %d came at %d", c.name, number, ns, now)
				}
				each++
			})
		if total != c.total || lost != c.lost || bad != c.bad || err != io.EOF {
			t.Errorf("%s: %d lines, %d lost, %d wrong, %v", c.name, total, lost, bad, err)
		}
		if right := c.total - int64(countOf(c.numbers, -1)); each != right {
			t.Errorf("%s: %d lines were told, not %d", c.name, each, right)
		}
	}
}

func countOf(all []int, one int) (n int) {
	for _, i := range all {
		if i == one {
			n++
		}
	}
	return n
}

// A line belongs to the phase in which it was written, in whatever order it comes.
func TestPhases(t *testing.T) {
	t.Parallel()
	var p phases
	before := monotonic()
	if first, second := p.next(), p.next(); first != 1 || second != 2 {
		t.Fatalf("phases %d, %d", first, second)
	}
	log := ageLog{of: &p}
	for i, ns := range []int64{before, p.begins[1].Load(), p.begins[2].Load()} {
		log.add(ns, ns+int64(10*(i+1)))
	}
	log.add(p.begins[2].Load(), p.begins[2].Load()-5)
	log.add(p.begins[2].Load(), p.begins[2].Load()+1<<40)
	log.end()
	for phase, want := range [][]int64{{10}, {20}, {0, 30, 1<<32 - 1}, nil} {
		if got := p.sorted(phase); !slices.Equal(got, want) {
			t.Errorf("phase %d: %v", phase, got)
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
