package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// lengths are on both sides of every form of a length, and of the buffer.
var lengths = []int{0, 1, 125, 126, 127, 4095, 4096, 65535, 65536, 300000}

func TestFrames(t *testing.T) {
	t.Parallel()
	var wire []byte
	for _, n := range lengths {
		wire = appendServerFrame(wire, textFrame, []byte(strings.Repeat("x", n)))
	}
	for name, source := range map[string]io.Reader{
		"whole":        bytes.NewReader(wire),
		"in halves":    iotest.HalfReader(bytes.NewReader(wire)),
		"byte by byte": iotest.OneByteReader(bytes.NewReader(wire)),
	} {
		r := newReader(source, smallBuffer)
		for _, n := range lengths {
			first, payload, err := r.frame()
			if err != nil || first != textFrame || len(payload) != n {
				t.Fatalf("%s: %#x, %d bytes, not %d, %v", name, first, len(payload), n, err)
			}
		}
		if _, _, err := r.frame(); err != io.EOF {
			t.Errorf("%s: at the end %v", name, err)
		}
	}
}

func TestBadFrames(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string][]byte{
		"masked":   appendClientFrame(nil, textFrame, []byte("x")),
		"reserved": {0xc1, 0x00},
		"huge":     {textFrame, 127, 0xff, 0, 0, 0, 0, 0, 0, 0},
	} {
		if _, _, err := newReader(bytes.NewReader(wire), smallBuffer).frame(); !errors.Is(err, errBadFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
	cut := appendServerFrame(nil, textFrame, []byte("hello"))[:4]
	if _, _, err := newReader(bytes.NewReader(cut), smallBuffer).frame(); err != io.EOF {
		t.Errorf("a frame that was cut: %v", err)
	}
}

func TestClientFrame(t *testing.T) {
	t.Parallel()
	frame := appendClientFrame(nil, textFrame, []byte("hello"))
	if frame[0] != textFrame || frame[1] != masked|5 {
		t.Fatalf("head %x", frame[:2])
	}
	for i := range 5 {
		frame[6+i] ^= frame[2+i%4]
	}
	if string(frame[6:]) != "hello" {
		t.Errorf("%q", frame[6:])
	}
}

// endless returns the same bytes forever.
type endless struct {
	data []byte
	at   int
}

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.data[e.at:])
	e.at = (e.at + n) % len(e.data)
	return n, nil
}

func TestReaderDoesNotAllocate(t *testing.T) {
	p := newPattern(100, asServerFrame)
	source := &endless{data: p.ring[:p.cycle()]}
	frames, stream := newReader(source, floodBuffer), newReader(&endless{data: source.data}, floodBuffer)
	c := &check{p: p}
	if n := testing.AllocsPerRun(1000, func() { frames.frame() }); n != 0 {
		t.Errorf("a frame costs %v allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() {
		stream.fill()
		stream.skip(c.match(stream.pending()))
	}); n != 0 {
		t.Errorf("a piece of a stream costs %v allocations", n)
	}
	if c.got == 0 || c.lost+c.bad != 0 {
		t.Errorf("%d lines, %d lost, %d wrong", c.got, c.lost, c.bad)
	}
}
