package main

import (
	"bytes"
	"fmt"
	"strconv"
)

// chunk is how much a child writes and a bare reader reads at once.
const chunk = 64 << 10

// digits is the length of the number every line of a pattern begins with.
const digits = 5

// A wrapping puts a line into the form in which it travels.
type wrapping func(to, line []byte) []byte

func asLine(to, line []byte) []byte        { return append(append(to, line...), '\n') }
func asServerFrame(to, line []byte) []byte { return appendServerFrame(to, textFrame, line) }
func asClientFrame(to, line []byte) []byte { return appendClientFrame(to, textFrame, line) }

// A pattern is a cycle of lines, each of which begins with its number. Sender
// and receiver know it beforehand, so that sending costs a write and checking
// every byte costs a comparison of memory.
type pattern struct {
	size  int    // bytes of a line, without what wraps it
	unit  int    // bytes of a line with it
	head  int    // of these, before the line
	lines int    // of a cycle: a prime, so that no round number of lines is lost unseen
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

// makeLine is line i: its number, and a letter that differs from the neighbour's.
func (p *pattern) makeLine(i int) []byte {
	line := bytes.Repeat([]byte{'a' + byte(i%26)}, p.size)
	copy(line, fmt.Sprintf("%0*d", digits, i))
	return line
}

// cycle is the length of a cycle in bytes.
func (p *pattern) cycle() int { return p.unit * p.lines }

// line is line i, of a pattern that is not masked.
func (p *pattern) line(i int) []byte { return p.wrapped(i)[p.head : p.head+p.size] }

// number is which line of the pattern this is, if it is one.
func (p *pattern) number(line []byte) (i int, ok bool) {
	if len(line) != p.size {
		return 0, false
	}
	i, err := strconv.Atoi(string(line[:digits]))
	return i, err == nil && i >= 0 && i < p.lines && bytes.Equal(line, p.line(i))
}

// wrapped is line i as it travels.
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

// A check follows lines of a pattern and counts them.
type check struct {
	p         *pattern
	at        int   // the line that has to come
	got       int64 // lines
	lost, bad int64 // lines that did not come, lines that are none of the pattern
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

// join is for the first line, if that may be any one of the pattern.
func (c *check) join(line []byte) {
	if number, ok := c.p.number(line); ok {
		c.at = number
	}
	c.take(line)
}

// take is for a line that came in another way than match expects, or is another
// line. A line of the pattern that comes too soon says how many were lost.
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
