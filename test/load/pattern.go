package main

import (
	"bytes"
	"fmt"
	"strconv"
)

// chunk is how many bytes a child writes and a bare reader reads at once.
const chunk = 64 << 10

// digits is the length of the number that every line of a pattern begins with.
const digits = 5

// A wrapping appends a line in the form in which it is sent.
type wrapping func(to, line []byte) []byte

func asLine(to, line []byte) []byte        { return append(append(to, line...), '\n') }
func asServerFrame(to, line []byte) []byte { return appendServerFrame(to, textFrame, line) }
func asClientFrame(to, line []byte) []byte { return appendClientFrame(to, textFrame, line) }

// A pattern is a cycle of lines, each of which begins with its number. Sender and
// receiver know it beforehand, so sending costs one write, and checking every byte
// costs one comparison of memory.
type pattern struct {
	size  int    // bytes of a line, without what wraps it
	unit  int    // bytes of a line with what wraps it
	head  int    // bytes before the line
	lines int    // in a cycle; a prime, so that the loss of a round number of lines is noticed
	ring  []byte // a cycle, then the first chunk of the next one
}

func newPattern(size int, wrap wrapping) *pattern {
	p := &pattern{size: size, lines: nextPrime(max(2*chunk/(size+1), 7))}
	for i := range p.lines {
		p.ring = wrap(p.ring, p.makeLine(i))
	}
	p.unit = len(p.ring) / p.lines
	p.head = bytes.Index(p.ring[:p.unit], p.makeLine(0))
	for extra := 0; extra < chunk; {
		n := min(chunk-extra, p.cycle())
		p.ring = append(p.ring, p.ring[:n]...)
		extra += n
	}
	return p
}

// makeLine returns line i: its number, and a letter that differs from the neighbor's.
func (p *pattern) makeLine(i int) []byte {
	line := bytes.Repeat([]byte{'a' + byte(i%26)}, p.size)
	copy(line, fmt.Sprintf("%0*d", digits, i))
	return line
}

// cycle returns the length of a cycle in bytes.
func (p *pattern) cycle() int { return p.unit * p.lines }

// line returns line i of a pattern that is not masked.
func (p *pattern) line(i int) []byte { return p.wrapped(i)[p.head : p.head+p.size] }

// number returns which line of the pattern this is, if it is one.
func (p *pattern) number(line []byte) (i int, ok bool) {
	if len(line) != p.size {
		return 0, false
	}
	i, err := strconv.Atoi(string(line[:digits]))
	return i, err == nil && i >= 0 && i < p.lines && bytes.Equal(line, p.line(i))
}

// wrapped returns line i as it is sent.
func (p *pattern) wrapped(i int) []byte { return p.ring[i*p.unit : (i+1)*p.unit] }

func nextPrime(n int) int {
	for ; ; n++ {
		prime := true
		for d := 2; d*d <= n && prime; d++ {
			prime = n%d != 0
		}
		if prime {
			return n
		}
	}
}

// A check compares lines with a pattern and counts them.
type check struct {
	p         *pattern
	at        int   // the line that is expected
	got       int64 // lines
	lost, bad int64 // lines that did not come, lines that are not in the pattern
}

// match takes the right lines at the start of b and returns their length.
func (c *check) match(b []byte) (taken int) {
	for {
		n := min((len(b)-taken)/c.p.unit, c.p.lines-c.at)
		for n > 0 && !bytes.Equal(b[taken:taken+n*c.p.unit], c.p.ring[c.at*c.p.unit:(c.at+n)*c.p.unit]) {
			n /= 2
		}
		if n == 0 {
			return taken
		}
		taken += n * c.p.unit
		c.advance(n)
	}
}

func (c *check) advance(n int) {
	c.got += int64(n)
	c.at = (c.at + n) % c.p.lines
}

// join takes the first line, if it may be any line of the pattern.
func (c *check) join(line []byte) {
	if number, ok := c.p.number(line); ok {
		c.at = number
	}
	c.take(line)
}

// take takes a line that came in another way than match expects, or is another line.
// A line of the pattern that comes too soon shows how many were lost.
func (c *check) take(line []byte) {
	number, ok := c.p.number(line)
	if !ok {
		c.bad++
		c.advance(1)
		return
	}
	c.lost += int64((number - c.at + c.p.lines) % c.p.lines)
	c.at = number
	c.advance(1)
}
