package cli

import (
	"os/exec"
	"testing"

	"websocketd/test/harness"
)

const buffers = "printed nothing to stdout for 5 s: if its output waits in a buffer, --unbuffer"

// A program that reads and keeps its output to itself gets one line with the cure,
// however many clients have one.
func TestBufferedOutput(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "sh", "-c", "while read x; do :; done")
	a, b := s.Connect(t), s.Connect(t)
	a.Text("x")
	b.Text("x")
	s.Out.Await(t, "| INFO ", "| process ", buffers)
	c := s.Connect(t)
	c.Text("x")
	c.Leave(t)
	a.Leave(t)
	b.Leave(t)
	for range 3 {
		s.Out.Await(t, "DISCONNECT")
	}
	if n := len(s.Out.With(buffers)); n != 1 {
		t.Errorf("%d lines", n)
	}
}

// One that has printed a line without its end is told of that, and one whose words are no
// messages of its framing of nothing.
func TestUnendedOutput(t *testing.T) {
	t.Parallel()
	const unended = "printed something, and no end of line for 5 s"
	line := harness.Start(t, harness.Binary(t), "sh", "-c", "read x; printf 'name: '; read x")
	a := line.Connect(t)
	a.Text("x")
	json := harness.Start(t, harness.Binary(t), "--framing=ndjson", "sh", "-c", "read x; echo hello; read x")
	b := json.Connect(t)
	b.Text("1")
	silent := harness.Start(t, harness.Binary(t), "sh", "-c", "read x; echo hello >&2; read x")
	c := silent.Connect(t)
	c.Text("x")
	line.Out.Await(t, "| INFO ", "| process ", unended)
	silent.Out.Await(t, "| INFO ", "| process ", buffers)
	if json.Out.Await(t, "hello"); json.Out.Has("for 5 s") || line.Out.Has(buffers) {
		t.Error("it is said to keep what it has printed")
	}
}

// unbuffered is what a program sees of --unbuffer.
func unbuffered(t *testing.T, o harness.Options) string {
	env := with(o, "/usr/bin/env").Start(t).Environment(t, harness.Handshake("/"))
	if env["PYTHONUNBUFFERED"] == "" {
		return "as it is"
	}
	if _, err := exec.LookPath("stdbuf"); err == nil && (env["LD_PRELOAD"] == "" || env["_STDBUF_O"] != "L") {
		return "Python's only"
	}
	return "unbuffered"
}

// With --unbuffer a program of the C library writes each line at once.
func TestUnbuffer(t *testing.T) {
	t.Parallel()
	harness.Need(t, "stdbuf")
	s := harness.Start(t, harness.Binary(t), "--unbuffer", "tr", "a-z", "A-Z")
	c := s.Connect(t)
	c.Text("hello")
	c.Expect(t, "HELLO")
}
